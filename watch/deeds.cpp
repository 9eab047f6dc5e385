#include "watch/deeds.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <string>

#include "core/events.hpp"

namespace greenroom::watch {

namespace {

/// The one that makes place for another: what was last heard of longest ago.
template <class Items, class Age>
void make_place(Items& in, std::size_t most, Age age) {
  if (in.size() >= most)
    in.erase(std::ranges::min_element(in, {}, age));
}

/// `name=12.5`, and behind it the rest. A name may hold anything, so the last
/// `=` before a number and a separator counts.
std::optional<told_rate> take_rate(std::string_view& text) {
  constexpr std::string_view number = "0123456789.eE+-";
  for (auto sign = text.find('='); sign != text.npos;
       sign = text.find('=', sign + 1)) {
    auto end = std::min(text.find_first_not_of(number, sign + 1), text.size());
    told_rate found{kept(text.substr(0, sign)), 0};
    auto* last = text.data() + end;
    auto [stop, failed] =
        std::from_chars(text.data() + sign + 1, last, found.per_second);
    bool ends = end == text.size() || text[end] == ',' || text[end] == ' ';
    if (failed != std::errc{} || stop != last || !ends)
      continue;
    auto next = std::min(text.find_first_not_of(", ", end), text.size());
    text.remove_prefix(next);
    return found;
  }
  return {};
}

std::vector<told_rate> rates_in(std::string_view text) {
  std::vector<told_rate> all;
  while (all.size() < bounds::busiest)
    if (auto next = take_rate(text))
      all.push_back(std::move(*next));
    else
      break;
  return all;
}

} // namespace

struct deeds::row {
  std::string_view event;
  deed what;
};

struct deeds::all {
  // -- the node
  static void starting(life& its, const event_line& line, actor*) {
    its.has_started_ = true;
    its.is = life::phase::starting;
    its.version = kept(line.text("version"));
    its.pid = line.count("pid");
    its.loops = line.count("loops");
  }

  static void ready(life& its, const event_line&, actor*) {
    its.is = life::phase::ready;
  }

  static void stopping(life& its, const event_line&, actor*) {
    its.is = life::phase::stopping;
  }

  static void stopped(life& its, const event_line& line, actor*) {
    its.is = life::phase::stopped;
    its.end_all(line.at);
  }

  // -- actors
  static void spawned(life& its, const event_line& line, actor* who) {
    if (who == nullptr)
      return;
    who->since = line.at;
    if (line.kind == connection_kind)
      ++its.connected_;
  }

  static void exited(life& its, const event_line& line, actor*) {
    if (line.kind == connection_kind)
      ++its.disconnected_;
    its.end(line.actor, line.at, line.text("reason"));
  }

  static void crashed(life& its, const event_line& line, actor* who) {
    ++its.crashed;
    crash what{line.at,
               line.actor,
               kept(line.kind),
               kept(line.name),
               kept(line.text("reason")),
               kept(line.text("message")),
               {}};
    if (who != nullptr)
      its.set(*who, actor_state::crashed, line.at, what.reason);
    push_bounded(its.crashes, std::move(what), bounds::crashes);
  }

  static void restarted(life& its, const event_line& line, actor* who) {
    ++its.restarts;
    if (who != nullptr)
      who->restarts = line.count("restarts");
    its.goes_on(line.actor, line.at);
  }

  static void escalated(life& its, const event_line& line, actor* who) {
    ++its.escalated;
    if (who == nullptr)
      return;
    who->restarts = line.count("restarts");
    its.set(*who, actor_state::escalated, line.at, line.text("cause"));
  }

  static void flight(life& its, const event_line& line, actor*) {
    auto last =
        std::find_if(its.crashes.rbegin(), its.crashes.rend(),
                     [&](const crash& each) { return each.id == line.actor; });
    if (last != its.crashes.rend()
        && last->flight.size() < bounds::flight_entries)
      last->flight.push_back({line.count("age_us"), kept(line.text("what"))});
  }

  static void deep(life&, const event_line& line, actor* who) {
    if (who != nullptr)
      who->mailbox = line.count("depth");
  }

  static void drained(life&, const event_line&, actor* who) {
    if (who != nullptr)
      who->mailbox = 0;
  }

  // -- who has much to do
  static void busiest(life& its, const event_line& line, actor*) {
    its.busiest_at = line.at;
    its.busiest = rates_in(line.text("busiest"));
    its.slowest = rates_in(line.text("slowest"));
  }

