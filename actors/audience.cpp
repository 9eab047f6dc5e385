#include "actors/audience.hpp"

#include <algorithm>

#include <caf/actor_cast.hpp>

#include "actors/lane_kind.hpp"
#include "actors/shell.hpp"
#include "core/events.hpp"
#include "core/fault_point.hpp"
#include "core/protocol/codec.hpp"
#include "core/ws_frame.hpp"

namespace greenroom::actors {

audience::audience(handle::pointer self, loop& home, room_key key,
                   std::string epoch, room_actor room, slow_policy slow)
  : self_(self),
    home_(home),
    key_(std::move(key)),
    epoch_(std::move(epoch)),
    room_(room.address()),
    // A raw frame that is left out cannot be announced, and no jump happens
    // silently [P-4.1].
    slow_(key_.space == room_space::relay ? slow_policy::close : slow),
    spread_later_(self, [this] { spread(); }),
    trim_later_(self, [this] { trim(); }) {}

audience::~audience() {
  if (!key_.is_own())
    counted().members.subtract(seats_.size());
}

audience::handle::behavior_type audience::make_behavior() {
  return {
      [this](const advance& msg) { on_advance(msg); },
      [this](const admit& msg) { on_admit(msg); },
      [this](const dismiss& msg) { on_dismiss(msg); },
      [this](const hand_over& msg) { on_hand_over(msg); },
      [this](const state_told& msg) { on_state(msg); },
      [this](const epoch_turned& msg) { on_turned(msg); },
  };
}

bool audience::take_at_once(advance& msg) {
  on_advance(msg);
  return true;
}

void audience::on_admit(const admit& msg) {
  auto* who = find(msg.who.id);
  if (who == nullptr) {
    auto& in = row_of(msg.who.lane);
    // Members that are already here get what was before the newcomer first, so
    // that its cursor may start at the head.
    auto its = std::make_unique<seat>(in, msg.who, slow_);
    who = seats_.emplace(msg.who.id, std::move(its)).first->second.get();
    in.add(*who);
    if (!key_.is_own())
      counted().members.add();
  }
  follow_state(*who, msg.state_seen);
  fault_point("audience.admit",
              [&] { return std::string_view{msg.who.about.user_id}; });
  give(*who, msg.first); // Last: it must not come twice.
  self_->send(msg.who.connection,
              room_entered{key_, msg.room, msg.who.join, msg.resumed});
}

void audience::on_dismiss(const dismiss& msg) {
  auto* who = find(msg.who);
  if (who == nullptr)
    return;
  who->finish();
  if (who->of_state)
    who->of_state->finish();
  who->out->push(msg.last);
  who->in.remove(*who);
  seats_.erase(msg.who);
  if (!key_.is_own())
    counted().members.subtract();
  std::erase_if(rows_, [](const auto& in) { return in->empty(); });
}

void audience::on_advance(const advance& msg) {
  // Those before one that throws are not to be handled twice.
  for (const auto& next : msg.what->steps)
    contain(*self_, "advance", [&] { take(next); });
  for (const auto& each : msg.what->watches)
    home_.measure(each);
  home_.spread().add(spread_later_);
}

void audience::on_hand_over(const hand_over& msg) {
  for (auto id : msg.to)
    if (auto* who = find(id))
      give(*who, msg.frame);
  counted().handed_over.add(msg.to.size());
}

void audience::on_state(const state_told& msg) {
  bool is_first = !state_;
  if (is_first)
    state_ = std::make_unique<state>(key_);
  if (msg.whole)
    state_->board.replace(*msg.what, msg.version);
  else
    state_->board.put(*msg.what);
  for (auto& [id, who] : seats_) {
    if (is_first)
      follow_state(*who, 0);
    if (who->of_state)
      who->of_state->advance();
  }
}

/// What a member still has to get, or is to be told that it missed, is of the
/// epoch before: it comes first, also where that makes the member too slow.
void audience::on_turned(const epoch_turned& msg) {
  for (auto& [id, who] : seats_) {
    if (who->in.kind() == lane_kind::raw)
      continue;
    who->finish();
    who->out->push(encoding_of(who->in.kind()) == protocol::encoding::json
                       ? msg.as_json
                       : msg.as_msgpack);
  }
  epoch_ = msg.epoch;
}

/// `seen` is what the member was told with its `joined`.
void audience::follow_state(seat& who, std::uint64_t seen) {
  if (!state_ || who.in.kind() == lane_kind::raw)
    return;
  if (who.of_state)
    return who.of_state->has_seen(seen);
  auto& reader = encoding_of(who.in.kind()) == protocol::encoding::json
                     ? state_->json
                     : state_->msgpack;
  who.of_state.emplace(reader, *who.out, seen);
}

slice audience::state_reader::news_since(std::uint64_t seen) {
  if (from_ == seen && to_ == version() && frame_.size() > 0)
    return frame_;
  auto news = board_.since(seen);
  from_ = seen;
  to_ = version();
  frame_ = make_frame(as_, protocol::state{room_.id, news.changes, news.whole});
  return frame_;
}

void audience::give(seat& who, const slice& frame) {
  // The outbox sends its own frames first: what the lane has for the member
  // goes ahead, as far as a slow one may be kept waiting for it.
  auto behind = who.in.stream.head() - who.at();
  if (who.out->own_bytes() + behind <= who.out->bytes_max())
    who.finish();
  who.out->push(frame);
}

void audience::take(const step& next) {
  if (next.is_ack)
    acknowledge(next);
  else if (auto* in = find_row(next.lane))
    append(*in, next);
}

void audience::acknowledge(const step& next) {
  if (next.sender_loop == home_.index())
    if (auto* sender = find(next.sender))
      sender->out->push(next.frame);
}

/// Who said it, where it would be sent its own frame.
audience::seat* audience::sender_in(const row& in, const step& next) {
  if (next.sender == 0 || next.sender_loop != home_.index())
    return nullptr;
  auto* sender = find(next.sender);
  return sender != nullptr && &sender->in == &in ? sender : nullptr;
}

void audience::append(row& in, const step& next) {
  auto begin = in.stream.head();
  try {
    fault_point("audience.append", [&] { return std::string_view{key_.id}; });
    in.stream.extend(next.frame, next.offset);
    in.extended = true;
    // Only the sender pays for not being sent its own frame.
    if (auto* sender = sender_in(in, next)) {
      sender->skip_own(begin, in.stream.head());
      counted().deliveries.add(in.size() - 1);
    } else {
      counted().deliveries.add(in.size());
    }
  } catch (...) {
    append_failed(in, next, in.stream.head() != begin);
  }
}

/// What comes behind it in its lane must not hide that it is missing.
void audience::append_failed(row& in, const step& next, bool is_in) {
  shell_of(*self_).contained(std::current_exception(), "append");
  if (is_in || next.offset == 0)
    return;
  if (in.kind() == lane_kind::raw) {
    in.close_all(); // Raw clients cannot be told.
    return;
  }
  auto frame = make_frame(in.kind(), protocol::gap{key_.id, epoch_, next.offset,
                                                   next.offset, "unreadable"});
  in.stream.extend(frame, next.offset);
  in.extended = true;
}

/// Its members come back, and resume.
void audience::failed(std::string_view) {
  for (auto& in : rows_)
    in->close_all();
}

void audience::recover() {
  home_.spread().add(spread_later_);
}

/// Who has to come in or go is what it cannot do without.
void audience::refuse(const caf::message& what, std::string_view) {
  if (what.match_elements<admit>()) {
    const auto& msg = what.get_as<admit>(0);
    self_->send(msg.who.connection, room_exited{key_, msg.who.join});
  } else if (what.match_elements<dismiss>()) {
    if (auto* who = find(what.get_as<dismiss>(0).who))
      who->out->too_slow();
  }
}

void audience::spread() {
  for (auto& in : rows_)
    if (in->extended)
      in->spread();
  home_.trim().add(trim_later_);
}

void audience::trim() {
  for (auto& in : rows_)
    in->trim();
}

audience::row* audience::find_row(const lane_id& lane) {
  for (auto& in : rows_)
    if (in->reads(lane))
      return in.get();
  return nullptr;
}

audience::row& audience::row_of(const lane_id& lane) {
  if (auto* in = find_row(lane))
    return *in;
  return *rows_.emplace_back(std::make_unique<row>(*this, lane));
}

audience::seat* audience::find(member_id who) {
  auto found = seats_.find(who);
  return found == seats_.end() ? nullptr : found->second.get();
}

// -- row ----------------------------------------------------------------------

void audience::row::lagging(cursor& who, bool on) {
  if (on) {
    who.lag_slot = lagging_.size();
    lagging_.push_back(&who);
    return;
  }
  lagging_[who.lag_slot] = lagging_.back();
  lagging_[who.lag_slot]->lag_slot = who.lag_slot;
  lagging_.pop_back();
  in_.home_.trim().add(in_.trim_later_);
}

slice audience::row::end_gap(cursor& who, lane::offsets missed) {
  if (id_.kind == lane_kind::raw)
    return {};
  // Who came and went meanwhile was skipped as well: the whole list mends it.
  auto& member = static_cast<seat&>(who);
  if (shows_presence(id_.kind))
    if (auto room = caf::actor_cast<room_actor>(in_.room_))
      in_.self_->send(room, list_members{member.id, {}});
  member.told_of_lag = false;
  if (missed.first == 0)
    return {};
  return make_frame(id_.kind, protocol::gap{in_.key_.id, in_.epoch_,
                                            missed.first, missed.last, "slow"});
}

void audience::row::skipped(cursor& who, std::uint64_t bytes) {
  auto& member = static_cast<seat&>(who);
  counted().skipped_bytes.add(bytes);
  in_.home_.skipped(member.connection_id + ' ' + in_.key_.id, bytes);
  if (std::exchange(member.told_of_lag, true))
    return;
  counted().of(reached_limit::unsent_bytes).add();
  log::emit(events::member_lagging, {{"room", in_.key_.id},
                                     {"connection", member.connection_id},
                                     {"dropped_bytes", bytes}});
}

void audience::row::add(cursor& who) {
  who.row_slot = members_.size();
  members_.push_back(&who);
}

void audience::row::remove(cursor& who) {
  members_[who.row_slot] = members_.back();
  members_[who.row_slot]->row_slot = who.row_slot;
  members_.pop_back();
}

void audience::row::spread() {
  extended = false;
  for (auto* member : members_)
    member->advance();
}

void audience::row::close_all() {
  for (auto* member : members_)
    static_cast<seat*>(member)->out->too_slow();
}

void audience::row::trim() {
  auto keep_from = stream.head();
  for (auto* behind : lagging_)
    keep_from = std::min(keep_from, behind->at());
  stream.trim(keep_from);
}

} // namespace greenroom::actors
