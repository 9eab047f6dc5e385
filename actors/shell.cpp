#include "actors/shell.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <utility>

#include "core/events.hpp"

namespace greenroom::actors {

namespace {

using caf::invoke_message_result;

/// So much of what a crashed actor did before is told.
constexpr std::size_t flight_entries_max = 16;

caf::mailbox_element_ptr element_of(caf::message what) {
  return caf::make_mailbox_element(nullptr, caf::make_message_id(), {},
                                   std::move(what));
}

void tell_flight(const supervised& who, const flight_recorder& before) {
  auto now = tick_clock::now();
  std::uint64_t entry = 0;
  before.tell(who.id(), flight_entries_max, [&](const auto& each) {
    auto age = std::chrono::duration_cast<std::chrono::microseconds>(
        tick_clock::span_of(now - each.when));
    log::emit(events::actor_flight,
              {{"entry", ++entry},
               {"age_us", static_cast<std::uint64_t>(age.count())},
               {"what", name_of(each.what)}});
  });
}

} // namespace

std::string text_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "unknown exception";
  }
}

std::string name_of(const std::type_info* message) {
  if (message == nullptr)
    return "system message";
  int failed = 0;
  std::unique_ptr<char, decltype(&std::free)> whole{
      abi::__cxa_demangle(message->name(), nullptr, nullptr, &failed),
      &std::free};
  std::string name = failed == 0 ? whole.get() : message->name();
  auto place = name.rfind(':');
  return place == std::string::npos ? name : name.substr(place + 1);
}

shell& shell_of(caf::local_actor& self) {
  return dynamic_cast<shell&>(self);
}

// -- as a child of its supervisor ---------------------------------------------

bool shell::rebuild() {
  try {
    if (!is_alive() || !recover())
      return false;
  } catch (...) {
    tell(std::current_exception(), "recover");
    return false;
  }
  held_ = false;
  go_on();
  end_if_quit();
  return true;
}

/// In order, it ends behind the mail that it has.
void shell::end(bool at_once) {
  if (!at_once) {
    held_ = false; // Else it would not hear of it.
    quit_by_mail();
    return go_on();
  }
  crashed_ = true;
  quit_after(trouble_ ? trouble_->last : std::string{});
  held_ = false;
  if (at_work_ > 0)
    return;
  end_if_quit();
  go_on(); // Its last schedule.
}

void shell::tell_end(std::string_view reason) {
  auto lived = std::chrono::duration_cast<std::chrono::milliseconds>(home_.now()
                                                                     - born_);
  log::speaking as{*this};
  log::emit(events::actor_exited,
            {{"reason", reason},
             {"lived_ms", static_cast<std::uint64_t>(lived.count())}});
  if (auto by = std::exchange(by_, nullptr))
    by->ended(*this, crashed_);
}

void shell::tell_birth() {
  born_ = home_.now();
  log::speaking as{*this};
  log::emit(events::actor_spawned, {});
}

// -- work ---------------------------------------------------------------------

invoke_message_result shell::consume_safely(std::uint64_t own_id,
                                            caf::mailbox_element& what) {
  if (held_) { // In the midst of its mail.
    trouble_of().held_back.push_back(what.move_content_to_message());
    return invoke_message_result::consumed;
  }
  const auto* type =
      what.content().size() > 0 ? what.content().type(0).second : nullptr;
  auto how = invoke_message_result::consumed;
  work_safely(
      own_id, type, [&] { how = handle(what); },
      [&] { return what.copy_content_to_message(); });
  return how;
}

void shell::tell_slow(tick_clock::ticks took, const std::type_info* type) {
  auto span = tick_clock::span_of(took);
  if (span < home_.patient.handler || !home_.slow_told().opens(home_.now()))
    return;
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
  log::emit(events::actor_slow, {{"message", name_of(type)},
                                 {"took_ms", static_cast<std::uint64_t>(ms)}});
}

void shell::tell_depth(const mailbox_gauge& box) {
  auto depth = box.depth();
  if (!is_deep_ && depth > home_.patient.mailbox) {
    is_deep_ = true;
    log::speaking as{*this};
    log::emit(events::mailbox_deep,
              {{"depth", depth},
               {"age_ms", static_cast<std::uint64_t>(box.age().count())}});
  } else if (is_deep_ && depth < home_.patient.mailbox / 2) {
    is_deep_ = false;
    log::speaking as{*this};
    log::emit(events::mailbox_drained, {});
  }
}

void shell::contained(const std::exception_ptr& thrown, std::string_view at) {
  tell(thrown, at);
  contained_ = true;
}

void shell::threw(const std::exception_ptr& thrown, std::string_view at) {
  tell(thrown, at);
  decide();
  if (at_work_ == 0) {
    go_on();
    end_if_quit();
  }
}

void shell::done_in_trouble() {
  if (contained_)
    decide();
  go_on();
}

// -- crashes ------------------------------------------------------------------

shell::trouble& shell::trouble_of() {
  if (!trouble_)
    trouble_ = std::make_unique<trouble>();
  return *trouble_;
}

void shell::on_crash(std::string_view message,
                     const std::function<caf::message()>& copy) {
  tell(std::current_exception(), message);
  if (can_refuse())
    try {
      trouble_->message = suspect{copy(), false};
    } catch (...) { // Then it is lost.
    }
  decide();
}

void shell::tell(const std::exception_ptr& thrown, std::string_view at) {
  auto& last = trouble_of().last = text_of(thrown);
  log::speaking as{*this};
  log::emit(events::actor_crashed, {{"message", at}, {"reason", last}});
  tell_flight(*this, home_.flight());
}

/// It may be rebuilt by then, or held, or about to end.
void shell::decide() {
  contained_ = false;
  ++at_work_;
  if (auto by = by_) // Kept while it decides, also that this one ends.
    by->crashed(*this, trouble_->last);
  else
    end(true);
  --at_work_;
}

/// What crashed it, and what came while it was held, goes before what waits in
/// its mailbox.
void shell::go_on() {
  if (at_work_ > 0 || (!trouble_ && !has_mail_))
    return;
  go_on_in_trouble();
  if (!held_ && std::exchange(has_mail_, false))
    run_soon();
  if (!held_ && is_alive() && trouble_ && !trouble_->message)
    trouble_.reset();
}

void shell::go_on_in_trouble() {
  ++at_work_; // Nobody else begins meanwhile.
  while (trouble_ && !held_ && is_alive()) {
    if (trouble_->message) {
      deal_with_suspect();
    } else if (!trouble_->held_back.empty()) {
      auto next = std::move(trouble_->held_back.front());
      trouble_->held_back.pop_front();
      consume_safely(id(), *element_of(std::move(next)));
    } else {
      break;
    }
  }
  --at_work_;
}

/// Handles again what crashed it once, refuses what crashed it twice, and drops
/// what it cannot even refuse.
void shell::deal_with_suspect() {
  auto one = *std::exchange(trouble_->message, std::nullopt);
  try {
    if (one.twice)
      refuse(one.what, trouble_->last);
    else
      handle(*element_of(one.what));
  } catch (...) {
    tell(std::current_exception(), "once more");
    if (!std::exchange(one.twice, true))
      trouble_->message = std::move(one);
    contained_ = true;
  }
  if (contained_)
    decide();
}

} // namespace greenroom::actors
