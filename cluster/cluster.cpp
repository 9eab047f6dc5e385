#include "cluster/cluster.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "core/events.hpp"
#include "core/fault_point.hpp"
#include "core/random_id.hpp"

namespace greenroom::cluster {

options make_options(const settings::cluster_settings& config,
                     std::function<void(bool up)> link) {
  options to;
  to.own = {config.node_id, random_u64()};
  to.prefix = config.prefix;
  to.beat = config.beat;
  to.peer_timeout = config.peer_timeout;
  to.link = std::move(link);
  return to;
}

cluster::cluster(handle::pointer self, actors::loop& home,
                 std::shared_ptr<bus> over, options how)
  : self_(self),
    home_(home),
    how_(std::move(how)),
    own_(how_.own),
    nodes_channel_(how_.prefix + ":nodes"),
    reports_channel_(watch_channel_of(how_.own.incarnation)),
    peers_(how_.own, how_.peer_timeout, how_.forget_peer),
    next_beat_(home.now()),
    last_echo_(home.now()),
    bus_(std::move(over)) {}

cluster::handle::behavior_type cluster::make_behavior() {
  self_->set_down_handler(
      [this](const caf::down_msg& msg) { room_died(msg.source); });
  bus_->start(*this);
  bus_->subscribe(nodes_channel_);
  set_timer();
  return {
      [this](const actors::watch& msg) { watch(msg); },
      [this](const actors::unwatch& msg) {
        unwatch(rooms_.find(channel_of(msg.key)));
      },
      [this](const actors::mirror& msg) { mirror(msg); },
      [this](const actors::mirror_holdings& msg) { mirror_holdings(msg); },
      [this](const actors::doubt_holdings& msg) { doubt_holdings(msg); },
      [this](const actors::watch_peers& msg) { watch_peers(msg.on); },
      [this](actors::report_to_watchers& msg) { report(std::move(msg.text)); },
      [this](const actors::leave_cluster&) { leave(); },
      [this](const actors::bus_tick&) { tick(); },
  };
}

void cluster::failed(std::string_view why) {
  log::emit(events::actor_failed, {{"who", name}, {"reason", why}});
}

void cluster::recover() {
  for (auto& [channel, entry] : rooms_)
    entry.holdings.doubt_all();
  newcomers_ask_ = true;
  tick_queued_ = false;
  if (!inbox_.empty())
    tick_soon();
  set_timer();
}

/// Peers see the hole that it leaves in its room's numbers.
void cluster::refuse(const caf::message& what, std::string_view why) {
  std::string room;
  if (what.match_elements<actors::mirror>())
    room = what.get_as<actors::mirror>(0).key.id;
  log::emit(events::message_quarantined,
            {{"room", room}, {"bytes", 0}, {"payload", ""}, {"reason", why}});
}

/// Until the next call.
const std::string& cluster::channel_of(const room_key& key) {
  channel_.assign(how_.prefix)
      .append(key.space == room_space::relay ? ":room:{r:" : ":room:{p:")
      .append(key.id)
      .append("}"); // In a Redis Cluster where its log is.
  return channel_;
}

// -- rooms --------------------------------------------------------------------

void cluster::watch(const actors::watch& msg) {
  const auto& channel = channel_of(msg.key);
  auto [at, fresh] = rooms_.try_emplace(channel);
  auto& entry = at->second;
  if (fresh) {
    entry.key = msg.key;
    entry.last.stream = ++streams_;
    entry.holdings = holdings_ledger{streams_};
    bus_->subscribe(channel);
  }
  if (entry.room != msg.room) {
    if (entry.room)
      self_->demonitor(entry.room.address());
    entry.room = msg.room;
    self_->monitor(entry.room);
  }
  entry.watch = msg.number;
  entry.holdings.forget_all(); // The room begins anew; it has heard nothing.
  if (!up_)
    tell_link(entry, false);
  else if (bus_->is_subscribed(channel))
    tell_link(entry, true);
}

void cluster::tell_link(watched& entry, bool up) {
  entry.linked = up;
  if (up && entry.key.space == room_space::protocol) {
    entry.holdings.doubt_all();
    ask_for_holdings(entry, 0);
  }
  self_->send(entry.room, actors::link_changed{up, entry.watch});
}

void cluster::unwatch(rooms::iterator at) {
  if (at == rooms_.end())
    return;
  let_go_of_holdings(at->first, at->second);
  bus_->unsubscribe(at->first);
  self_->demonitor(at->second.room.address());
  rooms_.erase(at);
}

void cluster::room_died(const caf::actor_addr& which) {
  // By then another actor may watch in its place.
  unwatch(std::ranges::find_if(rooms_, [&](const auto& each) {
    return each.second.room.address() == which;
  }));
}

void cluster::mirror(const actors::mirror& msg) {
  fault_point("cluster.mirror", [&] { return std::string_view{msg.key.id}; });
  if (leaving_) {
    not_sent_ += msg.what.size();
    return;
  }
  for (const auto& each : msg.watches)
    each.reached(message_stage::bus);
  auto found = rooms_.find(channel_of(msg.key));
  if (up_ && (found == rooms_.end() || found->second.linked))
    return publish(found, msg.key, msg.what);
  // Who typed minutes ago is no news; the rest waits for the bus.
  auto lasting = msg.what;
  not_sent_ += std::erase_if(lasting, [](const room_event_ptr& each) {
    return std::holds_alternative<typing_event>(*each);
  });
  publish(found, msg.key, lasting);
}

/// To the channel that `channel_of` gave last, which `found` was looked for.
void cluster::publish(rooms::iterator found, const room_key& key,
                      std::span<const room_event_ptr> events) {
  const auto& channel = channel_;
  // A room without members here has no stream: this is one for now.
  place none{found == rooms_.end() ? ++streams_ : 0, 0};
  auto& last = found == rooms_.end() ? none : found->second.last;
  auto at_once = may_join_up() ? events.size() : 1;
  while (!events.empty()) {
    std::size_t taken = 0;
    auto bytes = encode(how_.own, {last.stream, last.sequence + 1}, key,
                        events.first(std::min(at_once, events.size())), taken);
    bus_->publish(channel, std::move(bytes), taken);
    last.sequence += taken;
    how_.counts->published += taken;
    events = events.subspan(taken);
  }
}

/// Whether everybody who may hear it reads several events in one envelope.
bool cluster::may_join_up() const {
  return up_ && home_.now() >= all_heard_ && peers_.all_read(traffic::several);
}

// -- what the bus tells -------------------------------------------------------

/// Reads it here and now: what it is made of ends with the call.
void cluster::bus_message(std::string_view channel, std::string_view bytes) {
  if (own_.has(bytes)) {
    note_echo(channel);
    return;
  }
  auto found = decode(bytes);
  if (found)
    put(message{std::string{channel}, std::move(*found)});
  else
    put(no_envelope{std::string{channel}, std::move(found.error().text)});
}

/// Where channels are carried apart, another one says nothing of the signs.
void cluster::note_echo(std::string_view channel) {
  if (!bus_->is_sharded() || channel == nodes_channel_)
    last_echo_ = home_.now();
  if (channel == nodes_channel_ && beat_at_)
    counted().bus_echo.observe(home_.now() - *std::exchange(beat_at_, {}));
}

void cluster::put(news what) {
  inbox_.push_back(std::move(what));
  tick_soon();
}

void cluster::tick_soon() {
  if (!std::exchange(tick_queued_, true))
    self_->send(self_, actors::bus_tick{});
}

void cluster::tick() {
  tick_queued_ = false;
  // One by one: those behind one that throws are not lost with it.
  while (!inbox_.empty()) {
    auto next = std::move(inbox_.front());
    inbox_.pop_front();
    std::visit([this](auto& what) { on(what); }, next);
  }
  auto now = home_.now();
  if (leaving_) {
    if (now >= leave_until_)
      self_->quit();
  } else if (now >= next_beat_) {
    beat();
  }
  set_timer();
}

void cluster::on(const came_up&) {
  bus_up_ = true;
  if (bus_->is_subscribed(nodes_channel_))
    come_up();
}

void cluster::on(const went_down&) {
  bus_up_ = false;
  go_down();
}

void cluster::on(const subscribed& what) {
  if (!bus_up_ || !bus_->is_subscribed(what.channel))
    return;
  if (what.channel == nodes_channel_)
    return come_up();
  if (what.channel == reports_channel_)
    return want_reports(true);
  auto found = rooms_.find(what.channel);
  if (up_ && found != rooms_.end())
    tell_link(found->second, true);
}

/// Without the peers' signs nobody knows who is there.
void cluster::on(const lost& what) {
  if (what.channel == nodes_channel_)
    return up_ ? go_down() : void();
  auto found = rooms_.find(what.channel);
  if (up_ && found != rooms_.end() && found->second.linked
      && !bus_->is_subscribed(what.channel))
    tell_link(found->second, false);
}

void cluster::come_up() {
  up_ = true;
  auto now = home_.now();
  last_echo_ = now;
  all_heard_ = now + std::max(2 * how_.beat, how_.peer_timeout);
  peers_.listen_anew(now);
  sign_on(sign::hello);
  want_reports(true);
  if (how_.link)
    how_.link(true);
  for (auto& [channel, entry] : rooms_)
    if (bus_->is_subscribed(channel))
      tell_link(entry, true);
}

void cluster::go_down() {
  up_ = false;
  beat_at_.reset();
  if (how_.link)
    how_.link(false);
  for (auto& [channel, entry] : rooms_)
    tell_link(entry, false);
}

void cluster::on(message& what) {
  std::visit(
      [&](auto& content) {
        if (content.from == how_.own)
          note_echo(what.channel);
        else if (peers_.heard(content.from, home_.now()))
          on_envelope(what.channel, content);
        else
          reject(what.channel, "more nodes than can be known");
      },
      what.content);
  // What it held was dropped, and it does not know.
  if (peers_.take_returned() && up_)
    sign_on(sign::hello);
}

void cluster::on(const no_envelope& what) {
  reject(what.channel, what.reason);
}

void cluster::on(const closed&) {
  self_->quit();
}

void cluster::on_envelope(const std::string& channel, node_sign& what) {
  if (channel != nodes_channel_)
    return reject(channel, "a sign of a node outside its channel");
  newcomers_ask_ |= what.says == sign::hello;
  if (what.says != sign::bye)
    return peers_.beat(what.from, what.reads);
  peers_.left(what.from);
  for (auto& [at, entry] : rooms_)
    entry.others.forget(what.from.incarnation);
  forget_holdings(what.from.incarnation, true);
  watchers_.erase(what.from.incarnation);
  tell_watched();
}

void cluster::on_envelope(const std::string& channel, room_traffic& what) {
  auto found = rooms_.find(channel);
  if (found == rooms_.end() || found->second.key != what.room)
    return reject(channel, "traffic outside its channel");
  auto& entry = found->second;
  auto& events = what.what;
  auto due = new_ones(entry, what.from, what.at, events.size());
  if (due == 0)
    return;
  events.erase(events.begin(), events.end() - static_cast<std::ptrdiff_t>(due));
  how_.counts->received += due;
  self_->send(entry.room,
              actors::mirrored{std::move(what.from.node), std::move(events)});
}

void cluster::on_envelope(const std::string& channel, unknown_kind& what) {
  ++how_.counts->unknown;
  auto found = rooms_.find(channel);
  if (what.at && found != rooms_.end())
    (void)new_ones(found->second, what.from, *what.at, 1);
}

/// How many of `count` messages, its last ones, are neither here already nor
/// too late.
std::uint64_t cluster::new_ones(watched& room, const node_run& from,
                                const place& at, std::uint64_t count) {
  auto found = room.others.see(from.incarnation, at, count);
  how_.counts->duplicates += found.known;
  if (found.is == sequence_tracker::verdict::gap)
    tell_gap(room, from, at, found);
  return count - found.known;
}

void cluster::tell_gap(watched& room, const node_run& from, const place& at,
                       const sequence_tracker::finding& found) {
  ++how_.counts->gaps;
  how_.counts->missed += found.missed;
  auto now = home_.now();
  if (room.gaps_told.opens(now) && gaps_told_.opens(now))
    log::emit(events::bus_gap, {{"origin", from.node},
                                {"room", room.key.id},
                                {"expected", found.expected},
                                {"got", at.sequence},
                                {"missed", found.missed}});
}

void cluster::reject(std::string_view channel, std::string_view reason) {
  // A message that was under way when its room was left is nobody's fault.
  if (channel != nodes_channel_ && !rooms_.contains(channel)
      && channel != reports_channel_)
    return;
  ++how_.counts->rejected;
  if (rejections_told_.opens(home_.now()))
    log::emit(events::bus_rejected, {{"channel", channel}, {"reason", reason}});
}

// -- time ---------------------------------------------------------------------

void cluster::beat() {
  auto now = home_.now();
  // After a stall of this loop it is we who were silent, nobody else.
  if (now - next_beat_ > how_.beat) {
    last_echo_ = now;
    peers_.listen_anew(now);
  }
  next_beat_ = now + how_.beat;
  count();
  forget_watchers();
  if (!up_)
    return;
  auto silent = std::chrono::duration_cast<milliseconds>(now - last_echo_);
  if (silent >= 3 * how_.beat) {
    last_echo_ = now;
    log::emit(events::bus_silent, {{"silent_ms", silent.count()}});
    bus_->reconnect(nodes_channel_, "nothing of our own came back");
    return;
  }
  if (!beat_at_)
    beat_at_ = now;
  sign_on(sign::beat);
  want_reports(false);
  tell_digest();
  look_after_peers();
}

void cluster::look_after_peers() {
  auto gone = peers_.expire(home_.now());
  for (auto incarnation : gone.forgotten)
    for (auto& [channel, entry] : rooms_)
      entry.others.forget(incarnation);
  for (auto incarnation : gone.lost)
    forget_holdings(incarnation, false);
}

/// What others count, for all to see.
void cluster::count() {
  auto stats = bus_->stats();
  how_.counts->dropped = not_sent_ + stats.dropped;
  how_.counts->reconnects = stats.reconnects;
  how_.counts->peers = peers_.alive();
}

void cluster::sign_on(sign what) {
  bus_->publish(nodes_channel_, encode(node_sign{how_.own, what}));
}

void cluster::set_timer() {
  home_.timers().at(leaving_ ? leave_until_ : next_beat_, timer_,
                    [this] { tick_soon(); });
}

void cluster::leave() {
  if (std::exchange(leaving_, true))
    return;
  if (up_)
    sign_on(sign::bye);
  leave_until_ = home_.now() + how_.leave_timeout;
  bus_->close([this] { put(closed{}); });
  set_timer();
}

} // namespace greenroom::cluster
