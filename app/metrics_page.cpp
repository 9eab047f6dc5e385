#include "app/metrics_page.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <optional>
#include <sstream>
#include <utility>

#include <prometheus/text_serializer.h>

#include "core/metrics.hpp"

namespace greenroom::app {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using labels = std::vector<ClientMetric::Label>;

// In the order of their enums.
constexpr const char* close_class_names[] = {"normal",   "lost", "protocol",
                                             "internal", "busy", "application"};
constexpr const char* limit_names[] = {
    "net.connections",      "limits.rooms",
    "rooms.members",        "limits.messages-per-second",
    "limits.message-bytes", "limits.unsent-bytes",
    "limits.room-mailbox"};
constexpr const char* request_names[] = {
    "ping",     "auth",    "join",  "leave",  "message", "typing",
    "presence", "history", "state", "resume", "raw"};
static_assert(std::size(close_class_names) == close_class_count);
static_assert(std::size(limit_names) == limit_count);
static_assert(std::size(request_names) == request_type_count);

double number(std::uint64_t value) {
  return static_cast<double>(value);
}

/// The families in the order of the table, each filled by what is added to it.
class families {
public:
  families() {
    for (const auto* each : metrics::all)
      all_.push_back(
          {std::string{each->name}, help_of(*each), type_of(each->type), {}});
  }

  void add(const metric& what, double value, labels which = {}) {
    ClientMetric to;
    to.label = std::move(which);
    if (what.type == metric_type::counter)
      to.counter.value = value;
    else
      to.gauge.value = value;
    family(what).metric.push_back(std::move(to));
  }

  /// What several loops have counted. `unit` is what a count is divided by.
  template <auto& Bounds>
  void add(const metric& what,
           const std::vector<const bucket_counter<Bounds>*>& parts, double unit,
           labels which = {}) {
    ClientMetric to;
    to.label = std::move(which);
    auto& out = to.histogram;
    for (std::size_t i = 0; i < bucket_counter<Bounds>::size; ++i) {
      for (const auto* part : parts)
        out.sample_count += part->in_bucket(i);
      auto bound = i < std::size(Bounds) ? number(Bounds[i]) / unit : INFINITY;
      out.bucket.push_back({out.sample_count, bound});
    }
    for (const auto* part : parts)
      out.sample_sum += number(part->sum()) / unit;
    family(what).metric.push_back(std::move(to));
  }

  [[nodiscard]] std::vector<MetricFamily> take() { return std::move(all_); }

private:
  MetricFamily& family(const metric& what) {
    for (std::size_t i = 0;; ++i)
      if (metrics::all[i] == &what)
        return all_[i];
  }

  static prometheus::MetricType type_of(metric_type type) {
    switch (type) {
    case metric_type::counter:
      return prometheus::MetricType::Counter;
    case metric_type::histogram:
      return prometheus::MetricType::Histogram;
    case metric_type::gauge:
      break;
    }
    return prometheus::MetricType::Gauge;
  }

  /// The table's sentence has Markdown's `code`.
  static std::string help_of(const metric& what) {
    std::string out{what.meaning};
    std::erase(out, '`');
    return out;
  }