  static void lagging(life& its, const event_line& line, actor*) {
    auto room = kept(line.text("room"));
    auto connection = kept(line.text("connection"));
    auto found = std::ranges::find_if(its.slow, [&](const slow_member& each) {
      return each.room == room && each.connection == connection;
    });
    if (found == its.slow.end()) {
      make_place(its.slow, bounds::slow_members, &slow_member::last);
      found = its.slow.insert(its.slow.end(), {room, connection, 0, 0, 0});
    }
    ++found->times;
    found->dropped_bytes += line.count("dropped_bytes");
    found->last = line.at;
  }

  // -- whom it is connected to
  static void link(life& its, const event_line& line, bus_link::state to) {
    auto endpoint = kept(line.text("endpoint"));
    if (!its.links.contains(endpoint))
      make_place(its.links, bounds::links,
                 [](const auto& each) { return each.second.since; });
    auto& of = its.links[endpoint];
    // It tries again and again: down since the first time.
    if (to == bus_link::state::connecting && of.is == bus_link::state::down)
      return;
    if (of.is != to || of.since == 0)
      of.since = line.at;
    of.is = to;
    of.why = to == bus_link::state::down ? kept(line.text("reason")) : "";
  }

  static void connecting(life& its, const event_line& line, actor*) {
    link(its, line, bus_link::state::connecting);
  }
  static void bus_up(life& its, const event_line& line, actor*) {
    link(its, line, bus_link::state::up);
  }
  static void bus_down(life& its, const event_line& line, actor*) {
    link(its, line, bus_link::state::down);
  }

  static void master(life& its, const event_line& line, actor*) {
    if (auto found = its.links.find(line.text("was")); found != its.links.end())
      its.links.erase(found);
  }

  static void peer_is(life& its, const event_line& line, bool is_here,
                      const char* how) {
    auto name = kept(line.text("peer"));
    if (!its.peers.contains(name))
      make_place(its.peers, bounds::peers,
                 [](const auto& each) { return each.second.since; });
    its.peers[name] = {is_here, how, line.at};
  }

  static void peer_joined(life& its, const event_line& line, actor*) {
    peer_is(its, line, true, "joined");
  }
  static void peer_left(life& its, const event_line& line, actor*) {
    peer_is(its, line, false, "left");
  }
  static void peer_lost(life& its, const event_line& line, actor*) {
    peer_is(its, line, false, "lost");
  }
  static void peer_duplicate(life& its, const event_line& line, actor*) {
    peer_is(its, line, true, "duplicate");
  }

  static void store_failed(life& its, const event_line& line, actor*) {
    its.store_failure = kept(line.text("reason"));
  }
  static void store_recovered(life& its, const event_line&, actor*) {
    its.store_failure.clear();
  }

  // -- what was not told
  static void limited(life& its, const event_line& line, actor*) {
    auto of = line.text("of");
    auto lines = line.count("held_back");
    if (its.held_back.size() < bounds::held_back || its.held_back.contains(of))
      its.held_back[kept(of)] += lines;
    // Of actors, only connections are held back.
    if (of == events::actor_spawned.name)
      its.connected_ += lines;
    else if (of == events::actor_exited.name)
      its.disconnected_ += lines;
    its.drop_connections();
  }

  static const row rows[];
};

const deeds::row deeds::all::rows[] = {
    {events::node_starting.name, starting},
    {events::node_ready.name, ready},
    {events::node_stopping.name, stopping},
    {events::node_stopped.name, stopped},
    {events::actor_spawned.name, spawned},
    {events::actor_exited.name, exited},
    {events::actor_crashed.name, crashed},
    {events::actor_restarted.name, restarted},
    {events::actor_escalated.name, escalated},
    {events::actor_flight.name, flight},
    {events::mailbox_deep.name, deep},
    {events::mailbox_drained.name, drained},
    {events::rooms_busiest.name, busiest},
    {events::member_lagging.name, lagging},
    {events::bus_connecting.name, connecting},
    {events::bus_up.name, bus_up},
    {events::bus_down.name, bus_down},
    {events::redis_master.name, master},
    {events::peer_joined.name, peer_joined},
    {events::peer_left.name, peer_left},
    {events::peer_lost.name, peer_lost},
    {events::peer_duplicate.name, peer_duplicate},
    {events::store_failed.name, store_failed},
    {events::store_recovered.name, store_recovered},
    {events::log_limited.name, limited},
};

deeds::deed deeds::of(std::string_view event) {
  auto found = std::ranges::find(all::rows, event, &row::event);
  return found == std::end(all::rows) ? nullptr : found->what;
}

} // namespace greenroom::watch
