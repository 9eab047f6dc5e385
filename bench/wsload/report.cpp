#include "bench/wsload/report.hpp"

#include <cmath>
#include <cstdio>
#include <vector>

namespace greenroom::bench {

namespace {

class json_object {
public:
  json_object& text(const char* key, const std::string& value) {
    begin(key) += '"';
    for (char c : value) {
      if (c == '"' || c == '\\')
        text_ += '\\';
      if (static_cast<unsigned char>(c) >= 0x20)
        text_ += c;
    }
    text_ += '"';
    return *this;
  }

  json_object& real(const char* key, double value, int digits = 3) {
    char digits_text[64];
    std::snprintf(digits_text, sizeof digits_text, "%.*f", digits,
                  std::isfinite(value) ? value : 0.0);
    begin(key) += digits_text;
    return *this;
  }

  json_object& reals(const char* key, const std::vector<double>& values) {
    std::string list;
    for (double value : values) {
      char text[64];
      std::snprintf(text, sizeof text, "%s%.6f", list.empty() ? "" : ",",
                    std::isfinite(value) ? value : 0.0);
      list += text;
    }
    begin(key).append("[").append(list).append("]");
    return *this;
  }

  template <class Integer>
  json_object& whole(const char* key, Integer value) {
    begin(key) += std::to_string(value);
    return *this;
  }

  [[nodiscard]] std::string done() const { return '{' + text_ + '}'; }

private:
  std::string& begin(const char* key) {
    if (!text_.empty())
      text_ += ',';
    return text_.append("\"").append(key).append("\":");
  }

