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

bool shell::begin_anew() {
  try {
    return is_alive() && recover();
  } catch (...) {
    tell(std::current_exception(), "recover");
    return false;
  }
}

void shell::go_on() {
  is_ &= ~held;
  take_up_work();
  end_if_quit();
}

/// In order, it ends behind the mail that it has.
void shell::end(bool at_once) {
  if (!at_once) {
    is_ &= ~held; // Else it would not hear of it.
    quit_by_mail();
    return take_up_work();
  }
  crashed_ = true;
  quit_after(trouble_ ? trouble_->last : std::string{});
  is_ &= ~held;
  if (is(at_work))
    return;
  end_if_quit();
  take_up_work(); // Its last schedule.
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
  if (by_)
    by_->born(*this);
}

// -- work ---------------------------------------------------------------------

invoke_message_result shell::consume_safely(std::uint64_t own_id,
                                            caf::mailbox_element& what) {
  if (is(held)) { // In the midst of its mail.
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
  if (span < home_.patient.handler)
    return;
  counted().of_kind(kind()).slow_messages.add();
  if (!home_.slow_told().opens(home_.now()))
    return;
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
  log::emit(events::actor_slow, {{"message", name_of(type)},
                                 {"took_ms", static_cast<std::uint64_t>(ms)}});
}

void shell::tell_depth(const mailbox_gauge& box) {
  auto depth = box.depth();
  if (depth > 0)
    counted().of_kind(kind()).mailbox.note(depth, home_.now());
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
  is_ |= contained_some;
}

void shell::threw(const std::exception_ptr& thrown, std::string_view at) {
  tell(thrown, at);
  decide();
  if (!is(at_work)) {
    take_up_work();
    end_if_quit();
  }
}

void shell::done_in_trouble() {
  if (is(contained_some))
    decide();
  take_up_work();
}

// -- crashes ------------------------------------------------------------------

shell::trouble& shell::trouble_of() {
  if (!trouble_) {
    trouble_ = std::make_unique<trouble>();
    is_ |= troubled;
  }
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
  counted().of_kind(kind()).crashes.add();
  log::speaking as{*this};
  log::emit(events::actor_crashed, {{"message", at}, {"reason", last}});
  tell_flight(*this, home_.flight());
}

/// It may be rebuilt by then, or held, or about to end.
void shell::decide() {
  is_ &= ~contained_some;
  is_ += once_at_work;
  if (auto by = by_) // Kept while it decides, also that this one ends.
    by->crashed(*this, trouble_->last);
  else
    end(true);
  is_ -= once_at_work;
}

/// What crashed it, and what came while it was held, goes before what waits in
/// its mailbox.
void shell::take_up_work() {
  if (is(at_work) || !is(troubled | has_mail))
    return;
  go_on_in_trouble();
  if (is(held))
    return;
  if (is(has_mail)) {
    is_ &= ~has_mail;
    run_soon();
  }
  if (is_alive() && trouble_ && !trouble_->message) {
    trouble_.reset();
    is_ &= ~troubled;
  }
}

void shell::go_on_in_trouble() {
  is_ += once_at_work; // Nobody else begins meanwhile.
  while (trouble_ && !is(held) && is_alive()) {
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
  is_ -= once_at_work;
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
    is_ |= contained_some;
  }
  if (is(contained_some))
    decide();
}

} // namespace greenroom::actors
