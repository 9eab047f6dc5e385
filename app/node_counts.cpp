#include "app/node_counts.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace greenroom::app {

all_counters counters_of(const metric_sources& from) {
  all_counters all;
  for (const auto* each : from.context->loops)
    all.push_back(&each->counters());
  if (from.main != nullptr)
    all.push_back(from.main);
  return all;
}

std::uint64_t messages_in(const all_counters& all) {
  using c = loop_counters;
  auto in = sum(all, &c::bad_requests);
  for (std::size_t i = 0; i < request_type_count; ++i)
    in += sum(
        all, [&](const c& at) -> const auto& { return at.requests[i]; });
  return in;
}

std::optional<std::uint64_t> resident_bytes() {
  auto* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr)
    return {};
  unsigned long pages = 0;
  bool found = std::fscanf(file, "%*u %lu", &pages) == 1;
  std::fclose(file);
  if (!found)
    return {};
  return std::uint64_t{pages}
         * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
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
