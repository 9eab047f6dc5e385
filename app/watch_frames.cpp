#include "app/watch_frames.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

#include "app/top_page.hpp"
#include "core/json_text.hpp"
#include "core/time_stamp.hpp"

namespace greenroom::app {

namespace {

/// Of a frame without what it is for, about.
constexpr std::size_t head_bytes = 1'024;
constexpr std::size_t body_bytes_max = frame_bytes_max - head_bytes;

/// Of the frames that peers send to each other.
constexpr std::string_view report_types[] = {"tree", "events", "figures"};

json_text frame(std::string_view type, const frame_source& of) {
  json_text out{'{'};
  out.text("type", type).text("node", of.node).text("run", of.run);
  return out;
}

/// `[…]` of some of what there is, as much as goes into a frame: one after the
/// other.
class list_parts {
public:
  void add(std::string_view json) {
    auto size = json.size() + 1;
    if (parts_.empty() || bytes_ + size > body_bytes_max) {
      parts_.emplace_back('[');
      bytes_ = 0;
    }
    parts_.back().json({}, json);
    bytes_ += size;
  }

  [[nodiscard]] std::vector<std::string> take() {
    if (parts_.empty())
      parts_.emplace_back('[');
    std::vector<std::string> out;
    for (auto& each : parts_)
      out.push_back(each.end());
    parts_.clear();
    return out;
  }

private:
  std::vector<json_text> parts_;
  std::size_t bytes_ = 0;
};

std::string counts_of(const all_counters& all, const metric_sources& from) {
  using c = loop_counters;
  auto total_of_each = [&](auto c::*member, std::size_t size) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < size; ++i)
      out += sum(
          all, [&](const c& in) -> const counter& { return (in.*member)[i]; });
    return out;
  };
  json_text out{'{'};
  out.number("messages", messages_in(all));
  out.number("deliveries",
             sum(all, &c::deliveries) + sum(all, &c::handed_over));
  out.number("bytes_in", sum(all, &c::bytes_in));
  out.number("bytes_out", sum(all, &c::bytes_out));
  out.number("flushes", sum(all, &c::flushes));
  out.number("opened", sum(all, &c::opened));
  out.number("closed", total_of_each(&c::closed, close_class_count));
  out.number("auth_failures", sum(all, &c::auth_failures));
  out.number("limits", total_of_each(&c::limits_hit, limit_count));
  out.number("skipped_bytes", sum(all, &c::skipped_bytes));
  out.number("repairs", sum(all, &c::log_repairs));
  actor_sums actors;
  for (std::size_t kind = 0; kind < actor_kind_count; ++kind) {
    auto of = sums_of(all, kind, from.now());
    actors.crashes += of.crashes;
    actors.restarts += of.restarts;
    actors.escalations += of.escalations;
  }
  out.number("crashes", actors.crashes).number("restarts", actors.restarts);
  out.number("escalations", actors.escalations);
  if (from.bus) {
    auto read = [](const std::atomic<std::uint64_t>& what) {
      return what.load(std::memory_order_relaxed);
    };
    out.number("bus_out", read(from.bus->published));
    out.number("bus_in", read(from.bus->received));
    out.number("gaps", read(from.bus->gaps));
    out.number("missed", read(from.bus->missed));
  }
  return out.number("log_dropped", from.log().dropped).end();
}

std::string latency_of(const all_counters& all) {
  constexpr std::uint64_t ns_per_us = 1'000;
  json_text bounds{'['};
  for (auto each : greenroom::bounds::of_time)
    bounds.number({}, each / ns_per_us);
  json_text out{'{'};
  out.json("bounds_us", bounds.end());
  for (std::size_t stage = 0; stage < stage_count; ++stage) {
    json_text buckets{'['};
    for (std::size_t i = 0; i < time_counter::size; ++i) {
      std::uint64_t count = 0;
      for (const auto* each : all)
        count += each->latency[stage].in_bucket(i);
      buckets.number({}, count);
    }
    out.json(stage_names[stage], buckets.end());
  }
  return out.end();
}