  std::vector<MetricFamily> all_;
};

using loops = all_counters;

template <class Member, std::size_t N>
void add_each(families& to, const metric& what, const loops& all,
              const char* label, const char* const (&names)[N], Member member) {
  for (std::size_t i = 0; i < N; ++i)
    to.add(what,
           number(sum(all,
                      [&](const auto& in) -> const counter& {
                        return member(in)[i];
                      })),
           {{label, names[i]}});
}

constexpr double us_per_second = 1e6;
constexpr double ns_per_second = 1e9;

std::vector<const bucket_counter<bounds::of_time>*> times(const loops& all,
                                                          auto member) {
  std::vector<const bucket_counter<bounds::of_time>*> out;
  for (const auto* each : all)
    out.push_back(&member(*each));
  return out;
}

void add_clients(families& to, const loops& all) {
  using c = loop_counters;
  to.add(metrics::connections_opened, number(sum(all, &c::opened)));
  add_each(
      to, metrics::connections_closed, all, "class", close_class_names,
      [](const c& in) -> const auto& { return in.closed; });
  to.add(metrics::auth_failures, number(sum(all, &c::auth_failures)));
  to.add(metrics::admin_refusals, number(sum(all, &c::admin_refusals)));
  to.add(metrics::streams_refused, number(sum(all, &c::streams_refused)));
  to.add(metrics::streams_cut, number(sum(all, &c::streams_cut)));
  add_each(
      to, metrics::limits_hit, all, "limit", limit_names,
      [](const c& in) -> const auto& { return in.limits_hit; });
  add_each(
      to, metrics::requests, all, "type", request_names,
      [](const c& in) -> const auto& { return in.requests; });
  to.add(metrics::bad_requests, number(sum(all, &c::bad_requests)));
  auto deliveries = sum(all, &c::deliveries);
  to.add(metrics::messages, number(messages_in(all)), {{"way", "client_in"}});
  to.add(metrics::messages, number(deliveries + sum(all, &c::own_frames)),
         {{"way", "client_out"}});
  to.add(metrics::deliveries, number(deliveries + sum(all, &c::handed_over)));
  to.add(metrics::bytes, number(sum(all, &c::bytes_in)), {{"direction", "in"}});
  to.add(metrics::bytes, number(sum(all, &c::bytes_out)),
         {{"direction", "out"}});
  to.add(metrics::flushes, number(sum(all, &c::flushes)));
  std::vector<const bucket_counter<bounds::of_flush>*> sizes;
  for (const auto* each : all)
    sizes.push_back(&each->flush_messages);
  to.add(metrics::flush_messages, sizes, 1);
  to.add(metrics::skipped_bytes, number(sum(all, &c::skipped_bytes)));
  for (std::size_t i = 0; i < stage_count; ++i)
    to.add(metrics::latency,
           times(
               all, [&](const c& at) -> const auto& { return at.latency[i]; }),
           ns_per_second, {{"stage", stage_names[i]}});
  to.add(metrics::members, number(level(all, &c::members)));
  to.add(metrics::log_repairs, number(sum(all, &c::log_repairs)));
  to.add(metrics::log_turns, number(sum(all, &c::log_turns)));
}

void add_actors(families& to, const loops& all, const metric_sources& from) {
  auto now = from.now();
  for (std::size_t kind = 0; kind < actor_kind_count; ++kind) {
    labels which{{"kind", std::string{actor_kinds[kind]}}};
    auto of = sums_of(all, kind, now);
    to.add(metrics::actor_crashes, number(of.crashes), which);
    to.add(metrics::actor_restarts, number(of.restarts), which);
    to.add(metrics::actor_escalations, number(of.escalations), which);
    to.add(metrics::slow_messages, number(of.slow_messages), which);
    if (is_gauged(kind))
      to.add(metrics::mailbox_peak, number(of.mailbox_peak), which);
  }
  if (const auto* box = from.cluster_mailbox) {
    to.add(metrics::cluster_mailbox, number(box->depth()));
    to.add(metrics::cluster_mailbox_age,
           std::chrono::duration<double>(box->age()).count());
  }
  to.add(metrics::busy_refusals,
         number(from.context->refused_by_busy_rooms.load(
             std::memory_order_relaxed)));
  to.add(metrics::quarantined, number(from.context->quarantined.count()));
}

void add_loops(families& to, const std::vector<actors::loop*>& of) {
  for (std::size_t i = 0; i < of.size(); ++i) {
    labels which{{"loop", std::to_string(i)}};
    const auto& counts = of[i]->counters();
    to.add(metrics::loop_turns, number(of[i]->turns()), which);
    to.add<bounds::of_time>(metrics::loop_turn_time, {&counts.turn_time},
                            ns_per_second, which);
    to.add<bounds::of_time>(metrics::loop_lag, {&counts.lag}, ns_per_second,
                            which);
  }
}

void add_memory(families& to, const loops& all) {
  for (std::size_t i = 0; i < memory_kind_count; ++i)
    to.add(metrics::memory,
           number(level(
               all,
               [&](const auto& in) -> const counter& { return in.bytes[i]; })),
           {{"kind", memory_names[i]}});
}

void add_bus(families& to, const cluster::counters& bus, bool is_up,
             const loops& all) {
  auto read = [](const std::atomic<std::uint64_t>& what) {
    return number(what.load(std::memory_order_relaxed));
  };
  to.add(metrics::messages, read(bus.received), {{"way", "peer_in"}});
  to.add(metrics::messages, read(bus.published), {{"way", "peer_out"}});
  to.add(metrics::bus_up, is_up ? 1 : 0);
  to.add(metrics::bus_peers, read(bus.peers));
  to.add(metrics::bus_echo,
         times(
             all, [](const auto& in) -> const auto& { return in.bus_echo; }),
         ns_per_second);
  to.add(metrics::bus_gaps, read(bus.gaps));
  to.add(metrics::bus_missed, read(bus.missed));
  to.add(metrics::bus_duplicates, read(bus.duplicates));
  to.add(metrics::bus_dropped, read(bus.dropped));
  to.add(metrics::bus_rejected, read(bus.rejected));
  to.add(metrics::bus_reconnects, read(bus.reconnects));
  to.add(metrics::reports_dropped, read(bus.reports_dropped));
  to.add(metrics::watchers_refused, read(bus.watchers_refused));
}

void add_store(families& to, const char* name, const store_statistics& of) {
  labels which{{"store", name}};
  auto verdict = [&](const char* is) {
    return labels{{"store", name}, {"verdict", is}};
  };
  to.add(metrics::store_logs, number(of.open), which);
  to.add(metrics::store_appends, number(of.accepted), verdict("accepted"));
  to.add(metrics::store_appends, number(of.duplicates), verdict("duplicate"));
  to.add(metrics::store_appends, number(of.conflicts), verdict("conflict"));
  to.add(metrics::store_appends, number(of.unavailable),
         verdict("unavailable"));
  to.add(metrics::store_reads, number(of.reads), verdict("done"));
  to.add(metrics::store_reads, number(of.reads_refused), verdict("refused"));
  to.add(metrics::store_waiting, number(of.waiting), which);
  to.add(metrics::store_keys, number(of.keys_set), which);
  to.add(metrics::store_commits, number(of.commits), which);
  to.add(metrics::store_commit_time, number(of.commit_us) / us_per_second,
         which);
  to.add(metrics::store_failures, number(of.failures), which);
}

void add_log(families& to, const log_counts& of) {
  to.add(metrics::log_lines, number(of.written), {{"fate", "written"}});
  to.add(metrics::log_lines, number(of.dropped), {{"fate", "dropped"}});
  to.add(metrics::log_lines, number(of.held_back), {{"fate", "held_back"}});
}

// -- the process --------------------------------------------------------------

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  auto seconds = [](const timeval& at) {
    return static_cast<double>(at.tv_sec)
           + static_cast<double>(at.tv_usec) / us_per_second;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// Counting them one by one takes long where they are many.
constexpr std::uint32_t counted_connections_max = 1'000;

std::optional<double> open_descriptors(std::uint32_t connections) {
  struct stat is {};
  if (::stat("/proc/self/fd", &is) != 0)
    return {};
  if (is.st_size > 0) // Linux 6.2 and newer.
    return static_cast<double>(is.st_size);
  if (connections > counted_connections_max)
    return {};
  auto* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr)
    return {};
  double count = -1; // That of the folder itself.
  while (const auto* each = ::readdir(folder))
    count += each->d_name[0] == '.' ? 0 : 1;
  ::closedir(folder);
  return count;
}

void add_process(families& to, std::uint32_t connections) {
  if (auto bytes = resident_bytes())
    to.add(metrics::process_memory, number(*bytes));
  to.add(metrics::process_cpu, cpu_seconds());
  if (auto open = open_descriptors(connections))
    to.add(metrics::process_fds, *open);
  rlimit most{};
  if (::getrlimit(RLIMIT_NOFILE, &most) == 0)
    to.add(metrics::process_fds_max, number(most.rlim_cur));
}

} // namespace

