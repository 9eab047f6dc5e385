#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/context.hpp"
#include "app/log_sink.hpp"
#include "cluster/cluster.hpp"
#include "core/loop_counters.hpp"
#include "core/mailbox_gauge.hpp"

namespace greenroom::app {

/// What the numbers of a node are read from. All of it may be read while the
/// loops run, and outlives them.
struct metric_sources {
  actors::context_ptr context;
  const loop_counters* main = nullptr; ///< Of the main thread.
  std::function<steady_time()> now;
  steady_time started{};
  std::function<log_counts()> log;
  std::function<std::string()> why_not_ready; ///< Empty: it is.

  // -- null without a cluster
  std::shared_ptr<const cluster::counters> bus;
  std::function<bool()> bus_up;
  const mailbox_gauge* cluster_mailbox = nullptr;
};

/// Of all threads that count.
using all_counters = std::vector<const loop_counters*>;

[[nodiscard]] all_counters counters_of(const metric_sources& from);

/// Of what `member` finds in each: a member of them, or a function.
template <class Member>
[[nodiscard]] std::uint64_t sum(const all_counters& all, Member member) {
  std::uint64_t out = 0;
  for (const auto* each : all)
    out += std::invoke(member, *each).value();
  return out;
}

/// Of what comes and goes: not below 0, where a loop was read between the two.
template <class Member>
[[nodiscard]] std::uint64_t level(const all_counters& all, Member member) {
  auto value = static_cast<std::int64_t>(sum(all, member));
  return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
}

/// From clients.
[[nodiscard]] std::uint64_t messages_in(const all_counters& all);

/// Of the process; nothing, where it cannot be told.
[[nodiscard]] std::optional<std::uint64_t> resident_bytes();

// In the order of their enums.
inline constexpr const char* stage_names[] = {"accepted", "sequenced", "bus",
                                              "fan_out", "written"};
inline constexpr const char* memory_names[] = {"frames", "outboxes", "logs",
                                               "remembered", "state"};
static_assert(std::size(stage_names) == stage_count);
static_assert(std::size(memory_names) == memory_kind_count);

/// What became of the actors of one kind, on all loops.
struct actor_sums {
  std::uint64_t crashes = 0;
  std::uint64_t restarts = 0;
  std::uint64_t escalations = 0;
  std::uint64_t slow_messages = 0;
  std::uint64_t mailbox_peak = 0; ///< The largest.
};

/// `kind` is a place in `actor_kinds`.
[[nodiscard]] actor_sums sums_of(const all_counters& all, std::size_t kind,
                                 steady_time now);

/// How much waits for them is known.
[[nodiscard]] bool is_gauged(std::size_t kind);

} // namespace greenroom::app
