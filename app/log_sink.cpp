#include "app/log_sink.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>

#include <poll.h>

#include <spdlog/async_logger.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>

#include "app/log_line.hpp"
#include "core/events.hpp"

namespace greenroom::app {

namespace {

using clock = std::chrono::steady_clock;

/// A descriptor that may be slow, full or gone. Used by one thread.
class output {
public:
  explicit output(int descriptor) : descriptor_(descriptor) {}

  /// False if the bytes could not be written, or not before `give_up()`.
  template <class GiveUp>
  bool write(std::string_view bytes, GiveUp give_up) {
    // What failed in the middle of a line must not swallow the next one.
    if (torn_ && !write_some("\n", give_up))
      return false;
    torn_ = false;
    auto size = bytes.size();
    while (!bytes.empty()) {
      auto written = write_some(bytes, give_up);
      torn_ = written == 0 && bytes.size() < size;
      if (written == 0)
        return false;
      bytes.remove_prefix(written);
    }
    return true;
  }

private:
  /// 0 if nothing can be written any more. A pipe that polls as writable takes
  /// PIPE_BUF bytes at once, so that `give_up` is asked again soon. The
  /// descriptor stays a blocking one: other processes may share it.
  template <class GiveUp>
  std::size_t write_some(std::string_view bytes, GiveUp give_up) {
    constexpr int patience_ms = 20;
    while (!give_up()) {
      pollfd waits{descriptor_, POLLOUT, 0};
      auto ready = ::poll(&waits, 1, patience_ms);
      if (ready == 0 || (ready < 0 && errno == EINTR))
        continue;
      auto size = std::min<std::size_t>(bytes.size(), PIPE_BUF);
      auto written = ::write(descriptor_, bytes.data(), size);
      if (written > 0)
        return static_cast<std::size_t>(written);
      if (written == 0 || (errno != EINTR && errno != EAGAIN))
        return 0;
    }
    return 0;
  }

  int descriptor_;
  bool torn_ = false;
};

/// The end of spdlog's queue. Counts what goes in and comes out, so that the
/// newest lines are dropped when it is full; spdlog 1.10 drops the oldest.
class writer final
  : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
  writer(int descriptor, log_style how, std::string node, std::size_t lines_max)
    : style(how),
      node_id(std::move(node)),
      out_(descriptor),
      lines_max_(lines_max) {}

  /// Any thread. Whoever is let in calls `leave` if the line cannot be queued.
  bool enter() noexcept {
    if (waiting_.fetch_add(1, std::memory_order_relaxed) < lines_max_)
      return true;
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    count_dropped(1);
    return false;
  }

  void leave() noexcept { waiting_.fetch_sub(1, std::memory_order_relaxed); }

  void count_dropped(std::uint64_t lines) noexcept {
    dropped_.fetch_add(lines, std::memory_order_relaxed);
  }

  /// From now on, lines that cannot be written by then are given up.
  void stop_by(clock::time_point deadline) { stop_by_ = deadline; }

  void tell_dropped() {
    auto lines = dropped_.exchange(0, std::memory_order_relaxed);
    if (lines == 0)
      return;
    auto line = log_line(style, std::chrono::system_clock::now(), node_id,
                         events::log_dropped, {{"lines", lines}});
    if (!write(line))
      count_dropped(lines);
  }

  const log_style style;
  const std::string node_id;

protected:
  void sink_it_(const spdlog::details::log_msg& msg) override {
    auto good = write({msg.payload.data(), msg.payload.size()});
    auto still = waiting_.fetch_sub(1, std::memory_order_relaxed) - 1;
    if (!good)
      count_dropped(1);
    else if (still <= lines_max_ / 2) // Once per flood, not once per line.
      tell_dropped();
  }

  void flush_() override {}

private:
  bool write(std::string_view bytes) {
    return out_.write(bytes,
                      [this] { return clock::now() >= stop_by_.load(); });
  }

  output out_;
  const std::size_t lines_max_;
  std::atomic<std::size_t> waiting_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<clock::time_point> stop_by_{clock::time_point::max()};
};

log_style style_of(const settings::log_settings& how, int descriptor) {
  bool terminal = ::isatty(descriptor) == 1;
  if (how.format == "json" || (how.format == "auto" && !terminal))
    return log_style::json;
  // https://no-color.org
  const auto* no_colour = std::getenv("NO_COLOR");
  bool plain = !terminal || (no_colour != nullptr && *no_colour != '\0');
  return plain ? log_style::text : log_style::coloured_text;
}

/// Signals are for the threads that wait for them, and writing into a pipe that
/// nobody reads must not end the process.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

} // namespace

log::level level_of(const settings::log_settings& how) {
  if (how.level == "debug")
    return log::level::debug;
  if (how.level == "warn")
    return log::level::warn;
  if (how.level == "error")
    return log::level::error;
  return log::level::info;
}

class log_sink::backend {
public:
  backend(const settings::log_settings& how, std::string node_id,
          int descriptor)
    : writer_(std::make_shared<writer>(descriptor, style_of(how, descriptor),
                                       std::move(node_id), how.queue)),
      // Room for all that are let in, so that spdlog never drops one itself.
      pool_(std::make_shared<spdlog::details::thread_pool>(
          how.queue + 1, 1, block_signals,
          [to = writer_] { to->tell_dropped(); })),
      logger_(std::make_shared<spdlog::async_logger>(
          "events", writer_, pool_,
          spdlog::async_overflow_policy::overrun_oldest)) {}

  // The pool's destructor writes what waits.
  ~backend() { writer_->stop_by(clock::now() + flush_time_max); }

  void write(const log::event& what,
             std::initializer_list<log::field> fields) noexcept {
    if (!writer_->enter())
      return;
    try {
      auto line = log_line(writer_->style, std::chrono::system_clock::now(),
                           writer_->node_id, what, fields);
      logger_->log(spdlog::level::info,
                   spdlog::string_view_t{line.data(), line.size()});
    } catch (...) { // Out of memory: a lost line is no reason to stop.
      writer_->leave();
      writer_->count_dropped(1);
    }
  }

private:
  std::shared_ptr<writer> writer_;
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<spdlog::async_logger> logger_;
};

log_sink::log_sink(const settings::log_settings& how, std::string node_id,
                   int descriptor)
  : backend_(std::make_unique<backend>(how, std::move(node_id), descriptor)) {}

log_sink::~log_sink() = default;

void log_sink::write(const log::event& what,
                     std::initializer_list<log::field> fields) noexcept {
  backend_->write(what, fields);
}

} // namespace greenroom::app
