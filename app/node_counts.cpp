#include "app/node_counts.hpp"

#include <algorithm>

namespace greenroom::app {

all_counters counters_of(const metric_sources& from) {
  all_counters all;
  for (const auto* each : from.context->loops)
    all.push_back(&each->counters());
  if (from.main != nullptr)
    all.push_back(from.main);
  return all;
}

actor_sums sums_of(const all_counters& all, std::size_t kind, steady_time now) {
  actor_sums out;
  for (const auto* each : all) {
    const auto& part = each->actors[kind];
    out.crashes += part.crashes.value();
    out.restarts += part.restarts.value();
    out.escalations += part.escalations.value();
    out.slow_messages += part.slow_messages.value();
    out.mailbox_peak = std::max(out.mailbox_peak, part.mailbox.value(now));
  }
  return out;
}

bool is_gauged(std::size_t kind) {
  return actor_kinds[kind] == "room" || actor_kinds[kind] == "cluster";
}

} // namespace greenroom::app
