#include "actors/room.hpp"

#include <algorithm>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include "actors/lane_kind.hpp"
#include "actors/pinned.hpp"
#include "core/events.hpp"
#include "core/random_id.hpp"

namespace greenroom::actors {

namespace {

/// A member list longer than this part of `limits.unsent-bytes` is not given:
/// what is asked for must not make a reader slow.
constexpr std::uint32_t list_share = 4;

/// Rooms with more members than this tell less often who came and went, in
/// proportion. Told every 50 ms, 20,000 members who arrive together would cost
/// their room millions of deliveries.
constexpr std::size_t prompt_news_members = 1'000;

std::string_view to_string(room_space space) {
  return space == room_space::relay ? "relay" : "protocol";
}

} // namespace

room::room(handle::pointer self, loop& home, room_key key, keeper_actor keeper,
           context_ptr context)
  : self_(self),
    home_(home),
    key_(std::move(key)),
    keeper_(std::move(keeper)),
    context_(std::move(context)),
    rules_(context_->config.of(key_.name_space())),
    log_(random_id("", 12), rules_),
    born_(home.now()),
    members_(rules_, context_->config.limits.unsent_bytes / list_share),
    out_(self, home, context_, key_, log_.epoch(), rules_.slow) {
  log::emit(events::room_created, {{"room", key_.id},
                                   {"space", to_string(key_.space)},
                                   {"epoch", log_.epoch()},
                                   {"loop", home_.index()}});
}

room::~room() {
  mirror_now(); // What was acknowledged in its last turn.
  log::emit(events::room_closed,
            {{"room", key_.id},
             {"space", to_string(key_.space)},
             {"epoch", log_.epoch()},
             {"offset", log_.top()},
             {"lived_ms",
              std::chrono::duration_cast<milliseconds>(home_.now() - born_)
                  .count()}});
}

room::handle::behavior_type room::make_behavior() {
  self_->set_down_handler(
      [this](const caf::down_msg& msg) { on_dead(msg.source.id()); });
  return {
      // CAF tries them in this order: the frequent one first.
      [this](const publish& msg) { on_publish(msg); },
      [this](const join& msg) { on_join(msg); },
      [this](const leave& msg) { on_leave(msg); },
      [this](const list_members& msg) { on_list_members(msg); },
      [this](const mirrored& msg) { on_mirrored(msg); },
      [this](const link_changed& msg) { on_link(msg); },
      [this](room_tick) { on_tick(); },
  };
}

void room::failed(std::string_view why) {
  log::emit(
      events::room_failed,
      {{"room", key_.id}, {"space", to_string(key_.space)}, {"reason", why}});
  for (const auto& [id, who] : members_)
    caf::anon_send(who.connection, room_exited{key_});
}

// -- members ------------------------------------------------------------------

void room::on_join(const join& msg) {
  ++joins_seen_;
  if (members_.find(msg.who.id) != nullptr) {
    greet(msg); // Joining twice is joining once.
    return;
  }
  if (members_.size() + waiting_.size() >= rules_.members) {
    protocol::error full{protocol::error_code::room_full,
                         "the room has as many members as it may have", msg.id,
                         key_.id, std::nullopt};
    self_->send(msg.who.connection, request_refused{full, key_, true, false});
    return;
  }
  if (context_->cluster && !link_known_) {
    // Who is told `joined` must get what peers say from then on: wait until the
    // subscription is in force, or the bus is known to be down.
    waiting_.push_back(msg);
    empty_since_.reset(); // It must not end under who waits.
    if (!std::exchange(watching_, true))
      self_->send(context_->cluster, watch{key_, self_, ++watches_});
    return;
  }
  admit_member(msg);
}

void room::admit_waiting() {
  for (const auto& msg : std::exchange(waiting_, {}))
    admit_member(msg);
}

void room::admit_member(const join& msg) {
  if (members_.find(msg.who.id) != nullptr) {
    greet(msg);
    return;
  }
  auto& who = members_.add(msg.who);
  empty_since_.reset();
  self_->monitor(who.connection);

  // Who was given no list gets it when the room is small enough again.
  if (!members_.listable())
    listed_ = false;

  answer(who, msg);
  // The outbox is the audience's now: its last owner has to be on its loop.
  who.out.reset();
  if (who.lane.kind != lane_kind::raw && degraded())
    hand_to(who, protocol::degraded{key_.id});
  if (key_.space == room_space::protocol) {
    news_.joined(who.about);
    set_timer();
  }
}

/// For a member that joins again: its rights may be others than before.
void room::greet(const join& asked) {
  auto& who = *members_.find(asked.who.id);
  if (who.lane != asked.who.lane) {
    // What it has not been sent of the one comes before what the other brings.
    out_.tell(who, dismiss{who.id, {}});
    members_.change_lane(who, asked.who.lane);
    who.sees_presence = asked.who.sees_presence;
  }
  answer(who, asked);
}

void room::answer(const newcomer& who, const join& asked) {
  admit what{who, {}, neighbour_of<room>(self_)};
  what.who.out = asked.who.out;
  if (who.lane.kind != lane_kind::raw)
    what.first = make_frame(who.lane.kind, welcome(who, asked));
  out_.tell(who, what);
}

protocol::joined room::welcome(const newcomer& who, const join& asked) const {
  protocol::joined what;
  what.room_id = key_.id;
  what.id = asked.id;
  what.order = protocol::order_mode::fifo;
  what.at = {log_.epoch(), log_.top()};
  what.member_count = members_.size();
  what.members = list_for(who);
  if (asked.since) {
    // Whole or not at all [P-4.2]: without a history, only who missed nothing
    // has recovered.
    what.recovered =
        asked.since->epoch == log_.epoch() && asked.since->offset == log_.top();
    if (!*what.recovered)
      what.reason = asked.since->epoch == log_.epoch() ? "trimmed" : "epoch";
  }
  return what;
}

std::optional<std::string_view> room::list_for(const newcomer& who) const {
  if (!who.sees_presence || !members_.listable())
    return std::nullopt;
  return members_.list_in(encoding_of(who.lane.kind));
}

void room::on_list_members(const list_members& msg) {
  const auto* who = members_.find(msg.who);
  if (who == nullptr)
    return; // It left meanwhile.
  protocol::presence whole;
  whole.room_id = key_.id;
  whole.id = msg.id;
  whole.member_count = members_.size();
  whole.members = list_for(*who);
  hand_to(*who, whole);
}

void room::on_leave(const leave& msg) {
  const auto* who = members_.find(msg.who);
  if (who == nullptr) {
    // It asked to join and left before the cluster answered.
    std::erase_if(waiting_,
                  [&](const join& asked) { return asked.who.id == msg.who; });
    if (members_.empty() && waiting_.empty() && !empty_since_) {
      on_last_left();
      set_timer();
    }
    return;
  }
  slice last;
  if (who->lane.kind != lane_kind::raw)
    last =
        make_frame(who->lane.kind, protocol::left{key_.id, msg.id, msg.reason});
  self_->demonitor(who->connection.address());
  remove(msg.who, std::move(last));
}

void room::on_dead(member_id who) {
  if (members_.find(who) != nullptr)
    remove(who, {});
}

void room::remove(member_id id, slice last) {
  auto who = members_.remove(id);
  out_.tell(who, dismiss{id, std::move(last)});
  if (auto typed = typing_.stop(who.about.connection_id)) {
    show_stopped(typed->user_id, nullptr);
    mirror_out(std::make_shared<const room_event>(
        typing_event{typed->connection_id, typed->user_id, false}));
  }
  if (key_.space == room_space::protocol)
    news_.left(who.about);
  if (members_.empty())
    on_last_left();
  set_timer();
}

void room::on_last_left() {
  empty_since_ = home_.now();
  news_.clear();
  out_.drop_lanes();
  if (std::exchange(watching_, false)) {
    mirror_now();
    self_->send(context_->cluster, unwatch{key_});
    link_known_ = false;
    linked_ = false;
  }
  self_->send(keeper_, emptied{key_, self_->id(), joins_seen_});
  log::emit(events::room_emptied,
            {{"room", key_.id}, {"space", to_string(key_.space)}});
}

template <class Message>
void room::hand_to(const newcomer& who, const Message& what) {
  out_.tell(who, hand_over{{who.id}, make_frame(who.lane.kind, what)});
}

// -- presence -----------------------------------------------------------------

void room::show_presence() {
  if (news_.empty())
    return;
  protocol::presence what;
  what.room_id = key_.id;
  what.member_count = members_.size();
  const newcomer* alone = nullptr;
  // Not at once back to lists: who comes and goes at the border must not make
  // the room tell everybody everything each time.
  bool listed = members_.listable(listed_ ? 0 : 1);
  // Small enough again: differences make sense only to who has the list.
  bool whole = listed && !listed_;
  if (whole || !listed) {
    news_.clear();
  } else {
    // Who came alone knows: its `joined` said so.
    if (const auto* only = news_.only_joined())
      alone = members_.find(only->connection_id);
    news_.take(what.joined, what.left);
  }
  listed_ = listed;
  auto make = [&](auto encoding) -> const protocol::presence& {
    if (whole)
      what.members = members_.list_in(encoding);
    return what;
  };
  out_.broadcast(members_, 0, alone, true, make);
}

milliseconds room::news_interval() const {
  auto times =
      (members_.size() + prompt_news_members - 1) / prompt_news_members;
  return rules_.presence_interval * std::max<std::size_t>(times, 1);
}

// -- cluster ------------------------------------------------------------------

void room::on_link(const link_changed& msg) {
  if (!watching_ || msg.watch != watches_)
    return; // An answer to what has been taken back.
  bool known = std::exchange(link_known_, true);
  bool was_up = std::exchange(linked_, msg.up);
  if (known && was_up != msg.up) {
    if (msg.up)
      broadcast(protocol::healed{key_.id}, 0, nullptr);
    else
      broadcast(protocol::degraded{key_.id}, 0, nullptr);
  }
  admit_waiting();
}

// -- time ---------------------------------------------------------------------

void room::on_tick() {
  while (auto who = typing_.take_overdue(home_.now()))
    show_stopped(who->user_id, members_.find(who->member));
  if (!news_.empty() && news_due_ <= home_.now())
    show_presence();
  if (empty_since_ && *empty_since_ + linger() <= home_.now()) {
    // The keeper ends the room, unless somebody is on the way to it.
    empty_since_ = home_.now();
    self_->send(keeper_, retire{key_, self_->id(), joins_seen_});
  }
  set_timer();
}

/// A room in which nothing was said is nothing to come back for.
milliseconds room::linger() const {
  return log_.is_fresh() ? milliseconds{0} : rules_.linger;
}

void room::set_timer() {
  std::optional<steady_time> next = typing_.next();
  auto consider = [&](steady_time when) {
    if (!next || when < *next)
      next = when;
  };
  if (news_.empty())
    news_due_ = {};
  else if (news_due_ == steady_time{})
    news_due_ = home_.now() + news_interval();
  if (!news_.empty())
    consider(news_due_);
  if (empty_since_)
    consider(*empty_since_ + std::max(linger(), milliseconds{1}));
  if (!next) {
    timer_.cancel();
    return;
  }
  home_.timers().at(*next, timer_, [this] { self_->send(self_, room_tick{}); });
}

} // namespace greenroom::actors
