#include "app/top_page.hpp"

#include <algorithm>
#include <cmath>

#include "core/events.hpp"
#include "core/json_writer.hpp"

namespace greenroom::app {

namespace {

/// Of so many the log tells.
constexpr std::size_t told_max = 10;

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

namespace {

/// What is said in tenths is precise enough.
double rounded(double value) {
  return std::round(value * 10) / 10;
}

void append_list(std::string& out, const std::vector<row>& of,
                 std::string_view what, std::string_view unit) {
  out += '"';
  out += what;
  out += "\":[";
  for (const auto& each : of) {
    out += &each == of.data() ? "{\"name\":" : ",{\"name\":";
    append_json_string(out, each.name);
    out += ",\"";
    out += unit;
    out += "\":";
    append_json_natural(out, each.count);
    out += ",\"error\":";
    append_json_natural(out, each.error);
    out += ",\"per_second\":";
    append_json_double(out, rounded(each.per_second));
    out += '}';
  }
  out += ']';
}

void append_actors(std::string& out, const metric_sources& from,
                   steady_time now) {
  auto counted = counters_of(from);
  auto append = [&](std::string_view name, std::uint64_t value) {
    out += ",\"";
    out += name;
    out += "\":";
    append_json_natural(out, value);
  };
  out += "\"actors\":[";
  for (std::size_t kind = 0; kind < actor_kind_count; ++kind) {
    auto of = sums_of(counted, kind, now);
    out += kind == 0 ? "{\"kind\":" : ",{\"kind\":";
    append_json_string(out, actor_kinds[kind]);
    append("crashes", of.crashes);
    append("restarts", of.restarts);
    append("escalations", of.escalations);
    append("slow_messages", of.slow_messages);
    if (is_gauged(kind))
      append("mailbox_peak", of.mailbox_peak);
    out += '}';
  }
  out += ']';
  append("busy_room_refusals",
         from.context->refused_by_busy_rooms.load(std::memory_order_relaxed));
  append("quarantined_messages", from.context->quarantined.count());
}

std::string as_text(const std::vector<row>& of) {
  std::string out;
  for (std::size_t i = 0; i < std::min(of.size(), told_max); ++i) {
    out += (i == 0 ? "" : ", ") + of[i].name + '=';
    append_json_double(out, rounded(of[i].per_second));
  }
  return out;
}

} // namespace

std::string top_json(const metric_sources& from) {
  auto now = from.now();
  auto all = tops_of(from.context->loops, now);
  std::string out = "{\"seconds\":";
  append_json_double(out, rounded(all.seconds));
  out += ',';
  append_list(out, all.rooms, "rooms", "messages");
  out += ',';
  append_list(out, all.members, "members", "skipped_bytes");
  out += ',';
  append_actors(out, from, now);
  return out + "}\n";
}

void tell_busiest(const std::vector<actors::loop*>& loops, steady_time now) {
  if (!log::wants(events::rooms_busiest.importance))
    return;
  auto all = tops_of(loops, now);
  if (all.rooms.empty() && all.members.empty())
    return;
  log::emit(events::rooms_busiest, {{"busiest", as_text(all.rooms)},
                                    {"slowest", as_text(all.members)},
                                    {"seconds", rounded(all.seconds)}});
}

} // namespace greenroom::app