std::string memory_of(const all_counters& all) {
  json_text out{'{'};
  for (std::size_t kind = 0; kind < memory_kind_count; ++kind)
    out.number(memory_names[kind],
               level(all, [&](const loop_counters& in) -> const counter& {
                 return in.bytes[kind];
               }));
  return out.number("resident", resident_bytes().value_or(0)).end();
}

std::string mailboxes_of(const all_counters& all, const metric_sources& from) {
  json_text out{'{'};
  for (std::size_t kind = 0; kind < actor_kind_count; ++kind)
    if (is_gauged(kind))
      out.number(actor_kinds[kind],
                 sums_of(all, kind, from.now()).mailbox_peak);
  return out.end();
}

std::string list_of_tops(const std::vector<tops::row>& all) {
  json_text out{'['};
  for (std::size_t i = 0; i < std::min(all.size(), tops_told); ++i)
    out.json({}, json_text{'{'}
                     .text("name", all[i].name)
                     .rate("per_second", in_tenths(all[i].per_second))
                     .end());
  return out.end();
}

} // namespace

std::string hello_frame(const frame_source& of) {
  return frame("hello", of)
      .text("version", GREENROOM_VERSION)
      .text("now", time_stamp())
      .end();
}

std::vector<std::string> tree_frames(const frame_source& of,
                                     std::string_view at,
                                     std::vector<actors::tree_entry> actors) {
  list_parts lists;
  std::size_t members_bytes = 0;
  for (auto& each : actors) {
    for (const auto& who : each.some)
      members_bytes += who.user_id.size() + who.connection_id.size();
    if (members_bytes > members_bytes_max)
      each.some.clear();
    lists.add(json_of(each));
  }
  auto parts = lists.take();
  std::vector<std::string> out;
  for (const auto& each : parts)
    out.push_back(frame("tree", of)
                      .text("at", at)
                      .number("part", out.size())
                      .number("parts", parts.size())
                      .json("actors", each)
                      .end());
  return out;
}

std::vector<std::string> event_frames(const frame_source& of,
                                      tapped_lines what) {
  std::vector<std::string> out;
  auto next = what.first;
  auto begin = what.lines.cbegin();
  while (begin != what.lines.cend() || what.lost > 0) {
    json_text lines{'['};
    auto first = next;
    std::size_t bytes = 0;
    for (; begin != what.lines.cend(); ++begin, ++next) {
      bytes += begin->size() + 1;
      if (bytes > body_bytes_max)
        break;
      lines.json({}, *begin);
    }
    std::uint64_t lost = 0;
    if (begin == what.lines.cend())
      lost = std::exchange(what.lost, 0);
    else if (begin->size() >= body_bytes_max)
      ++begin, lost = 1;
    next += lost;
    out.push_back(frame("events", of)
                      .number("first", first)
                      .json("lines", lines.end())
                      .number("lost", lost)
                      .end());
  }
  return out;
}

std::string figures_frame(const frame_source& of, const metric_sources& from) {
  auto all = counters_of(from);
  const auto& context = *from.context;
  auto now = from.now();
  auto busy = tops_of(context.loops, now);
  auto bus = !from.bus ? "none" : from.bus_up() ? "up" : "down";
  return frame("figures", of)
      .text("at", time_stamp())
      .rate("seconds",
            std::chrono::duration<double>(now - from.started).count())
      .text("ready", from.why_not_ready())
      .text("bus", bus)
      .number("connections",
              context.connections.load(std::memory_order_relaxed))
      .number("rooms", context.rooms.load(std::memory_order_relaxed))
      .number("members", level(all, &loop_counters::members))
      .json("counts", counts_of(all, from))
      .json("latency", latency_of(all))
      .json("memory", memory_of(all))
      .json("mailboxes", mailboxes_of(all, from))
      .json("busiest", list_of_tops(busy.rooms))
      .json("slowest", list_of_tops(busy.members))
      .end();
}

bool is_report_of(std::string_view node, std::string_view frame) {
  return std::ranges::any_of(report_types, [&](std::string_view type) {
    auto head = json_text{'{'}.text("type", type).text("node", node).end();
    head.back() = ','; // It goes on.
    return frame.starts_with(head);
  });
}

std::string gone_frame(std::string_view node) {
  return json_text{'{'}.text("type", "gone").text("node", node).end();
}

} // namespace greenroom::app