metrics_page::metrics_page(metric_sources from)
  : from_(std::move(from)), started_(std::chrono::system_clock::now()) {}

std::vector<MetricFamily> metrics_page::Collect() const {
  const auto& context = *from_.context;
  auto all = counters_of(from_);
  families to;
  auto connections = context.connections.load(std::memory_order_relaxed);
  to.add(metrics::connections, number(connections));
  to.add(metrics::rooms, number(context.rooms.load(std::memory_order_relaxed)));
  to.add(metrics::ready, from_.why_not_ready().empty() ? 1 : 0);
  to.add(metrics::connections_max, number(context.config.net.connections));
  to.add(metrics::rooms_max, number(context.config.limits.rooms));
  add_clients(to, all);
  add_actors(to, all, from_);
  add_loops(to, context.loops);
  add_memory(to, all);
  if (from_.bus)
    add_bus(to, *from_.bus, from_.bus_up(), all);
  add_store(to, "memory", context.passing.statistics());
  if (context.kept)
    add_store(to, "sqlite", context.kept->statistics());
  if (context.shared)
    add_store(to, "redis", context.shared->statistics());
  add_log(to, from_.log());
  add_process(to, connections);
  to.add(metrics::process_started,
         std::chrono::duration<double>(started_.time_since_epoch()).count());
  to.add(metrics::build, 1, {{"version", GREENROOM_VERSION}});
  return to.take();
}

std::string metrics_page::text() const {
  std::ostringstream out;
  prometheus::TextSerializer{}.Serialize(out, Collect());
  return std::move(out).str();
}

} // namespace greenroom::app
