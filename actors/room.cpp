#include "actors/room.hpp"

#include <algorithm>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include "actors/lane_kind.hpp"
#include "actors/pinned.hpp"
#include "core/events.hpp"
#include "core/fault_point.hpp"

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

slice whole_slice(std::string_view bytes) {
  if (bytes.empty())
    return {};
  auto size = static_cast<std::uint32_t>(bytes.size());
  auto in = segment::make(size);
  in->append(bytes);
  return {std::move(in), 0, size};
}

/// `joined`, and behind it what was missed.
slice joined_frames(lane_kind as, const protocol::joined& what,
                    std::string_view missed) {
  auto first = make_frame(as, what);
  if (missed.empty())
    return first;
  return whole_slice(std::string{first.view()}.append(missed));
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
    born_(home.now()),
    directed_(rules_.dedupe_messages, rules_.dedupe_window.count()),
    out_(self, home, context_, key_, rules_.slow),
    people_(rules_, context_->config.limits.unsent_bytes / list_share) {
  auto& logs = context_->logs_of(key_);
  is_shared_ = logs.is_shared();
  log_ = logs.open(key_, bounds_of_log(), home_.wall_now(), home_, *this);
}

/// Raw frames have no offsets to ask by.
log_bounds room::bounds_of_log() const {
  if (key_.space == room_space::relay)
    return {};
  log_bounds bounds{rules_};
  auto state =
      room_map::bounds::of(rules_, context_->config.limits.unsent_bytes);
  bounds.state_keys = state.keys;
  bounds.state_bytes = state.bytes;
  return bounds;
}

/// Without peers, the order that this node gives is everybody's.
protocol::order_mode room::order() const {
  return context_->cluster && !is_shared_ ? protocol::order_mode::fifo
                                          : protocol::order_mode::total;
}

/// Its log is open.
void room::announce() {
  if (std::exchange(announced_, true))
    return;
  shown_epoch_ = log_->state().epoch;
  shown_top_ = log_->state().top;
  out_.set_epoch(shown_epoch_);
  if (!key_.is_own())
    log::emit(events::room_created, {{"room", key_.id},
                                     {"space", to_string(key_.space)},
                                     {"epoch", log_->state().epoch},
                                     {"loop", home_.index()}});
}

room::~room() {
  mirror_now(); // What was acknowledged in its last turn.
  if (key_.is_own())
    return;
  log::emit(events::room_closed,
            {{"room", key_.id},
             {"space", to_string(key_.space)},
             {"epoch", log_->state().epoch},
             {"offset", log_->state().top},
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
      [this](log_told) { on_log_told(); },
      [this](const list_members& msg) { on_list_members(msg); },
      [this](const read_log& msg) { on_read_log(msg); },
      [this](const change_state& msg) { on_change_state(msg); },
      [this](const mirrored& msg) { on_mirrored(msg); },
      [this](const link_changed& msg) { on_link(msg); },
      [this](const holdings_heard& msg) { on_holdings(msg); },
      [this](const holdings_checked& msg) { on_holdings_checked(msg); },
      [this](holdings_asked) {
        peers_ask_ = true;
        tell_peers_later();
      },
      [this](const peer_gone& msg) { on_peer_gone(msg); },
      [this](room_tick) { on_tick(); },
  };
}

void room::failed(std::string_view why) {
  log::emit(
      events::room_failed,
      {{"room", key_.id}, {"space", to_string(key_.space)}, {"reason", why}});
  for (const auto& [id, who] : members_)
    caf::anon_send(who.connection, room_exited{key_, who.join});
  refuse_queued("the room failed");
}

// -- members ------------------------------------------------------------------

void room::on_join(const join& msg) {
  fault_point("room.join",
              [&] { return std::string_view{msg.who.about.user_id}; });
  ++joins_seen_;
  drop_join(msg.who.id); // An older one of its, which it no longer waits for.
  // Whoever goes on with a session has its seat already.
  const auto& connection_id = msg.who.about.connection_id;
  bool is_member = members_.find(msg.who.id) != nullptr
                   || members_.find(connection_id) != nullptr;
  if (!is_member && !key_.is_own() && !absent_.contains(connection_id)
      && places_taken() >= rules_.members) {
    counted().of(reached_limit::room_members).add();
    return refuse_join(msg, protocol::error_code::room_full,
                       "the room has as many members as it may have");
  }
  if (!is_member && must_wait()) {
    waiting_.push_back(msg);
    queue(msg);
    return;
  }
  begin_join(msg);
}

/// Also by those that are on their way in, and those that may be back in a
/// moment: each is held in memory as a member is.
std::size_t room::places_taken() const {
  return members_.size() + absent_.size() + queued_.size();
}

/// A newcomer has to wait. Its connection may end meanwhile.
void room::queue(const join& msg) {
  empty_since_.reset(); // The room must not end under who waits.
  if (members_.find(msg.who.id) == nullptr
      && queued_
             .try_emplace(msg.who.id,
                          queued{msg.who.connection, msg.who.join, msg.id})
             .second)
    self_->monitor(msg.who.connection);
}

void room::unqueue(member_id who) {
  auto found = queued_.find(who);
  if (found == queued_.end())
    return;
  self_->demonitor(found->second.connection.address());
  queued_.erase(found);
}

/// Nobody waits for it any more.
void room::drop_join(member_id who) {
  bool is_reading = reading_.erase(who) > 0;
  bool is_queued = queued_.contains(who);
  if (!is_reading && !is_queued && ahead_.empty())
    return;
  std::erase_if(
      ahead_, [&](const early_bird& each) { return each.asked.who.id == who; });
  std::erase_if(waiting_,
                [&](const join& asked) { return asked.who.id == who; });
  unqueue(who);
}

void room::leave_queue(member_id who) {
  drop_join(who);
  if (is_deserted() && !empty_since_) {
    on_last_left();
    set_timer();
  }
}

/// Who is told `joined` must get what is said from then on: wait until the log
/// is open, and the subscription is in force, or the bus is known to be down.
bool room::must_wait() {
  if (context_->cluster && !std::exchange(watching_, true))
    self_->send(context_->cluster, watch{key_, self_, ++watches_});
  return !log_->is_open() || (context_->cluster && !link_known_);
}

void room::admit_waiting() {
  if (must_wait())
    return;
  for (const auto& msg : std::exchange(waiting_, {}))
    begin_join(msg);
}

void room::finish_join(const join& msg, const catch_up& past) {
  announce();
  if (msg.resumes && !msg.resumes->take_room(snapshot_bytes(msg.who)))
    return refuse_join(msg, protocol::error_code::unavailable,
                       "the resume brings as much as it may: join by itself");
  if (members_.find(msg.who.id) != nullptr)
    greet(msg, past); // Joining twice is joining once.
  else
    admit_member(msg, past);
}

void room::refuse_join(const join& msg, protocol::error_code code,
                       std::string_view why,
                       std::optional<std::int64_t> retry_after) {
  protocol::error refusal{code, std::string{why}, msg.id, key_.id, retry_after};
  self_->send(msg.who.connection,
              request_refused{std::move(refusal), key_, msg.who.join, {}});
  unqueue(msg.who.id);
  if (is_deserted() && !empty_since_) {
    on_last_left(); // It was kept open for who could not come in.
    set_timer();
  }
}

void room::admit_member(const join& msg, const catch_up& past) {
  if (key_.space == room_space::protocol) {
    const auto* known = people_.find(msg.who.about.connection_id);
    if (known != nullptr && known->user_id != msg.who.about.user_id)
      return refuse_join(msg, protocol::error_code::forbidden,
                         "the session is another user's");
    displace(msg.who.about.connection_id);
  }
  auto& who = members_.add(msg.who);
  fault_point("room.admit",
              [&] { return std::string_view{who.about.user_id}; });
  who.since = home_.wall_now();
  empty_since_.reset();
  if (queued_.erase(who.id) == 0) // Else it is.
    self_->monitor(who.connection);

  if (key_.space == room_space::protocol) {
    absent_.remove(who.about.connection_id);
    // Before its own arrival: that nobody else learns from its list.
    people_.news.list_given();
    people_.hold(who.about, roster::this_node);
    note_arrival(who);
    adopt_bound(who.about.connection_id);
    set_timer();
  }
  // Who was given no list gets it when the room is small enough again.
  if (!people_.listable())
    listed_ = false;

  answer(who, msg, past);
  // The outbox is the audience's now: its last owner has to be on its loop.
  who.out.reset();
  if (who.lane.kind != lane_kind::raw && degraded())
    hand_to(who, protocol::degraded{key_.id});
}

/// The session goes on here: the connection that had it is not told anything
/// more, and others see nobody leave.
void room::displace(const std::string& connection_id) {
  const auto* before = members_.find(connection_id);
  if (before == nullptr)
    return;
  drop_join(before->id);
  self_->send(before->connection, displaced{});
  self_->demonitor(before->connection.address());
  auto gone = members_.remove(before->id);
  out_.tell(gone, dismiss{gone.id, {}});
  if (auto typed = typing_.stop(connection_id))
    show_stopped(typed->user_id, nullptr);
}

/// For a member that joins again: its rights may be others than before.
void room::greet(const join& asked, const catch_up& past) {
  auto& who = *members_.find(asked.who.id);
  if (who.lane != asked.who.lane) {
    // What it has not been sent of the one comes before what the other brings.
    out_.tell(who, dismiss{who.id, {}});
    members_.change_lane(who, asked.who.lane);
    who.sees_presence = asked.who.sees_presence;
  }
  who.join = asked.who.join;
  people_.news.list_given();
  answer(who, asked, past);
}

void room::answer(const newcomer& who, const join& asked,
                  const catch_up& past) {
  admit what{who, {}, neighbour_of<room>(self_), {}, 0};
  if (state_)
    what.state_seen = state_->map().version();
  what.who.out = asked.who.out;
  if (asked.resumes)
    what.resumed = resumed(who, past);
  else if (who.lane.kind != lane_kind::raw)
    what.first =
        joined_frames(who.lane.kind, welcome(who, asked, past), past.frames);
  out_.tell(who, what);
}

protocol::joined room::welcome(const newcomer& who, const join& asked,
                               const catch_up& past) const {
  protocol::joined what;
  what.room_id = key_.id;
  what.id = asked.id;
  what.order = order();
  what.at = {log_->state().epoch, log_->state().top};
  what.recovered = past.recovered;
  what.reason = past.reason;
  what.member_count = people_.size();
  what.members = list_for(who);
  what.state = state_for(who);
  return what;
}

/// What its connection is to tell it, once all rooms have answered [P-4.16].
std::shared_ptr<const resumed_part> room::resumed(const newcomer& who,
                                                  const catch_up& past) const {
  auto part = std::make_shared<resumed_part>();
  part->what = {key_.id,
                protocol::log_position{log_->state().epoch, log_->state().top},
                past.recovered.value_or(false), past.reason, std::nullopt};
  part->missed = whole_slice(past.frames);
  if (who.sees_presence)
    part->members = make_frame(who.lane.kind, whole_list(who));
  if (state_)
    part->state = state_frame(who);
  return part;
}

/// About what it will be told of how the room is now.
std::size_t room::snapshot_bytes(const newcomer& who) const {
  auto list = list_for(who);
  return (list ? list->size() : 0) + (state_ ? state_frame(who).size() : 0);
}

protocol::presence room::whole_list(const newcomer& who) const {
  protocol::presence whole;
  whole.room_id = key_.id;
  whole.member_count = people_.size();
  whole.members = list_for(who);
  return whole;
}

std::optional<std::string_view> room::list_for(const newcomer& who) const {
  if (!who.sees_presence || !people_.listable())
    return std::nullopt;
  return people_.list_in(encoding_of(who.lane.kind));
}

/// Where there is no list of connections, there is none of users [P-3.20].
protocol::presence_by_user
room::users_for(const newcomer& who, const protocol::request_id& id) const {
  protocol::presence_by_user what{
      key_.id, id, people_.size(), people_.users(), {}};
  if (who.sees_presence && people_.listable())
    what.users = people_.users_in(encoding_of(who.lane.kind));
  return what;
}

void room::on_list_members(const list_members& msg) {
  const auto* who = members_.find(msg.who);
  if (who == nullptr)
    return; // It left meanwhile.
  people_.news.list_given();
  if (msg.by == protocol::presence_by::user) {
    hand_to(*who, users_for(*who, msg.id));
  } else {
    auto whole = whole_list(*who);
    whole.id = msg.id;
    hand_to(*who, whole);
  }
  if (msg.credit != allowance::none)
    self_->send(who->connection, request_done{{}, msg.credit});
}

void room::on_leave(const leave& msg) {
  const auto* who = members_.find(msg.who);
  // It asked to join and left before the log or the cluster answered.
  if (who == nullptr)
    return leave_queue(msg.who);
  slice last;
  if (who->lane.kind != lane_kind::raw)
    last =
        make_frame(who->lane.kind, protocol::left{key_.id, msg.id, msg.reason});
  self_->demonitor(who->connection.address());
  remove(msg.who, std::move(last), msg.keeps_place);
}

/// Its connection is lost, not closed: it may be back in a moment.
void room::on_dead(member_id who) {
  if (out_.forget(who))
    return;
  if (members_.find(who) != nullptr)
    remove(who, {}, true);
  else
    leave_queue(who);
}

void room::remove(member_id id, slice last, bool keeps_place) {
  drop_join(id);
  // Told first: who is no member any more could not be told again.
  if (const auto* found = members_.find(id))
    out_.tell(*found, dismiss{id, std::move(last)});
  auto who = members_.remove(id);
  fault_point("room.remove",
              [&] { return std::string_view{who.about.user_id}; });
  if (auto typed = typing_.stop(who.about.connection_id)) {
    show_stopped(typed->user_id, nullptr);
    mirror_out(std::make_shared<const room_event>(
        typing_event{typed->connection_id, typed->user_id, false}));
  }
  if (key_.space == room_space::protocol) {
    if (keeps_place && rules_.grace.count() > 0)
      absent_.add(who.about.connection_id, home_.now() + rules_.grace);
    else
      forget(who.about.connection_id);
  }
  if (is_deserted())
    on_last_left();
  set_timer();
}

/// It is gone for good.
void room::forget(const std::string& connection_id) {
  people_.release(connection_id, roster::this_node);
  note_departure(connection_id);
  drop_bound(connection_id);
  believe_refused(connection_id);
}

/// Whether nobody is here, nor waited for, nor waits.
bool room::is_deserted() const {
  return members_.empty() && absent_.empty() && queued_.empty();
}

void room::on_last_left() {
  empty_since_ = home_.now();
  people_.news.clear();
  out_.drop_lanes();
  if (std::exchange(watching_, false)) {
    mirror_now();
    self_->send(context_->cluster, unwatch{key_});
    link_known_ = false;
    linked_ = false;
    own_news_ = {};
    drop_all_peers(); // Nothing more is heard of them.
    people_.news.clear();
  }
  self_->send(keeper_, emptied{key_, self_->id(), joins_seen_});
  if (!key_.is_own())
    log::emit(events::room_emptied,
              {{"room", key_.id}, {"space", to_string(key_.space)}});
}

// -- presence -----------------------------------------------------------------

void room::show_presence() {
  auto& news = people_.news;
  if (news.empty())
    return;
  protocol::presence what;
  what.room_id = key_.id;
  what.member_count = people_.size();
  const newcomer* alone = nullptr;
  // Not at once back to lists: who comes and goes at the border must not make
  // the room tell everybody everything each time.
  bool listed = people_.listable(listed_ ? 0 : 1);
  // Small enough again: differences make sense only to who has the list.
  bool whole = listed && !listed_;
  if (whole || !listed) {
    news.clear();
  } else {
    // Who came alone knows: its `joined` said so.
    if (const auto* only = news.only_joined())
      alone = members_.find(only->connection_id);
    news.take(what.joined, what.left);
  }
  listed_ = listed;
  auto make = [&](auto encoding) -> const protocol::presence& {
    if (whole)
      what.members = people_.list_in(encoding);
    return what;
  };
  out_.broadcast(members_, 0, alone, true, make);
}

milliseconds room::news_interval() const {
  auto times = (people_.size() + prompt_news_members - 1) / prompt_news_members;
  return rules_.presence_interval * std::max<std::size_t>(times, 1);
}

// -- cluster ------------------------------------------------------------------

void room::on_link(const link_changed& msg) {
  if (!watching_ || msg.watch != watches_)
    return; // An answer to what has been taken back.
  bool known = std::exchange(link_known_, true);
  bool was_up = std::exchange(linked_, msg.up);
  if (msg.up && has_peers()) {
    peers_ask_ =
        true; // Who was cut off too has missed what was told meanwhile.
    tell_peers_later();
  }
  if (known && was_up != msg.up && !is_shared_) {
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
  if (auto who = absent_.take_overdue(home_.now())) {
    do
      forget(*who);
    while ((who = absent_.take_overdue(home_.now())));
    if (is_deserted())
      on_last_left();
  }
  if (!people_.news.empty() && news_due_ != steady_time{}
      && news_due_ <= home_.now())
    show_presence();
  if (state_ && state_->map().drop_overdue(home_.now()) > 0)
    state_changed();
  drop_parted_peers();
  join_who_was_ahead();
  if (trim_due_ != steady_time{} && trim_due_ <= home_.now()) {
    log_->trim(home_.wall_now());
    trim_due_ = {};
    if (log_->state().first <= log_->state().top)
      trim_later();
  }
  if (empty_since_ && *empty_since_ + linger() <= home_.now()) {
    // The keeper ends the room, unless somebody is on the way to it.
    empty_since_ = home_.now();
    self_->send(keeper_, retire{key_, self_->id(), joins_seen_});
  }
  set_timer();
}

/// A room in which nothing was said is nothing to come back for.
milliseconds room::linger() const {
  bool is_fresh = log_->is_open() && log_->is_fresh() && directed_.empty()
                  && (!state_ || state_->map().size() == 0);
  return is_fresh ? milliseconds{0} : rules_.linger;
}

/// What a quiet room keeps is not kept for ever.
void room::trim_later() {
  if (trim_due_ != steady_time{} || rules_.history_age.count() == 0
      || rules_.history_messages == 0)
    return;
  trim_due_ = home_.now() + rules_.history_age;
  set_timer();
}

void room::set_timer() {
  std::optional<steady_time> next = typing_.next();
  auto consider = [&](steady_time when) {
    if (!next || when < *next)
      next = when;
  };
  if (auto gone = absent_.next())
    consider(*gone);
  if (people_.news.empty())
    news_due_ = {};
  else if (news_due_ == steady_time{})
    news_due_ = home_.now() + news_interval();
  if (!people_.news.empty())
    consider(news_due_);
  for (const auto& each : ahead_)
    consider(each.until);
  for (const auto& [incarnation, each] : peers_)
    if (each.parts_at)
      consider(*each.parts_at);
  if (state_)
    if (auto due = state_->map().next())
      consider(*due);
  if (trim_due_ != steady_time{})
    consider(trim_due_);
  if (empty_since_)
    consider(*empty_since_ + std::max(linger(), milliseconds{1}));
  if (!next) {
    timer_.cancel();
    return;
  }
  home_.timers().at(*next, timer_, [this] { self_->send(self_, room_tick{}); });
}

} // namespace greenroom::actors
