// A room's state: keys that are only worth knowing in their newest version
// [P-4.6].
#include <utility>

#include "actors/room.hpp"
#include "core/protocol/codec.hpp"

namespace greenroom::actors {

room_state& room::state() {
  if (!state_) {
    state_ = std::make_unique<room_state>(
        room_map::bounds::of(rules_, context_->config.limits.unsent_bytes),
        context_->origin);
    // Who comes to a loop where nobody was has its audience know all first.
    out_.greet = [this](const audience_actor& newly) {
      self_->send(newly, state_->whole());
    };
  }
  return *state_;
}

void room::on_change_state(const change_state& msg) {
  const auto* by = members_.find(msg.who);
  if (by == nullptr)
    return; // It left, or its connection is gone.
  const auto& asked = msg.what;
  room_map::change change{asked.key, asked.said, by->about.user_id, {}, {}};
  if (asked.bound)
    change.connection_id = by->about.connection_id;
  if (asked.ttl)
    change.until = home_.now() + *asked.ttl;
  auto how = state().map().set(std::move(change), asked.if_version);
  if (!how) {
    auto why = std::move(how).error();
    why.id = msg.id;
    why.room_id = key_.id;
    self_->send(by->connection,
                request_refused{std::move(why), key_, false, false});
    return;
  }
  if (protocol::is_set(msg.id)) {
    protocol::ack answer;
    answer.id = msg.id;
    answer.room_id = key_.id;
    answer.version = *how;
    answer.degraded = degraded();
    self_->send(by->connection, request_done{std::move(answer), false});
  }
  state_changed();
}

/// All of a turn is told together: a key that changed twice is told once.
void room::state_changed() {
  if (!state_->has_news())
    return;
  home_.settle().add(tell_state_later_);
  if (has_peers())
    tell_peers_later();
  set_timer();
}

void room::drop_bound(const std::string& connection_id) {
  if (state_ && state_->map().drop_connection(connection_id) > 0)
    state_changed();
}

std::optional<std::string_view> room::state_for(const newcomer& who) const {
  if (!state_ || state_->map().size() == 0)
    return std::nullopt;
  return state_->whole_in(encoding_of(who.lane.kind));
}

/// The whole, as a message of its own.
slice room::state_frame(const newcomer& who) const {
  std::vector<protocol::state_change> all;
  for (const auto* each : state_->map().whole())
    all.push_back({each->key, &each->now, each->version, each->user_id});
  return make_frame(who.lane.kind, protocol::state{key_.id, all, true});
}

} // namespace greenroom::actors
