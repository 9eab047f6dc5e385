#include "app/top_page.hpp"

#include <algorithm>
#include <cmath>

#include "core/events.hpp"
#include "core/json_text.hpp"
#include "core/json_writer.hpp"

namespace greenroom::app {

namespace {

using row = tops::row;

/// A room lives on one loop and a member, too: nothing is to be added up.
void take(std::vector<row>& into,
          const std::vector<top_lists::list::entry>& from, double seconds) {
  for (const auto& each : from)
    into.push_back({each.name, each.count, each.error,
                    static_cast<double>(each.count) / seconds});
}

void keep_largest(std::vector<row>& of) {
  std::stable_sort(of.begin(), of.end(), [](const row& a, const row& b) {
    return a.per_second > b.per_second;
  });
  of.resize(std::min(of.size(), top_lists::list::places));
}

} // namespace

tops tops_of(const std::vector<actors::loop*>& loops, steady_time now) {
  tops out;
  for (const auto* each : loops) {
    auto part = each->tops().read(now);
    auto seconds =
        std::chrono::duration<double>(part.ended - part.began).count();
    if (seconds <= 0)
      continue;
    out.seconds = std::max(out.seconds, seconds);
    take(out.rooms, part.rooms, seconds);
    take(out.members, part.members, seconds);
  }
  keep_largest(out.rooms);
  keep_largest(out.members);
  return out;
}

double in_tenths(double value) {
  return std::round(value * 10) / 10;
}

namespace {

std::string json_of(const std::vector<row>& all, std::string_view unit) {
  return list_of(all, [&](const row& each) {
    return json_text{'{'}
        .text("name", each.name)
        .number(unit, each.count)
        .number("error", each.error)
        .rate("per_second", in_tenths(each.per_second))
        .end();
  });
}

std::string actors_of(const metric_sources& from, steady_time now) {
  auto counted = counters_of(from);
  json_text out{'['};
  for (std::size_t kind = 0; kind < actor_kind_count; ++kind) {
    auto of = sums_of(counted, kind, now);
    json_text one{'{'};
    one.text("kind", actor_kinds[kind]).number("crashes", of.crashes);
    one.number("restarts", of.restarts).number("escalations", of.escalations);
    one.number("slow_messages", of.slow_messages);
    if (is_gauged(kind))
      one.number("mailbox_peak", of.mailbox_peak);
    out.json({}, one.end());
  }
  return out.end();
}

std::string as_text(const std::vector<row>& of) {
  std::string out;
  for (std::size_t i = 0; i < std::min(of.size(), tops_told); ++i) {
    out += (i == 0 ? "" : ", ") + of[i].name + '=';
    append_json_double(out, in_tenths(of[i].per_second));
  }
  return out;
}

} // namespace

std::string top_json(const metric_sources& from) {
  auto now = from.now();
  auto all = tops_of(from.context->loops, now);
  auto refused =
      from.context->refused_by_busy_rooms.load(std::memory_order_relaxed);
  return json_text{'{'}
             .rate("seconds", in_tenths(all.seconds))
             .json("rooms", json_of(all.rooms, "messages"))
             .json("members", json_of(all.members, "skipped_bytes"))
             .json("actors", actors_of(from, now))
             .number("busy_room_refusals", refused)
             .number("quarantined_messages", from.context->quarantined.count())
             .end()
         + '\n';
}

void tell_busiest(const std::vector<actors::loop*>& loops, steady_time now) {
  if (!log::wants(events::rooms_busiest.importance))
    return;
  auto all = tops_of(loops, now);
  if (all.rooms.empty() && all.members.empty())
    return;
  log::emit(events::rooms_busiest, {{"busiest", as_text(all.rooms)},
                                    {"slowest", as_text(all.members)},
                                    {"seconds", in_tenths(all.seconds)}});
}

} // namespace greenroom::app
