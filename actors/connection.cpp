#include "actors/connection.hpp"

#include <algorithm>
#include <utility>

#include "actors/lane_kind.hpp"
#include "actors/pinned.hpp"
#include "actors/placement.hpp"
#include "core/events.hpp"
#include "core/fault_point.hpp"
#include "core/message_key.hpp"
#include "core/protocol/codec.hpp"
#include "core/session.hpp"

namespace greenroom::actors {

namespace {

using protocol::close_code;
using protocol::error_code;
using protocol::request_id;

/// After so many publishes or changes of state a room is asked to confirm, and
/// with so many unconfirmed the client's next messages wait: a busy room slows
/// its publishers down instead of growing its mailbox.
constexpr std::uint32_t credit_every = 16;
constexpr std::uint32_t unconfirmed_max = 256;

/// A room that does not answer a join in this time is refused, and when its
/// client may try again.
constexpr milliseconds join_timeout{5'000};
constexpr milliseconds join_retry_after{1'000};

/// When who says something in a room that has too much to do may try again, and
/// how long its raw clients are not read.
constexpr milliseconds busy_retry_after{1'000};
constexpr milliseconds flooded_pause{50};

/// What a request costs beside the one that each does, by what it may bring: up
/// to 1,000 messages [P-7.1].
constexpr std::uint32_t cost_of_since = 4;

/// Whether a client that is closed so comes back with its session [P-5.3].
bool may_resume(close_code code) {
  switch (code) {
  case close_code::going_away:
  case close_code::drained:
  case close_code::try_later:
  case close_code::internal_error:
  case close_code::too_slow:
  case close_code::resumed_elsewhere: // Not all rooms may be there yet.
    return true;
  default:
    return false;
  }
}

/// Whether a client that closes so is done with its rooms. A page that is left
/// or reloaded closes with 1001.
bool is_goodbye(std::uint16_t code) {
  return code == static_cast<std::uint16_t>(close_code::normal)
         || code == protocol::no_close_code;
}

std::string_view to_string(protocol::encoding encoding) {
  return encoding == protocol::encoding::json ? "json" : "msgpack";
}

/// Null: its way is not told.
const message_trace_ptr* trace_of(const room_event& what) {
  const auto* message = std::get_if<posted>(&what);
  if (message == nullptr)
    if (const auto* some = std::get_if<directed>(&what))
      message = &some->what;
  return message != nullptr && message->trace ? &message->trace : nullptr;
}

} // namespace

connection::connection(handle::pointer self, loop& home, context_ptr context,
                       std::shared_ptr<wire> client, client_hello hello)
  : self_(self),
    home_(home),
    context_(std::move(context)),
    wire_(std::move(client)),
    out_(wire_->out()),
    hello_(std::move(hello)),
    session_(new_session()),
    connection_id_(names_of(session_).connection_id),
    pace_(context_->config.limits.messages_per_second,
          context_->config.limits.messages_burst),
    violations_(context_->config.limits.violations,
                context_->config.limits.violations_window),
    born_(home.now()),
    next_ping_(home.now() + context_->config.heartbeat.interval) {
  counted().opened.add();
  log::emit(events::connection_opened,
            {{"connection", connection_id_},
             {"peer", hello_.peer},
             {"path", hello_.space == room_space::relay ? "/relay" : "/ws"},
             {"encoding", hello_.space == room_space::relay
                              ? std::string_view{"raw"}
                              : to_string(hello_.encoding)},
             {"deflate", hello_.deflate.agreed()},
             {"loop", home_.index()}});
}

bool connection::under_way::is_full() const {
  return unconfirmed >= unconfirmed_max;
}

/// True: the room is to confirm.
bool connection::under_way::add() {
  ++unconfirmed;
  if (++since_credit < credit_every)
    return false;
  since_credit = 0;
  return true;
}

void connection::under_way::confirm() {
  unconfirmed -= std::min(unconfirmed, credit_every);
}

connection::~connection() {
  unplace(*context_, hello_, home_.index());
  if (!end_counted_)
    count_end(static_cast<std::uint16_t>(close_code::internal_error));
  // However the actor ends, its client is not left hanging.
  if (phase_ != phase::closing)
    wire_->close(close_code::internal_error,
                 reason(close_code::internal_error));
}

void connection::count_end(std::uint16_t code) {
  end_counted_ = true;
  auto& counts = counted();
  counts.closed[static_cast<std::size_t>(class_of(code))].add();
  if (code == static_cast<std::uint16_t>(close_code::too_big))
    counts.of(reached_limit::message_bytes).add();
  if (code == static_cast<std::uint16_t>(close_code::too_slow))
    counts.of(reached_limit::unsent_bytes).add();
}

connection::handle::behavior_type connection::make_behavior() {
  begin();
  return {
      [this](inbound& msg) { on_inbound(std::move(msg)); },
      [this](const socket_closed& msg) { on_closed(msg); },
      [this](deadline_reached) { on_deadline(); },
      [this](const drain& msg) { on_drain(msg); },
      [this](displaced) { close(close_code::resumed_elsewhere); },
      [this](const room_entered& msg) { on_entered(msg); },
      [this](const room_exited& msg) { on_exited(msg); },
      [this](const request_done& msg) { on_done(msg); },
      [this](const request_refused& msg) { on_refused(msg); },
  };
}

void connection::failed(std::string_view why) {
  log::emit(events::connection_failed,
            {{"connection", connection_id_}, {"reason", why}});
}

// -- what the client says -----------------------------------------------------

void connection::on_inbound(inbound msg) {
  if (phase_ == phase::closing)
    return;
  backlog_.push_back(std::move(msg));
  work_off();
}

bool connection::take_at_once(inbound_view& msg) {
  if (phase_ == phase::closing)
    return true;
  if (!backlog_.empty() || stalled())
    return false;
  take(msg);
  return true;
}

bool connection::stalled() const {
  return joining_ > 0 || asked_ != nullptr || logged_.is_full()
         || passing_.is_full() || throttled_until_;
}

void connection::work_off() {
  if (std::exchange(working_off_, true))
    return;
  while (!backlog_.empty() && !stalled() && phase_ != phase::closing) {
    auto next = std::move(backlog_.front());
    backlog_.pop_front();
    waited_since_ = next.read_at;
    take({next.bytes, next.is_text});
    waited_since_ = {};
    wire_->handled(1, next.bytes.size());
  }
  working_off_ = false;
}

void connection::take(inbound_view msg) {
  ++messages_;
  if (phase_ == phase::awaiting_auth)
    on_first_message(msg);
  else if (hello_.space == room_space::relay)
    handle_relay(msg);
  else
    handle_request(msg);
}

void connection::handle_relay(inbound_view msg) {
  auto at = rooms_.begin();
  if (at == rooms_.end())
    return; // It closes: its room is gone.
  if (!at->second.may.send) {
    close(close_code::forbidden);
    return;
  }
  counted().requests[raw_frame].add();
  send_publish(at->first, at->second,
               relayed{msg.is_text, std::string{msg.bytes}}, {});
  // Raw frames know no refusal: over its rate, a client is read more slowly.
  if (!pace_.take(home_.now())) {
    throttled_until_ = home_.now() + pace_.wait(home_.now());
    set_timer();
  } else if (is_flooded(at->second)) {
    throttled_until_ = home_.now() + flooded_pause;
    set_timer();
  }
}

/// JSON comes in text frames, MessagePack in binary ones [P-1.1]; on `/relay` a
/// token comes as text.
bool connection::is_right_kind(inbound_view msg) const {
  return msg.is_text == (hello_.encoding == protocol::encoding::json);
}

void connection::handle_request(inbound_view msg) {
  if (!is_right_kind(msg)) {
    counted().bad_requests.add();
    refuse(error_code::bad_json,
           hello_.encoding == protocol::encoding::json
               ? "this dialect uses text frames"
               : "this dialect uses binary frames",
           {});
    count_violation("frame kind");
    return;
  }
  auto said = protocol::decode(hello_.encoding, msg.bytes,
                               {context_->config.limits.message_depth,
                                context_->config.limits.recipients,
                                context_->config.limits.rooms_per_connection});
  if (!said) {
    counted().bad_requests.add();
    auto why = std::move(said).error();
    if (within_rate(why.id, why.room_id))
      refuse(why.code, std::move(why.text), why.id, why.room_id);
    return;
  }
  counted().requests[said->what.index()].add();
  if (!within_rate(said->id, {}))
    return;
  std::visit([&](auto& what) { on_client(what, said->id); }, said->what);
}

void connection::on_client(protocol::set_state& said, const request_id& id) {
  auto* in = joined_room(said.room_id, id);
  if (in == nullptr)
    return;
  if (!in->may.set_state) {
    refuse(error_code::forbidden, "no right to set this room's state", id,
           said.room_id);
    return;
  }
  if (is_busy(*in, id, said.room_id))
    return;
  auto credit = passing_.add() ? allowance::passing : allowance::none;
  self_->send(in->room.handle(),
              change_state{self_->id(), id, std::move(said), credit});
}

void connection::on_client(protocol::read_history& said, const request_id& id) {
  auto* in = joined_room(said.room_id, id);
  if (in == nullptr || !within_rate_of(said.limit, id, said.room_id))
    return;
  asked_ = in;
  self_->send(in->room.handle(), read_log{self_->id(), id, std::move(said)});
}

void connection::on_client(const protocol::auth& said, const request_id& id) {
  refresh(said, id);
}

void connection::on_client(protocol::join_room& said, const request_id& id) {
  fault_point("connection.join",
              [&] { return std::string_view{said.room_id}; });
  if (!claim_user_id(said.user_id, said.room_id, id))
    return;
  if (!rights_in(said.room_id).receive) {
    refuse(error_code::forbidden, "no right to receive from this room", id,
           said.room_id);
    return;
  }
  if (!rooms_.contains(said.room_id)
      && rooms_.size() >= context_->config.limits.rooms_per_connection) {
    refuse(error_code::too_large,
           "the connection is in as many rooms as it may be", id, said.room_id);
    return;
  }
  if (!within_rate_of(std::min(said.history, protocol::history_messages_max),
                      id, said.room_id))
    return;
  auto further = (said.since ? cost_of_since : 0)
                 + (rooms_.contains(said.room_id) ? cost_of_list : 0);
  if (within_rate_for(further, id, said.room_id))
    send_join(said.room_id, id, std::move(said.since), said.history);
}

void connection::on_client(protocol::leave_room& said, const request_id& id) {
  if (auto* in = joined_room(said.room_id, id)) {
    self_->send(in->room.handle(), leave{self_->id(), id, {}, false});
    rooms_.erase(said.room_id);
  }
}

void connection::on_client(protocol::message& said, const request_id& id) {
  auto* in = joined_room(said.room_id, id);
  if (in == nullptr)
    return;
  if (!in->may.send) {
    refuse(error_code::forbidden, "no right to send to this room", id,
           said.room_id);
    return;
  }
  if (is_busy(*in, id, said.room_id))
    return;
  posted what{who_.user_id(), std::move(said.body), std::move(said.event),
              std::move(said.timestamp), home_.wall_now()};
  if (context_->cluster && protocol::is_set(id))
    what.key = message_key(connection_id_, id);
  if (!said.traceparent.empty()) [[unlikely]]
    what.trace = sampled_trace(said.traceparent);
  if (said.directed)
    send_publish(said.room_id, *in,
                 directed{std::move(what), std::move(said.to)}, id);
  else
    send_publish(said.room_id, *in, std::move(what), id);
}

void connection::on_client(protocol::typing& said, const request_id& id) {
  auto* in = joined_room(said.room_id, id);
  if (in == nullptr || !claim_user_id(said.user_id, said.room_id, id))
    return;
  if (!in->may.send) {
    refuse(error_code::forbidden, "no right to send to this room", id,
           said.room_id);
    return;
  }
  if (is_flooded(*in))
    return; // It is only worth something now.
  // Has no reply [P-3], so its `id` goes no further.
  send_publish(said.room_id, *in,
               typing_event{connection_id_, who_.user_id(), said.is_typing},
               {});
}

void connection::on_client(protocol::list_presence& said,
                           const request_id& id) {
  auto* in = joined_room(said.room_id, id);
  if (in == nullptr)
    return;
  if (!in->may.presence) {
    refuse(error_code::forbidden, "no right to see who is here", id,
           said.room_id);
    return;
  }
  if (!within_rate_for(cost_of_list, id, said.room_id))
    return;
  asked_ = in;
  self_->send(in->room.handle(),
              list_members{self_->id(), id, said.by, allowance::question});
}

void connection::on_client(const protocol::ping&, const request_id& id) {
  reply(protocol::pong{id});
}

// -- rooms --------------------------------------------------------------------

void connection::send_join(const std::string& room_id, const request_id& id,
                           std::optional<protocol::log_position> since,
                           std::uint32_t history) {
  room_key key{hello_.space, room_id};
  auto may = rights_in(room_id);
  auto& in = rooms_[room_id];
  in.may = may;
  if (in.asked_at)
    return; // The URL names the room twice.
  in.asked_at = home_.now();
  in.asked = id;
  in.join = ++joins_;
  ++joining_;
  newcomer who;
  who.id = self_->id();
  who.connection = connection_actor{self_};
  who.out = out_;
  who.loop = home_.index();
  who.lane = {hello_.space == room_space::relay
                  ? lane_kind::raw
                  : lane_of(hello_.encoding, may.presence),
              lane_window(hello_.deflate.server_bits)};
  who.about = {connection_id_, who_.user_id(), who_.info_json()};
  who.sees_presence = may.presence;
  who.join = in.join;
  // Before the key goes: arguments are evaluated in any order.
  const auto& keeper = context_->keeper_of(key);
  keeper.tell_from(home_,
                   join{std::move(key), std::move(who), id, std::move(since),
                        history, resuming_ ? resuming_->budget : nullptr});
  set_timer();
}

void connection::send_publish(const std::string& room_id, const membership& in,
                              room_event what, const request_id& id) {
  bool is_logged = std::holds_alternative<posted>(what);
  auto credit = allowance::none;
  if ((is_logged ? logged_ : passing_).add())
    credit = is_logged ? allowance::logged : allowance::passing;
  message_watch watch;
  const auto* trace = trace_of(what);
  bool counts = counted().samples_message();
  if (counts || trace != nullptr) [[unlikely]]
    watch = watch_message(counts, trace != nullptr ? *trace : nullptr, room_id);
  in.room.tell(publish{self_->id(), id, credit,
                       std::make_shared<const room_event>(std::move(what)),
                       std::move(watch)});
}

/// The message at hand, of which few are counted, or whose client asked for it.
message_watch connection::watch_message(bool counts,
                                        const message_trace_ptr& trace,
                                        const std::string& room_id) {
  auto since = waited_since_ == steady_time{} ? home_.now() : waited_since_;
  message_watch it{since, counts, trace, room_id};
  it.reached(message_stage::accepted);
  return it;
}

/// More waits for the room than it may have: nothing more is sent to it that
/// can be refused.
bool connection::is_flooded(const membership& in) {
  auto depth = in.room.depth();
  if (depth < context_->config.limits.room_mailbox) [[likely]]
    return false;
  note_flooded(depth);
  return true;
}

/// The room's own loop may be the one that does not get on.
void connection::note_flooded(std::uint64_t depth) {
  auto& counts = counted();
  counts.of(reached_limit::room_mailbox).add();
  counts.of_kind("room").mailbox.note(depth, home_.now());
}

bool connection::is_busy(const membership& in, const request_id& id,
                         const std::string& room_id) {
  if (!is_flooded(in))
    return false;
  ++context_->refused_by_busy_rooms;
  reply(protocol::error{error_code::unavailable,
                        "the room has more to do than it can", id, room_id,
                        busy_retry_after.count()});
  return true;
}

connection::membership* connection::joined_room(const std::string& room_id,
                                                const request_id& id) {
  auto found = rooms_.find(room_id);
  if (found != rooms_.end() && found->second.room)
    return &found->second;
  refuse(error_code::not_in_room, "join the room first", id, room_id);
  return nullptr;
}

bool connection::claim_user_id(const std::optional<std::string>& wanted,
                               const std::string& room_id,
                               const request_id& id) {
  if (who_.claim_user_id(wanted))
    return true;
  refuse(error_code::forbidden, "userId is not yours", id, room_id);
  return false;
}

rights connection::rights_in(const std::string& room_id) const {
  return who_.in({hello_.space, room_id}, context_->config);
}

/// `keeps_places`: the client may be back in a moment, on another connection.
void connection::leave_all(bool keeps_places) {
  for (const auto& [room_id, in] : rooms_) {
    if (in.asked_at)
      withdraw_join(room_id, keeps_places);
    else if (in.room)
      self_->send(in.room.handle(), leave{self_->id(), {}, {}, keeps_places});
  }
  rooms_.clear();
  asked_ = nullptr;
  joining_ = 0;
}

/// Behind a join that may still be on its way to its room.
void connection::withdraw_join(const std::string& room_id, bool keeps_place) {
  room_key key{hello_.space, room_id};
  const auto& keeper = context_->keeper_of(key);
  self_->send(keeper.handle(),
              withdraw{std::move(key), {self_->id(), {}, {}, keeps_place}});
}

/// The join has been answered, or is given up.
void connection::answered(membership& in) {
  if (!in.asked_at)
    return;
  in.asked_at.reset();
  --joining_;
}

void connection::on_entered(const room_entered& msg) {
  auto found = rooms_.find(msg.key.id);
  if (found == rooms_.end()) {
    // Too late: the client has left or closed, or the join was given up.
    self_->send(msg.room.handle(), leave{self_->id(), {}, {}, false});
    return;
  }
  auto& in = found->second;
  in.room = msg.room.seen_from(home_);
  in.entered_by = msg.join;
  // One that was given up came true all the same; the next one is still to be
  // answered.
  if (in.asked_at && in.join == msg.join) {
    answered(in);
    if (msg.resumed && resuming_)
      resumed_in(msg);
  }
  work_off();
}

void connection::on_exited(const room_exited& msg) {
  auto found = rooms_.find(msg.key.id);
  if (found == rooms_.end())
    return;
  auto& in = found->second;
  if (msg.join != in.join && msg.join != in.entered_by)
    return; // Of a room that it has left since; by now it may be in another.
  bool is_asked = in.asked_at && in.join == msg.join;
  if (is_asked)
    answered(in);
  if (is_asked && resuming_) {
    rooms_.erase(found);
    not_resumed_in(msg.key.id, error_code::unavailable);
    return;
  }
  if (asked_ == &in)
    asked_ = nullptr;
  if (in.asked_at)
    in.room = {}; // It is on its way into another one.
  else
    rooms_.erase(found);
  logged_ = {}, passing_ = {}; // What the room owed will not come.
  if (hello_.space == room_space::relay)
    close(close_code::internal_error);
  else
    reply(protocol::left{msg.key.id, {}, "closed"});
  work_off();
}

void connection::give_back(allowance what) {
  switch (what) {
  case allowance::none:
    break;
  case allowance::logged:
    logged_.confirm();
    break;
  case allowance::passing:
    passing_.confirm();
    break;
  case allowance::question:
    asked_ = nullptr;
    break;
  }
}

void connection::on_done(const request_done& msg) {
  give_back(msg.credit);
  if (protocol::is_set(msg.what.id))
    reply(msg.what);
  work_off();
}

void connection::on_refused(const request_refused& msg) {
  give_back(msg.credit);
  if (msg.join != 0) {
    auto found = rooms_.find(msg.key.id);
    if (found == rooms_.end() || !found->second.asked_at
        || found->second.join != msg.join)
      return; // It was given up, and the client was told.
    answered(found->second);
    if (!found->second.room)
      rooms_.erase(found);
    if (resuming_) {
      not_resumed_in(msg.key.id, msg.what.code);
      work_off();
      return;
    }
  }
  if (hello_.space == room_space::relay)
    close(close_code::try_later);
  else
    reply(msg.what);
  work_off();
}

// -- pace ---------------------------------------------------------------------

bool connection::within_rate(const request_id& id, const std::string& room_id) {
  if (pace_.take(home_.now()))
    return true;
  counted().of(reached_limit::messages_per_second).add();
  reply(protocol::error{error_code::rate_limited, "too many messages", id,
                        room_id, pace_.wait(home_.now()).count()});
  count_violation("limits.messages-per-second");
  return false;
}

/// A long answer costs what as many requests would, in hundreds [P-7.1].
bool connection::within_rate_of(std::uint64_t messages, const request_id& id,
                                const std::string& room_id) {
  constexpr std::uint64_t of_a_request = 100;
  return within_rate_for(messages / (of_a_request + 1), id, room_id);
}

bool connection::within_rate_for(std::uint64_t further, const request_id& id,
                                 const std::string& room_id) {
  for (; further > 0; --further)
    if (!within_rate(id, room_id))
      return false;
  return true;
}

/// What is done whatever the rate is, and slows down what its client asks next.
void connection::charge(std::uint64_t requests) {
  pace_.owe(requests, home_.now());
}

void connection::count_violation(std::string_view limit) {
  auto found = violations_.count(home_.now());
  if (found.first)
    log::emit(events::connection_limited,
              {{"connection", connection_id_}, {"limit", limit}});
  if (found.too_many)
    close(close_code::too_many_violations);
}

// -- end and time -------------------------------------------------------------

void connection::on_drain(const drain& msg) {
  if (phase_ == phase::closing)
    return;
  if (!msg.after)
    return close(close_code::going_away);
  drained_at_ = home_.now() + *msg.after;
  if (phase_ == phase::open && hello_.space == room_space::protocol)
    reply(protocol::go_away{msg.after->count()});
  if (msg.after->count() == 0)
    close(close_code::drained);
  set_timer();
}

void connection::close(close_code code, std::string_view why) {
  if (phase_ == phase::closing)
    return;
  phase_ = phase::closing;
  closed_with_ = static_cast<std::uint16_t>(code);
  closed_why_ = why.empty() ? reason(code) : why;
  leave_all(may_resume(code));
  backlog_.clear();
  timer_.cancel();
  wire_->close(code, closed_why_);
}

void connection::on_closed(const socket_closed& msg) {
  bool decided = phase_ == phase::closing; // Here, and not by the wire.
  bool by_node = decided || !msg.by_client;
  auto code = decided ? closed_with_ : msg.code;
  count_end(code);
  log::emit(
      events::connection_closed,
      {{"connection", connection_id_},
       {"user", who_.user_id()},
       {"code", code},
       {"reason", decided ? closed_why_ : msg.reason},
       {"by", by_node ? "node" : "client"},
       {"lived_ms",
        std::chrono::duration_cast<milliseconds>(home_.now() - born_).count()},
       {"messages", messages_}});
  // Who says goodbye leaves; who is lost may be back in a moment.
  if (!decided && msg.by_client && is_goodbye(msg.code))
    leave_all();
  phase_ = phase::closing;
  self_->quit();
}

void connection::on_deadline() {
  if (phase_ == phase::closing)
    return;
  const auto& auth = context_->config.auth;
  auto now = home_.now();
  if (phase_ == phase::awaiting_auth && now >= born_ + auth.timeout) {
    reject_token("no token in time", "Auth timeout");
    return;
  }
  auto expires_at = who_.expires_at();
  if (expires_at && home_.wall_now() >= *expires_at + auth.grace.count()) {
    close(close_code::token_expired);
    return;
  }
  if (drained_at_ && now >= *drained_at_)
    return close(close_code::drained);
  if (throttled_until_ && now >= *throttled_until_) {
    throttled_until_.reset();
    (void)pace_.take(now); // For the frame that went out without a token.
  }
  end_overdue_joins();
  if (phase_ != phase::closing && now >= next_ping_)
    check_heartbeat();
  if (phase_ == phase::closing)
    return;
  work_off();
  set_timer();
}

void connection::end_overdue_joins() {
  for (auto i = rooms_.begin(); joining_ > 0 && i != rooms_.end();) {
    auto& [room_id, in] = *i;
    if (!in.asked_at || home_.now() < *in.asked_at + join_timeout) {
      ++i;
      continue;
    }
    if (hello_.space == room_space::relay) {
      close(close_code::try_later);
      return;
    }
    answered(in);
    if (resuming_)
      not_resumed_in(room_id, error_code::unavailable);
    else
      reply(protocol::error{error_code::unavailable, "the room does not answer",
                            in.asked, room_id, join_retry_after.count()});
    if (in.room) {
      ++i; // It is a member as before.
      continue;
    }
    withdraw_join(room_id);
    i = rooms_.erase(i);
  }
}

void connection::check_heartbeat() {
  // Nothing since the last ping, not even its pong [P-6.1].
  if (!wire_->heard() && pinged_) {
    closed_why_ = "heartbeat";
    closed_with_ = protocol::no_close_frame;
    leave_all(true);
    phase_ = phase::closing;
    wire_->abort();
    return;
  }
  wire_->ping();
  pinged_ = true;
  next_ping_ = home_.now() + context_->config.heartbeat.interval;
}

void connection::set_timer() {
  if (phase_ == phase::closing)
    return;
  const auto& auth = context_->config.auth;
  auto next = next_ping_;
  if (phase_ == phase::awaiting_auth)
    next = std::min(next, born_ + auth.timeout);
  if (auto expires_at = who_.expires_at()) {
    // Bounded, so that a token for the year 9999 does not overflow the clock.
    auto left = std::clamp<std::int64_t>(
        *expires_at - home_.wall_now() + auth.grace.count(), 0, 86'400'000);
    next = std::min(next, home_.now() + milliseconds{left});
  }
  if (drained_at_)
    next = std::min(next, *drained_at_);
  if (throttled_until_)
    next = std::min(next, *throttled_until_);
  if (joining_ > 0)
    for (const auto& [room_id, in] : rooms_)
      if (in.asked_at)
        next = std::min(next, *in.asked_at + join_timeout);
  // One that comes too early finds nothing due, and is set again.
  if (timer_.pending() && timer_.due() <= next)
    return;
  home_.timers().at(next, timer_,
                    [this] { self_->send(self_, deadline_reached{}); });
}

// -- answers ------------------------------------------------------------------

void connection::refuse(error_code code, std::string text, const request_id& id,
                        const std::string& room_id) {
  reply(protocol::error{code, std::move(text), id, room_id, std::nullopt});
}

} // namespace greenroom::actors