  std::string text_;
};

double microseconds(std::uint64_t ns) {
  return static_cast<double>(ns) * 1e-3;
}

/// A share of the CPU time `cpu_s` in microseconds; 0 of nothing.
double each_us(double cpu_s, std::uint64_t count) {
  return count == 0 ? 0 : cpu_s * 1e6 / static_cast<double>(count);
}

double bytes_each(std::uint64_t kb_before, std::uint64_t kb_after, int count) {
  return (static_cast<double>(kb_after) - static_cast<double>(kb_before)) * 1024
         / count;
}

const char* name_of(run_mode m) {
  static constexpr const char* names[] = {"fanout", "rooms", "rtt", "idle"};
  return names[static_cast<int>(m)];
}

void add_workload(json_object& to, const options& opt) {
  to.text("label", opt.label).text("mode", name_of(opt.mode));
  to.whole("conns", opt.connections).whole("rooms", opt.rooms);
  to.whole("senders", opt.senders).whole("size", opt.size);
  to.real("rate", opt.rate).whole("window", opt.window);
}

void add_connecting(json_object& to, const options& opt,
                    const measurement& what) {
  const auto& handshake = what.counted.handshake;
  to.real("window_s", what.window_s).real("connect_s", what.connect_s);
  to.real("connects_per_s", opt.connections / what.connect_s, 0);
  to.real("handshake_p50_us", microseconds(handshake.quantile(.5)), 1);
  to.real("handshake_p99_us", microseconds(handshake.quantile(.99)), 1);
}

void add_deliveries(json_object& to, const measurement& what) {
  const auto& t = what.counted;
  const auto received = static_cast<double>(t.received_in_window);
  const auto calls = static_cast<double>(t.recv_calls_in_window);
  to.whole("sent", t.sent).whole("sent_in_window", t.sent_in_window);
  to.whole("deliveries_in_window", t.received_in_window);
  to.real("deliveries_per_s", received / what.window_s, 0);
  to.real("bytes_per_s", static_cast<double>(t.bytes_in_window) / what.window_s,
          0);
  to.real("messages_per_recv", calls > 0 ? received / calls : 0);
  to.whole("expected", t.expected).whole("received", t.received);
  to.whole("lost", t.lost()).whole("duplicated", t.duplicated);
  to.whole("reordered", t.reordered).whole("wrong_room", t.wrong_room);
  to.whole("compressed", t.compressed);
  to.whole("own_echo", t.own).whole("stale_run", t.stale_run);
  to.whole("other_messages", t.other).whole("closed_by_server", t.closed);
  to.whole("pings", t.pings).whole("answered", what.answered);
}

void add_latency(json_object& to, const options& opt, const totals& t) {
  auto quantile = [&](const char* key, double q) {
    to.real(key, microseconds(t.latency.quantile(q)), 1);
  };
  to.text("latency_kind", opt.mode == run_mode::round_trip
                              ? "round trip"
                              : "scheduled send to receipt");
  to.whole("latency_samples", t.latency.count());
  quantile("p50_us", .5);
  quantile("p90_us", .9);
  quantile("p99_us", .99);
  quantile("p999_us", .999);
  to.real("max_us", microseconds(t.latency.max()), 1);
  to.real("send_lag_p99_us", microseconds(t.lag.quantile(.99)), 1);
  to.whole("blocked_sends", t.blocked_sends);
}

void add_server(json_object& to, const options& opt, const measurement& what) {
  if (opt.server_pids.empty())
    return;
  const auto& before = what.server_before;
  const auto& begin = what.server_at_begin;
  const auto& end = what.server_at_end;
  to.real("server_cpu_s", what.server_cpu_s(), 4);
  std::vector<double> each = end.run_s_each;
  for (std::size_t i = 0; i < each.size(); ++i)
    each[i] -= begin.run_s_each[i];
  to.reals("server_cpu_s_each", each);
  to.real("server_user_s", end.user_s - begin.user_s, 2);
  to.real("server_sys_s", end.system_s - begin.system_s, 2);
  to.real("server_cpu_share", what.server_cpu_s() / what.window_s);
  to.real("server_cpu_us_per_delivery",
          each_us(what.server_cpu_s(), what.counted.received_in_window));
  to.whole("server_threads", end.threads);
  to.real("server_connect_cpu_us",
          (what.server_connected.cpu_s() - before.cpu_s()) * 1e6
              / opt.connections,
          1);
  to.whole("server_rss_kb_before", before.rss_kb);
  to.whole("server_rss_kb", end.rss_kb);
  to.whole("server_peak_rss_kb", end.peak_rss_kb);
  if (opt.mode == run_mode::idle) {
    to.whole("server_pss_kb_before", before.pss_kb);
    to.whole("server_pss_kb", end.pss_kb);
    to.real("rss_bytes_per_conn",
            bytes_each(before.rss_kb, end.rss_kb, opt.connections), 0);
    to.real("pss_bytes_per_conn",
            bytes_each(before.pss_kb, end.pss_kb, opt.connections), 0);
  }
  if (!begin.ok || !end.ok)
    to.text("server_note", "a server process went away");
}

void add_generator(json_object& to, const options& opt,
                   const measurement& what) {
  to.real("tcp_buffer_pages_delta",
          static_cast<double>(what.tcp_pages_after)
              - static_cast<double>(what.tcp_pages_before),
          0);
  to.real("generator_cpu_s", what.generator_cpu_s);
  to.real("generator_cpu_share",
          what.generator_cpu_s / what.window_s / opt.threads);
  to.real("generator_cpu_us_per_delivery",
          each_us(what.generator_cpu_s, what.counted.received_in_window));
}

} // namespace

std::string to_json(const options& opt, const measurement& what) {
  json_object object;
  add_workload(object, opt);
  add_connecting(object, opt, what);
  add_deliveries(object, what);
  add_latency(object, opt, what.counted);
  add_server(object, opt, what);
  add_generator(object, opt, what);
  return object.done();
}

std::string to_text(const options& opt, const measurement& what) {
  const auto& t = what.counted;
  auto us = [&](double q) {
    return microseconds(t.latency.quantile(q));
  };
  auto count = [](std::uint64_t n) {
    return static_cast<unsigned long long>(n);
  };
  char text[640];
  std::snprintf(
      text, sizeof text,
      "%-14s %-6s %8.0f dlv/s  p50 %8.1f  p99 %8.1f  p99.9 %8.1f  max %9.1f us"
      " | server %.2f cpu, %.2f us/dlv, rss %.1f MB"
      " | gen %.2f cpu, %.2f us/dlv"
      " | lost %llu dup %llu reord %llu echo %llu closed %llu\n",
      opt.label.c_str(), name_of(opt.mode),
      static_cast<double>(t.received_in_window) / what.window_s, us(.5),
      us(.99), us(.999), microseconds(t.latency.max()),
      what.server_cpu_s() / what.window_s,
      each_us(what.server_cpu_s(), t.received_in_window),
      static_cast<double>(what.server_at_end.peak_rss_kb) / 1024,
      what.generator_cpu_s / what.window_s,
      each_us(what.generator_cpu_s, t.received_in_window), count(t.lost()),
      count(t.duplicated), count(t.reordered), count(t.own), count(t.closed));
  std::string result = text;
  if (opt.mode == run_mode::idle) {
    const auto& before = what.server_before;
    const auto& end = what.server_at_end;
    std::snprintf(text, sizeof text,
                  "%-14s %d connections in %.2f s (%.0f/s), "
                  "%.0f bytes RSS and %.0f bytes PSS each\n",
                  opt.label.c_str(), opt.connections, what.connect_s,
                  opt.connections / what.connect_s,
                  bytes_each(before.rss_kb, end.rss_kb, opt.connections),
                  bytes_each(before.pss_kb, end.pss_kb, opt.connections));
    result += text;
  }
  return result;
}

} // namespace greenroom::bench
