// What is said in a room, here or on a peer: its order, its acks, and what
// members see of it.
#include <array>
#include <utility>

#include <caf/send.hpp>

#include "actors/lane_kind.hpp"
#include "actors/room.hpp"
#include "actors/shell.hpp"
#include "core/fault_point.hpp"
#include "core/message_key.hpp"

namespace greenroom::actors {

namespace {

/// When a publisher whose message could not be accepted may try again.
constexpr std::int64_t retry_after = 1'000;

} // namespace

// -- what is said -------------------------------------------------------------

bool room::take_at_once(publish& msg) {
  on_publish(msg);
  return true;
}

void room::on_publish(const publish& msg) {
  const auto* by = members_.find(msg.who);
  if (by == nullptr)
    return; // It left, or its connection is gone.
  fault_point("room.publish",
              [&] { return std::string_view{bytes_of(*msg.what)}; });
  if (!key_.is_own())
    home_.said_in(key_.id, busiest_at_);
  std::visit([&](const auto& what) { say(msg, *by, what); }, *msg.what);
}

/// Its log has given the message its place; its latency is measured.
void room::sequenced(const publish& msg) {
  msg.watch.reached(message_stage::sequenced);
  if (is_shared_)
    return; // Members and peers hear it when the log tells it.
  if (context_->cluster && !key_.is_own())
    to_mirror_watches_.push_back(msg.watch);
  out_.measure(msg.watch);
}

void room::say(const publish& msg, const newcomer& by, const posted&) {
  append(msg, by);
}

void room::append(const publish& msg, const newcomer& by) {
  auto how = log_->append({msg.what, by.about.connection_id, msg.id,
                           home_.wall_now(), std::nullopt});
  if (how)
    accepted(msg, by.connection, &by, *how);
  else
    unanswered_.push_back({msg, by.connection});
}

/// The log has answered; `by` is null where who said it has left since.
void room::accepted(const publish& msg, const connection_actor& from,
                    const newcomer* by, const appended& how) {
  if (how.is == appended::verdict::unavailable)
    return refuse(msg, from);
  bool duplicate = how.is == appended::verdict::duplicate;
  if (msg.watch && !duplicate)
    sequenced(msg);
  // An ack says that it was handed to the bus [P-3.3].
  if (!duplicate && !is_shared_)
    mirror_out(msg.what);
  // Also one that its node had to ask for twice.
  if (is_shared_ && by != nullptr && how.offset > shown_top_)
    said_here_.emplace(how.offset, said_here{msg.who, msg.watch});
  // Before the room hears it: an own offset that a client learns late would
  // look like a gap [P-4.1].
  if (msg.credit != allowance::none || protocol::is_set(msg.id))
    acknowledge(msg, from, by, how);
  if (!duplicate && !is_shared_)
    show(std::get<posted>(*msg.what), how.offset, by);
}

/// It is in the log: whatever comes of this, it is shown, and not said again.
/// What cannot be told on the short way is told on the other.
void room::acknowledge(const publish& msg, const connection_actor& from,
                       const newcomer* by, const appended& how) {
  auto answer = [&] {
    protocol::ack what;
    what.at = {shown_epoch_, how.offset};
    what.duplicate = how.is == appended::verdict::duplicate;
    return what;
  };
  bool is_told = false;
  contain(*self_, "ack", [&] {
    fault_point("room.ack",
                [&] { return std::string_view{bytes_of(*msg.what)}; });
    if (by != nullptr)
      done(msg, *by, answer());
    else
      done(msg, from, answer());
    is_told = true;
  });
  if (!is_told) [[unlikely]]
    contain(*self_, "ack", [&] { done(msg, from, answer()); });
}

void room::refuse(const publish& msg, const connection_actor& from) {
  protocol::error why{protocol::error_code::unavailable,
                      "the message cannot be kept now", msg.id, key_.id,
                      retry_after};
  self_->send(from, request_refused{std::move(why), key_, 0, msg.credit});
}

void room::say(const publish& msg, const newcomer& by, const directed& what) {
  protocol::ack answer;
  auto key = message_key(by.about.connection_id, msg.id);
  auto before = directed_.find(key, home_.wall_now());
  answer.duplicate = before.has_value();
  answer.delivered = before ? *before : show(what, &by);
  if (!before) {
    directed_.remember(std::move(key), *answer.delivered, home_.wall_now());
    if (msg.watch && context_->cluster)
      to_mirror_watches_.push_back(msg.watch);
    mirror_out(msg.what);
  }
  done(msg, by, std::move(answer));
}

void room::say(const publish& msg, const newcomer& by,
               const typing_event& what) {
  show(what, &by);
  done(msg, by, {});
  mirror_out(msg.what);
}

void room::say(const publish& msg, const newcomer& by, const relayed& what) {
  auto offset = offset_of_passing(msg.what);
  if (msg.watch)
    sequenced(msg);
  contain(*self_, "relay", [&] {
    done(msg, by, {});
    show(what, offset, &by);
  });
  mirror_out(msg.what);
}

/// For what was accepted elsewhere, or by nobody: such rooms have their logs in
/// memory, which answers at once and never refuses.
std::uint64_t room::offset_of_passing(const room_event_ptr& what) {
  return log_->append({what, {}, {}, home_.wall_now(), std::nullopt})
      .value()
      .offset;
}

/// With what the room says, so that an ack comes before all that has a larger
/// offset [P-4.14].
void room::done(const publish& msg, const newcomer& by, protocol::ack what) {
  if (protocol::is_set(msg.id)) {
    what.id = msg.id;
    what.room_id = key_.id;
    what.degraded = degraded() && !is_shared_;
    // On another loop it could be sent before this turn settles.
    if (by.loop != home_.index())
      mirror_now();
    out_.acknowledge(by, make_frame(by.lane.kind, what));
  }
  if (msg.credit != allowance::none)
    self_->send(by.connection, request_done{{}, msg.credit});
}

void room::done(const publish& msg, const connection_actor& from,
                protocol::ack what) {
  if (msg.credit == allowance::none && !protocol::is_set(msg.id))
    return;
  what.id = msg.id;
  what.room_id = key_.id;
  what.degraded = degraded() && !is_shared_;
  self_->send(from, request_done{std::move(what), msg.credit});
}

void room::on_mirrored(const mirrored& msg) {
  for (const auto& each : msg.what)
    contain(*self_, "mirrored", [&] { on_mirrored(each); });
}

void room::on_mirrored(const room_event_ptr& what) {
  if (const auto* message = std::get_if<posted>(what.get())) {
    if (!is_shared_) // From a node that is set up otherwise.
      show_passing(*message, what);
  } else if (const auto* raw = std::get_if<relayed>(what.get()))
    show(*raw, offset_of_passing(what), nullptr);
  else if (const auto* some = std::get_if<directed>(what.get()))
    show_passing(*some);
  else if (const auto* typing = std::get_if<typing_event>(what.get()))
    show(*typing, nullptr);
}

/// Its client may have sent it to two nodes, where it was not sure of the one:
/// what was here under its id is not shown again.
void room::show_passing(const posted& what, const room_event_ptr& event) {
  auto [session, id] = parts_of(what.key);
  auto how = log_->append({event, session, id, home_.wall_now(), std::nullopt})
                 .value();
  if (how.is != appended::verdict::accepted)
    return;
  if (what.trace)
    out_.measure(heard(what));
  show(what, how.offset, nullptr);
}

/// A message of a peer whose way is told. By the clocks of both, it is so old.
message_watch room::heard(const posted& what) const {
  return message_watch::heard(what.trace, key_.id,
                              milliseconds{home_.wall_now() - what.stamped});
}

void room::show_passing(const directed& what) {
  const auto& key = what.what.key;
  auto now = home_.wall_now();
  if (directed_.find(key, now))
    return;
  if (what.what.trace)
    (void)heard(what.what); // It has no place in a lane.
  directed_.remember(key, show(what, nullptr), now);
}

/// All of a turn together, with the advances: before any ack of it leaves this
/// loop.
void room::mirror_out(const room_event_ptr& what) {
  if (!context_->cluster || key_.is_own())
    return;
  to_mirror_.push_back(what);
  home_.settle().add(mirror_later_);
}

void room::mirror_now() {
  // Also from the destructor, when the actor itself sends no more.
  if (!to_mirror_.empty())
    caf::anon_send(context_->cluster,
                   mirror{key_, std::exchange(to_mirror_, {}),
                          std::exchange(to_mirror_watches_, {})});
}

// -- what members see ---------------------------------------------------------

protocol::room_message
room::as_seen(const posted& what, std::optional<std::uint64_t> offset) const {
  return {key_.id,
          what.user_id,
          &what.body,
          what.event,
          what.timestamp.empty() ? nullptr : &what.timestamp,
          what.stamped,
          offset};
}

void room::show(const posted& what, std::uint64_t offset, const newcomer* by) {
  shown_top_ = offset;
  trim_later();
  try {
    show_once(what, offset, by);
  } catch (...) {
    show_again(what, offset, by);
  }
}

void room::show_once(const posted& what, std::uint64_t offset,
                     const newcomer* by) {
  fault_point("room.show",
              [&] { return std::string_view{what.body.said.bytes}; });
  broadcast(as_seen(what, offset), offset, by);
}

void room::show(const relayed& what, std::uint64_t offset, const newcomer* by) {
  static constexpr std::array raw{lane_kind::raw};
  out_.append(members_, raw,
              what.is_text ? ws::opcode::text : ws::opcode::binary, what.bytes,
              offset, by);
}

/// Gives the number of connections on this node that get it.
std::uint64_t room::show(const directed& what, const newcomer* by) {
  auto chosen = members_.named(what.to, by ? by->id : 0);
  out_.hand_to(members_, chosen, as_seen(what.what, std::nullopt));
  return chosen.size();
}

void room::show(const typing_event& what, const newcomer* by) {
  if (what.is_typing) {
    auto renamed =
        typing_.start({what.connection_id, what.user_id, by ? by->id : 0,
                       home_.now() + rules_.typing_timeout});
    if (renamed)
      show_stopped(renamed->user_id, by);
    set_timer();
    show_typing(what.user_id, true, by);
    return;
  }
  auto typed = typing_.stop(what.connection_id);
  show_stopped(typed ? typed->user_id : what.user_id, by);
}

void room::show_stopped(const std::string& user_id, const newcomer* by) {
  if (!typing_.types(user_id)) // Not in another tab.
    show_typing(user_id, false, by);
}

void room::show_typing(const std::string& user_id, bool is_typing,
                       const newcomer* by) {
  broadcast(protocol::typing_changed{key_.id, user_id, is_typing}, 0, by);
}

} // namespace greenroom::actors
