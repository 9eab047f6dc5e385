#include "actors/room.hpp"

#include <algorithm>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include "actors/audience.hpp"
#include "actors/lane_kind.hpp"
#include "actors/pinned.hpp"
#include "core/events.hpp"
#include "core/random_id.hpp"

namespace greenroom::actors {

namespace {

/// What makes a message the same one again [P-3.4]; empty: it has no id.
std::string dedupe_key(const newcomer& by, const protocol::request_id& id) {
  if (const auto* text = std::get_if<std::string>(&id))
    return by.session + '"' + *text;
  if (const auto* number = std::get_if<std::int64_t>(&id))
    return by.session + '#' + std::to_string(*number);
  return {};
}

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
    sections_(context_->loops.size()),
    tell_later_([this] { tell_steps(); }) {
  log::emit(events::room_created, {{"room", key_.id},
                                   {"space", to_string(key_.space)},
                                   {"epoch", log_.epoch()},
                                   {"loop", home_.index()}});
}

room::~room() {
  for (auto& where : sections_)
    if (where)
      caf::anon_send_exit(where->actor, caf::exit_reason::user_shutdown);
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
      [this](const link_changed& msg) { on_link(msg.up); },
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
  if (members_.contains(msg.who.id)) {
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
    if (!std::exchange(watching_, true))
      self_->send(context_->cluster, watch{key_, self_});
    return;
  }
  admit_member(msg);
}

void room::admit_waiting() {
  for (const auto& msg : std::exchange(waiting_, {}))
    admit_member(msg);
}

void room::admit_member(const join& msg) {
  auto [entry, is_new] = members_.try_emplace(msg.who.id, msg.who);
  if (!is_new) {
    greet(msg);
    return;
  }
  const auto& who = entry->second;
  empty_since_.reset();
  by_connection_.emplace(who.about.connection_id, who.id);
  by_user_.insert({who.about.user_id, who.id});
  auto lane = static_cast<std::size_t>(who.lane);
  auto& where = section_of(who.loop);
  ++where.members[lane];
  ++lane_members_[lane];
  self_->monitor(who.connection);
  self_->send(who.connection, room_entered{key_, self_});

  // Who was given no list gets it when the room is small enough again.
  if (members_.size() > rules_.listed_members)
    listed_ = false;

  slice first;
  if (who.lane != lane_kind::raw)
    first = make_frame(who.lane, welcome(who, msg));
  tell(where, admit{who, std::move(first)});
  // The outbox is the audience's now: its last owner has to be on its loop.
  entry->second.out.reset();
  if (who.lane != lane_kind::raw && degraded())
    tell(where, hand_over{{who.id},
                          make_frame(who.lane, protocol::degraded{key_.id})});
  if (key_.space == room_space::protocol) {
    news_.joined(who.about);
    set_timer();
  }
}

/// For a member that joins again: its rights may be others than before.
void room::greet(const join& asked) {
  auto& who = members_.at(asked.who.id);
  self_->send(who.connection, room_entered{key_, self_});
  if (who.lane != asked.who.lane)
    change_lane(who, asked.who);
  if (who.lane != lane_kind::raw)
    tell(section_of(who.loop),
         hand_over{{who.id}, make_frame(who.lane, welcome(who, asked))});
}

void room::change_lane(newcomer& who, const newcomer& now) {
  auto& where = section_of(who.loop);
  auto count = [&](lane_kind lane, std::uint32_t by) {
    where.members[static_cast<std::size_t>(lane)] += by;
    lane_members_[static_cast<std::size_t>(lane)] += by;
  };
  // What it has not been sent of the one comes before what the other brings.
  tell(where, dismiss{who.id, {}});
  count(who.lane, -1u);
  who.lane = now.lane;
  who.sees_presence = now.sees_presence;
  count(who.lane, 1);
  auto again = who;
  again.out = now.out;
  tell(where, admit{std::move(again), {}});
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

std::optional<std::vector<protocol::member>>
room::list_for(const newcomer& who) const {
  if (!who.sees_presence || members_.size() > rules_.listed_members)
    return std::nullopt;
  std::vector<protocol::member> list;
  list.reserve(members_.size());
  for (const auto& [id, other] : members_)
    list.push_back(other.about);
  return list;
}

void room::on_list_members(const list_members& msg) {
  auto found = members_.find(msg.who);
  if (found == members_.end())
    return; // It left meanwhile.
  const auto& who = found->second;
  protocol::presence whole;
  whole.room_id = key_.id;
  whole.id = msg.id;
  whole.member_count = members_.size();
  whole.members = list_for(who);
  tell(section_of(who.loop), hand_over{{who.id}, make_frame(who.lane, whole)});
}

void room::on_leave(const leave& msg) {
  auto found = members_.find(msg.who);
  if (found == members_.end()) {
    // It asked to join and left before the cluster answered.
    std::erase_if(waiting_,
                  [&](const join& asked) { return asked.who.id == msg.who; });
    return;
  }
  slice last;
  if (found->second.lane != lane_kind::raw)
    last = make_frame(found->second.lane,
                      protocol::left{key_.id, msg.id, msg.reason});
  self_->demonitor(found->second.connection.address());
  remove(msg.who, std::move(last));
}

void room::on_dead(member_id who) {
  if (members_.contains(who))
    remove(who, {});
}

void room::remove(member_id id, slice last) {
  stop_typing(id);
  auto node = members_.extract(id);
  const auto& who = node.mapped();
  auto lane = static_cast<std::size_t>(who.lane);
  auto& where = section_of(who.loop);
  tell(where, dismiss{id, std::move(last)});
  --where.members[lane];
  --lane_members_[lane];
  by_connection_.erase(who.about.connection_id);
  by_user_.erase({who.about.user_id, id});
  if (key_.space == room_space::protocol)
    news_.left(who.about);
  if (members_.empty())
    emptied();
  set_timer();
}

void room::emptied() {
  empty_since_ = home_.now();
  news_.clear();
  lanes_ = {};
  if (std::exchange(watching_, false)) {
    self_->send(context_->cluster, unwatch{key_});
    link_known_ = false;
    linked_ = false;
  }
  log::emit(events::room_emptied,
            {{"room", key_.id}, {"space", to_string(key_.space)}});
}

// -- what is said -------------------------------------------------------------

void room::on_publish(const publish& msg) {
  auto found = members_.find(msg.who);
  if (found == members_.end())
    return; // It left, or its connection is gone.
  std::visit([&](const auto& what) { say(msg, found->second, what); },
             *msg.what);
}

void room::say(const publish& msg, const newcomer& by, const posted& what) {
  auto at = log_.append(dedupe_key(by, msg.id), home_.now());
  protocol::ack answer;
  answer.at = {log_.epoch(), at.offset};
  answer.duplicate = at.duplicate;
  // Before the room hears it: an own offset that a client learns late would
  // look like a gap [P-4.1].
  done(msg, by, std::move(answer));
  if (at.duplicate)
    return;
  broadcast(
      protocol::room_message{key_.id, what.user_id, &what.body, what.event,
                             what.timestamp.empty() ? nullptr : &what.timestamp,
                             what.stamped, at.offset},
      at.offset, by.id);
  mirror_out(msg.what);
}

void room::say(const publish& msg, const newcomer& by, const directed& what) {
  protocol::ack answer;
  auto key = dedupe_key(by, msg.id);
  if (!key.empty())
    key += '>'; // Apart from messages to all: what is remembered differs.
  auto before = log_.find(key, home_.now());
  answer.duplicate = before.has_value();
  answer.delivered = before ? *before : hand_to(what, by.id);
  if (!before)
    log_.remember(key, *answer.delivered, home_.now());
  done(msg, by, std::move(answer));
  if (!before)
    mirror_out(msg.what);
}

void room::say(const publish& msg, const newcomer& by,
               const typing_event& what) {
  set_typing(what, by.id);
  done(msg, by, {});
  mirror_out(msg.what);
}

void room::say(const publish& msg, const newcomer& by, const relayed& what) {
  auto at = log_.append({}, home_.now());
  done(msg, by, {});
  char header[ws::header_bytes_max];
  auto bytes = ws::write_header(
      header, what.is_text ? ws::opcode::text : ws::opcode::binary,
      what.bytes.size());
  append(lane_kind::raw, {header, bytes}, what.bytes, at.offset, by.id);
  mirror_out(msg.what);
}

void room::done(const publish& msg, const newcomer& by, protocol::ack what) {
  if (!msg.credit && !protocol::is_set(msg.id))
    return;
  what.id = msg.id;
  what.room_id = key_.id;
  what.degraded = degraded();
  self_->send(by.connection, request_done{std::move(what), msg.credit});
}

void room::on_mirrored(const mirrored& msg) {
  if (const auto* what = std::get_if<posted>(msg.what.get())) {
    auto at = log_.append({}, home_.now());
    broadcast(protocol::room_message{key_.id, what->user_id, &what->body,
                                     what->event,
                                     what->timestamp.empty() ? nullptr
                                                             : &what->timestamp,
                                     what->stamped, at.offset},
              at.offset, 0);
  } else if (const auto* some = std::get_if<directed>(msg.what.get())) {
    hand_to(*some, 0);
  } else if (const auto* typing = std::get_if<typing_event>(msg.what.get())) {
    set_typing(*typing, 0);
  } else if (const auto* raw = std::get_if<relayed>(msg.what.get())) {
    auto at = log_.append({}, home_.now());
    char header[ws::header_bytes_max];
    auto bytes = ws::write_header(
        header, raw->is_text ? ws::opcode::text : ws::opcode::binary,
        raw->bytes.size());
    append(lane_kind::raw, {header, bytes}, raw->bytes, at.offset, 0);
  }
}

void room::mirror_out(const room_event_ptr& what) {
  if (context_->cluster)
    self_->send(context_->cluster, mirror{key_, what});
}

/// Gives the number of connections on this node that get it.
std::uint64_t room::hand_to(const directed& what, member_id except) {
  std::vector<member_id> chosen;
  for (const auto& addressee : what.to) {
    if (auto one = by_connection_.find(addressee); one != by_connection_.end())
      chosen.push_back(one->second);
    for (auto i = by_user_.lower_bound({addressee, 0});
         i != by_user_.end() && i->first == addressee; ++i)
      chosen.push_back(i->second);
  }
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  std::erase(chosen, except);

  const auto& said = what.what;
  protocol::room_message as_seen{key_.id,
                                 said.user_id,
                                 &said.body,
                                 said.event,
                                 said.timestamp.empty() ? nullptr
                                                        : &said.timestamp,
                                 said.stamped,
                                 std::nullopt};
  // One frame per encoding, one message per loop and encoding.
  for (auto encoding :
       {protocol::encoding::json, protocol::encoding::msgpack}) {
    slice frame;
    for (auto& where : sections_) {
      if (!where)
        continue;
      std::vector<member_id> here;
      for (auto id : chosen) {
        const auto& who = members_.at(id);
        if (who.lane != lane_kind::raw && encoding_of(who.lane) == encoding
            && sections_[who.loop].operator->() == where.operator->())
          here.push_back(id);
      }
      if (here.empty())
        continue;
      if (frame.size() == 0)
        frame = make_frame(encoding, as_seen);
      tell(*where, hand_over{std::move(here), frame});
    }
  }
  return chosen.size();
}

// -- typing -------------------------------------------------------------------

void room::set_typing(const typing_event& what, member_id by) {
  if (what.is_typing) {
    typing_.insert_or_assign(
        what.connection_id,
        typist{what.user_id, by, home_.now() + rules_.typing_timeout});
    set_timer();
  } else {
    typing_.erase(what.connection_id);
  }
  show_typing(what.user_id, what.is_typing, by);
}

void room::stop_typing(member_id who) {
  auto found = members_.find(who);
  auto entry = typing_.find(found->second.about.connection_id);
  if (entry == typing_.end())
    return;
  auto ended = std::move(entry->second);
  auto connection_id = entry->first;
  typing_.erase(entry);
  show_typing(ended.user_id, false, who);
  mirror_out(std::make_shared<const room_event>(
      typing_event{std::move(connection_id), ended.user_id, false}));
}

void room::end_overdue_typing() {
  // Each node ends what it shows by itself: the origin may be gone.
  for (auto i = typing_.begin(); i != typing_.end();) {
    if (i->second.until > home_.now()) {
      ++i;
      continue;
    }
    auto ended = std::move(i->second);
    i = typing_.erase(i);
    show_typing(ended.user_id, false, ended.member);
  }
}

void room::show_typing(const std::string& user_id, bool is_typing,
                       member_id by) {
  broadcast(protocol::typing_changed{key_.id, user_id, is_typing}, 0, by);
}

// -- presence -----------------------------------------------------------------

void room::show_presence() {
  if (news_.empty())
    return;
  protocol::presence what;
  what.room_id = key_.id;
  what.member_count = members_.size();
  member_id sender = 0;
  // Not at once back to lists: who comes and goes at the border must not make
  // the room tell everybody everything each time.
  auto most = rules_.listed_members;
  bool listed = members_.size() <= (listed_ ? most : most - most / 8);
  if (listed && !listed_) {
    // Small enough again: differences make sense only to who has the list.
    what.members.emplace();
    for (const auto& [id, who] : members_)
      what.members->push_back(who.about);
    news_.clear();
  } else if (listed) {
    // Who came alone knows: its `joined` said so.
    if (const auto* alone = news_.only_joined())
      if (auto one = by_connection_.find(alone->connection_id);
          one != by_connection_.end())
        sender = one->second;
    news_.take(what.joined, what.left);
  } else {
    news_.clear();
  }
  listed_ = listed;
  broadcast(what, 0, sender, true);
}

// -- lanes --------------------------------------------------------------------

template <class Message>
void room::broadcast(const Message& what, std::uint64_t offset,
                     member_id sender, bool presence_only) {
  static constexpr std::array pairs{
      std::pair{lane_kind::json, lane_kind::json_no_presence},
      std::pair{lane_kind::msgpack, lane_kind::msgpack_no_presence}};
  for (auto [full, quiet] : pairs) {
    bool to_quiet = !presence_only && in_use(quiet);
    if (!in_use(full) && !to_quiet)
      continue;
    auto encoding = encoding_of(full);
    auto payload = protocol::encode(encoding, what);
    char header[ws::header_bytes_max];
    std::string_view head{
        header, ws::write_header(header, opcode_of(encoding), payload.size())};
    if (in_use(full))
      append(full, head, payload, offset, sender);
    if (to_quiet)
      append(quiet, head, payload, offset, sender);
  }
}

void room::append(lane_kind to, std::string_view header,
                  std::string_view payload, std::uint64_t offset,
                  member_id sender) {
  if (!in_use(to))
    return;
  auto frame = lanes_[static_cast<std::size_t>(to)].append(header, payload);
  std::uint32_t loop = 0;
  if (sender != 0)
    loop = members_.at(sender).loop;
  steps_.push_back({to, std::move(frame), offset, sender, loop});
  home_.settle().add(tell_later_);
}

/// One message per audience for all that this turn brought.
void room::tell_steps() {
  if (steps_.empty())
    return;
  auto steps =
      std::make_shared<const std::vector<step>>(std::exchange(steps_, {}));
  for (auto& where : sections_)
    if (where)
      self_->send(where->actor, advance{steps});
}

/// To one audience, behind what the lanes have so far.
template <class Message>
void room::tell(section& where, const Message& what) {
  tell_steps();
  self_->send(where.actor, what);
}

room::section& room::section_of(std::uint32_t loop) {
  auto& where = sections_[loop];
  if (!where)
    where.emplace(spawn_pinned<audience>(*context_->loops[loop], key_,
                                         log_.epoch(), room_actor{self_},
                                         rules_.slow));
  return *where;
}

// -- cluster ------------------------------------------------------------------

void room::on_link(bool up) {
  if (!watching_)
    return; // An answer to what has been taken back.
  bool known = std::exchange(link_known_, true);
  bool was_up = std::exchange(linked_, up);
  if (known && was_up != up) {
    if (up)
      broadcast(protocol::healed{key_.id}, 0, 0);
    else
      broadcast(protocol::degraded{key_.id}, 0, 0);
  }
  admit_waiting();
}

// -- time ---------------------------------------------------------------------

void room::on_tick() {
  end_overdue_typing();
  if (!news_.empty() && news_due_ <= home_.now())
    show_presence();
  if (empty_since_ && *empty_since_ + rules_.linger <= home_.now()) {
    // The keeper ends the room, unless somebody is on the way to it.
    empty_since_ = home_.now();
    self_->send(keeper_, retire{key_, joins_seen_});
  }
  set_timer();
}

void room::set_timer() {
  std::optional<steady_time> next;
  auto consider = [&](steady_time when) {
    if (!next || when < *next)
      next = when;
  };
  for (const auto& [id, who] : typing_)
    consider(who.until);
  if (news_.empty())
    news_due_ = {};
  else if (news_due_ == steady_time{})
    news_due_ = home_.now() + rules_.presence_interval;
  if (!news_.empty())
    consider(news_due_);
  if (empty_since_)
    consider(*empty_since_ + std::max(rules_.linger, milliseconds{1}));
  if (!next) {
    timer_.cancel();
    return;
  }
  home_.timers().at(*next, timer_, [this] { self_->send(self_, room_tick{}); });
}

} // namespace greenroom::actors
