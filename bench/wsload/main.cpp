// wsload: an epoll WebSocket load generator. See README.md.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "bench/wsload/clock.hpp"
#include "bench/wsload/load.hpp"
#include "bench/wsload/options.hpp"
#include "bench/wsload/process_sample.hpp"
#include "bench/wsload/report.hpp"
#include "bench/wsload/worker.hpp"

namespace {

using namespace greenroom::bench;

constexpr int all_well = 0;
constexpr int went_wrong = 1; ///< Lost, doubled, out of order, closed.
constexpr int bad_usage = 2;
constexpr int not_connected = 3;

/// The workers and their threads.
class crew {
public:
  explicit crew(load& shared) : load_(shared) {
    for (int i = 0; i < shared.opt.threads; ++i)
      workers_.push_back(std::make_unique<worker>(shared, i));
    for (auto& each : workers_)
      threads_.emplace_back([&each] { each->run(); });
  }

  ~crew() { stop(); }

  crew(const crew&) = delete;
  crew& operator=(const crew&) = delete;

  void stop() {
    load_.stop = true;
    for (auto& thread : threads_)
      if (thread.joinable())
        thread.join();
  }

  /// Once stopped.
  [[nodiscard]] totals counted() const {
    totals sum;
    for (const auto& each : workers_)
      sum.merge(each->counted());
    return sum;
  }

private:
  load& load_;
  std::vector<std::unique_ptr<worker>> workers_;
  std::vector<std::thread> threads_;
};

void raise_file_limit(const options& opt) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  if (static_cast<rlim_t>(opt.connections) + 64 > files.rlim_cur)
    usage_error("the open-file limit (" + std::to_string(files.rlim_cur)
                + ") is too low for --conns; raise ulimit -n or run several "
                  "wsload");
}

/// Waits until all are ready; false: some cannot be.
bool all_connect(load& shared, nanos began) {
  const auto& opt = shared.opt;
  while (shared.ready.load() < opt.connections) {
    if (shared.broken.load() > 0
        || now_ns() - began > from_seconds(opt.connect_timeout))
      return false;
    sleep_until(now_ns() + millisecond);
  }
  return true;
}

/// Lets what is in flight arrive: until all is there, or nothing has come for
/// two seconds.
void drain(const load& shared) {
  sleep_until(now_ns() + 100 * millisecond); // The workers publish counts.
  const nanos end = now_ns() + from_seconds(shared.opt.drain);
  std::uint64_t last = 0;
  for (nanos moved = now_ns(); shared.received.load() < shared.expected.load();
       sleep_until(now_ns() + 20 * millisecond)) {
    const nanos now = now_ns();
    if (shared.received.load() != last)
      moved = now;
    last = shared.received.load();
    if (now > end || now - moved > 2 * second)
      return;
  }
}

void measure_window(load& shared, measurement& result) {
  const auto& opt = shared.opt;
  shared.begin = now_ns() + 200 * millisecond;
  shared.window_begin = shared.begin + from_seconds(opt.warmup);
  shared.window_end = shared.window_begin + from_seconds(opt.duration);
  shared.go.store(true, std::memory_order_release);
  sleep_until(shared.window_begin);
  reset_peak_rss(opt.server_pids);
  result.server_at_begin = sample_processes(opt.server_pids);
  const double cpu_at_begin = own_cpu_s();
  const nanos began = now_ns();
  sleep_until(shared.window_end);
  result.server_at_end =
      sample_processes(opt.server_pids, opt.mode == run_mode::idle);
  result.generator_cpu_s = own_cpu_s() - cpu_at_begin;
  result.window_s = static_cast<double>(now_ns() - began) * 1e-9;
  result.tcp_pages_after = tcp_buffer_pages();
}

/// Until stdin ends, whoever else opens connections meanwhile.
void hold(load& shared, measurement& result) {
  const auto& opt = shared.opt;
  result.server_at_begin = sample_processes(opt.server_pids);
  const double cpu_at_begin = own_cpu_s();
  const nanos began = now_ns();
  std::fprintf(stderr, "wsload: %d connections are ready\n",
               shared.ready.load());
  char ignored[64];
  ssize_t got = 0;
  while ((got = read(STDIN_FILENO, ignored, sizeof ignored)) > 0
         || (got < 0 && errno == EINTR)) {
  }
  result.server_at_end = sample_processes(opt.server_pids, true);
  result.generator_cpu_s = own_cpu_s() - cpu_at_begin;
  result.window_s = static_cast<double>(now_ns() - began) * 1e-9;
  result.tcp_pages_after = tcp_buffer_pages();
}

/// Whether a connection still works shows only when it is used.
int ask_all(load& shared) {
  const nanos end = now_ns() + from_seconds(shared.opt.drain);
  shared.ask.store(true, std::memory_order_release);
  while (shared.answered.load() < shared.opt.connections && now_ns() < end)
    sleep_until(now_ns() + 10 * millisecond);
  return shared.answered.load();
}

/// Nothing: not all connections became ready.
std::optional<measurement> run(const options& opt) {
  load shared{opt};
  measurement result;
  result.server_before = sample_processes(opt.server_pids, true);
  result.tcp_pages_before = tcp_buffer_pages();
  const nanos began = now_ns();
  crew workers{shared};
  if (!all_connect(shared, began)) {
    std::fprintf(stderr, "wsload: only %d of %d connections became ready\n",
                 shared.ready.load(), opt.connections);
    return std::nullopt;
  }
  result.connect_s = static_cast<double>(now_ns() - began) * 1e-9;
  result.server_connected = sample_processes(opt.server_pids);
  if (opt.hold) {
    hold(shared, result);
    result.answered = ask_all(shared);
  } else {
    measure_window(shared, result);
  }
  if (opt.mode != run_mode::idle)
    drain(shared);
  workers.stop();
  result.counted = workers.counted();
  return result;
}

bool print_json(const options& opt, const measurement& result) {
  FILE* file = opt.json.empty() ? stdout : std::fopen(opt.json.c_str(), "a");
  if (file == nullptr) {
    std::perror("wsload: --json");
    return false;
  }
  std::fprintf(file, "%s\n", to_json(opt, result).c_str());
  if (file != stdout)
    std::fclose(file);
  return true;
}

} // namespace

int main(int argc, char** argv) {
  const auto opt = parse_options(argc, argv);
  signal(SIGPIPE, SIG_IGN);
  raise_file_limit(opt);
  const auto result = run(opt);
  if (!result)
    return not_connected;
  std::fputs(to_text(opt, *result).c_str(), stderr);
  if (!print_json(opt, *result))
    return bad_usage;
  const auto& t = result->counted;
  const bool wrong = t.lost() > 0 || t.duplicated > 0 || t.reordered > 0
                     || t.wrong_room > 0 || t.closed > 0
                     || (opt.hold && result->answered < opt.connections);
  return wrong ? went_wrong : all_well;
}
