// A room's state: keys that are only worth knowing in their newest version
// [P-4.6].
#include <set>
#include <utility>

#include "actors/room.hpp"
#include "core/protocol/codec.hpp"

namespace greenroom::actors {

namespace {

/// When a client whose key could not be set may try again.
constexpr std::int64_t retry_after = 1'000;

room_map::change deletion_of(const std::string& key,
                             const std::string& user_id) {
  room_map::change to;
  to.key = key;
  to.user_id = user_id;
  return to;
}

} // namespace

room_state& room::state() {
  if (!state_) {
    state_ = std::make_unique<room_state>(
        room_map::bounds::of(rules_, context_->config.limits.unsent_bytes),
        context_->origin,
        has_peers() ? static_cast<std::uint64_t>(home_.wall_now()) : 0);
    // Who comes to a loop where nobody was has its audience know all first.
    out_.greet = [this](const audience_actor& newly) {
      self_->send(newly, state_->whole());
    };
  }
  return *state_;
}

// -- changes ------------------------------------------------------------------

void room::on_change_state(const change_state& msg) {
  const auto* by = members_.find(msg.who);
  if (by == nullptr)
    return; // It left, or its connection is gone.
  const auto* before = state().map().find(msg.what.key);
  bool is_bound =
      msg.what.bound
      || (msg.what.said.empty() && before != nullptr && !before->is_kept());
  if (is_bound || !log_->keeps_state())
    set_here(msg, *by);
  else
    set_in_store(msg, *by);
}

/// A key whose order this node gives.
void room::set_here(const change_state& msg, const newcomer& by) {
  const auto& asked = msg.what;
  room_map::change change{asked.key, asked.said, by.about.user_id, {}, {}};
  if (asked.bound)
    change.connection_id = by.about.connection_id;
  if (asked.ttl)
    change.until = home_.now() + *asked.ttl;
  auto how = state().map().set(std::move(change), asked.if_version);
  if (!how)
    return refuse(msg, by.connection, std::move(how).error());
  set_done(msg, by.connection, *how);
  // What was under the key is not to come back with its end.
  if (auto number = state().map().kept_number(asked.key);
      number > 0 && asked.bound)
    delete_in_store(asked.key, number);
  state_changed();
}

void room::delete_in_store(const std::string& key, std::uint64_t number) {
  change_state nobody_s;
  nobody_s.what.key = key;
  stored_key deleted;
  deleted.name = key;
  if (!log_->set({deleted, home_.wall_now(), number}))
    unset_.push_back({std::move(nobody_s), {}});
}

/// A key whose order the store gives: versions are this node's, so what a
/// client expects is put into the store's numbers.
void room::set_in_store(const change_state& msg, const newcomer& by) {
  const auto& asked = msg.what;
  const auto& map = state().map();
  // The store looks whether there is place.
  auto deletion = deletion_of(asked.key, by.about.user_id);
  if (auto why = map.refusal_of(deletion, asked.if_version))
    return refuse(msg, by.connection, std::move(*why));
  stored_key what{asked.key, asked.said, by.about.user_id};
  auto now = home_.wall_now();
  if (asked.ttl)
    what.until = now + asked.ttl->count();
  std::optional<std::uint64_t> expected;
  if (asked.if_version) {
    // Numbers of an epoch that is over say nothing in the new one, whose keys
    // come in a moment.
    if (keys_turn_ || shown_epoch_ != log_->state().epoch)
      return answer(msg, by.connection, {key_answer::verdict::unavailable});
    expected = map.kept_number(asked.key);
  }
  if (auto how = log_->set({what, now, expected}))
    answer(msg, by.connection, *how);
  else
    unset_.push_back({msg, by.connection});
}

void room::state_answered(key_answer how) {
  log_tells(told_, [this, how] {
    auto asked = std::move(unset_.front());
    unset_.pop_front();
    answer(asked.what, asked.by, how);
  });
}

void room::answer(const change_state& msg, const connection_actor& to,
                  const key_answer& how) {
  using enum key_answer::verdict;
  if (!to)
    return; // This room itself.
  auto& map = state().map();
  const auto& key = msg.what.key;
  switch (how.is) {
  case accepted:
    return set_done(msg, to, version_of_set(key, how.number));
  case conflict:
    return refuse(msg, to, map.conflict_on(key));
  case too_large:
    return refuse(msg, to,
                  {protocol::error_code::too_large,
                   "the room's state is as large as it may be",
                   {},
                   {},
                   {}});
  case unavailable:
    return refuse(msg, to,
                  {protocol::error_code::unavailable,
                   "the key cannot be set now",
                   {},
                   {},
                   retry_after});
  }
}

/// Of a key that was set in the store, and was bound to its user before: it is
/// so no longer.
std::uint64_t room::version_of_set(const std::string& key,
                                   std::uint64_t number) {
  auto& map = state().map();
  const auto* is = map.find(key);
  if (is != nullptr && !is->is_kept() && map.kept_number(key) == number) {
    // Only its user could set it.
    static_cast<void>(map.set(deletion_of(key, is->user_id)));
    state_changed();
    is = map.find(key);
  }
  if (is == nullptr)
    return map.version();
  // Another's change may have come behind it already: then its version was an
  // earlier one, and must not be taken for that.
  return is->number == number ? is->version : is->version - 1;
}

void room::set_done(const change_state& msg, const connection_actor& to,
                    std::uint64_t version) {
  if (!protocol::is_set(msg.id) && msg.credit == allowance::none)
    return;
  protocol::ack answer;
  answer.id = msg.id;
  answer.room_id = key_.id;
  answer.version = version;
  answer.degraded = degraded() && !is_shared_;
  self_->send(to, request_done{std::move(answer), msg.credit});
}

void room::refuse(const change_state& msg, const connection_actor& to,
                  protocol::error why) {
  why.id = msg.id;
  why.room_id = key_.id;
  self_->send(to, request_refused{std::move(why), key_, 0, msg.credit});
}

// -- what the store tells -----------------------------------------------------

void room::state_heard(std::vector<stored_key> what, bool whole) {
  log_tells(told_, [this, what = std::move(what), whole]() mutable {
    // The same number may be another change in another epoch.
    bool are_known = whole && !std::exchange(keys_turn_, false);
    if (what.empty() && !state_)
      return;
    auto& map = state().map();
    if (whole) {
      std::set<std::string_view> names;
      for (const auto& each : what)
        names.insert(each.name);
      map.keep_no_more_than(names);
    }
    for (auto& each : what) {
      const auto* known = map.find(each.name);
      bool is_known = are_known && known != nullptr && known->is_kept()
                      && known->number == each.number;
      auto number = each.number;
      if (!is_known)
        map.keep(kept_change(std::move(each)), number);
    }
    state_changed();
  });
}

/// Nothing, where its time is over.
room_map::change room::kept_change(stored_key what) {
  room_map::change to{std::move(what.name),
                      std::move(what.now),
                      std::move(what.user_id),
                      {},
                      {}};
  if (what.until == 0)
    return to;
  auto left = milliseconds{what.until - home_.wall_now()};
  if (left.count() <= 0)
    to.now = {};
  else
    to.until = home_.now() + left;
  return to;
}

// -- telling ------------------------------------------------------------------

/// All of a turn is told together: a key that changed twice is told once.
void room::state_changed() {
  state_bytes_ = state_->map().bytes();
  if (!state_->has_news())
    return;
  home_.settle().add(tell_state_later_);
  if (has_peers())
    tell_peers_later();
  else
    static_cast<void>(state_->map().take_uncovered());
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
  return state_->whole_frame_in(encoding_of(who.lane.kind), key_.id);
}

} // namespace greenroom::actors
