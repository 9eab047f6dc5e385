#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
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
  std::function<log_counts()> log;

  // -- null without a cluster
  std::shared_ptr<const cluster::counters> bus;
  std::function<bool()> bus_up;
  const mailbox_gauge* cluster_mailbox = nullptr;
};

/// Of all threads that count.
using all_counters = std::vector<const loop_counters*>;

[[nodiscard]] all_counters counters_of(const metric_sources& from);

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
