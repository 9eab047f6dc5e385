#include "app/log_sink.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include <poll.h>

#include "app/event_limits.hpp"
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

bool is_limited(const log::event& what, const log::speaker* who) {
  return what.how_often == log::sampling::limited
         || (what.how_often == log::sampling::life && who != nullptr
             && who->is_one_of_many);
}

bool must_be_written(const log::event& what, const log::speaker* who) {
  return what.how_often == log::sampling::always
         || (what.how_often == log::sampling::life && !is_limited(what, who));
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
          int descriptor, clock_function now)
    : style_(style_of(how, descriptor)),
      least_(level_of(how)),
      node_id_(std::move(node_id)),
      lines_max_(how.queue),
      now_(now),
      limits_(how.limited_per_second),
      tap_(how.limited_per_second),
      out_(descriptor),
      thread_([this] { run(); }) {}

  ~backend() {
    stop_by_ = clock::now() + flush_time_max;
    {
      std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    news_.notify_one();
    thread_.join();
  }

  void write(const log::event& what,
             std::initializer_list<log::field> fields) noexcept {
    bool has_number = false;
    try {
      auto speaks = log::who_speaks();
      const auto* who = speaks ? &*speaks : nullptr;
      auto must = must_be_written(what, who);
      line_head head{std::chrono::system_clock::now(), node_id_, who};
      if (what.importance < least_) // Wanted by who watches alone.
        return show(head, what, fields);
      if (is_limited(what, who) && !is_within_limit(what))
        return;
      // What would be dropped anyway is not even formed.
      bool has_place =
          must || waiting_.load(std::memory_order_relaxed) < lines_max_;
      auto line = has_place ? log_line(style_, head, what, fields) : "";
      std::string shown;
      if (is_shown(what)) [[unlikely]]
        shown = has_place && style_ == log_style::json
                    ? line
                    : log_line(log_style::json, head, what, fields);
      std::lock_guard lock{mutex_};
      auto seq = ++seq_;
      has_number = true;
      if (!shown.empty())
        tap_.keep(std::move(shown), seq);
      has_place ? push(std::move(line), seq, must) : lose();
    } catch (...) { // Out of memory: a lost line is no reason to stop.
      std::lock_guard lock{mutex_};
      seq_ += has_number ? 0 : 1;
      lose();
    }
  }

  void flush() {
    std::unique_lock lock{mutex_};
    written_out_.wait_for(lock, flush_time_max,
                          [this] { return lines_.empty() && !is_writing_; });
  }

  [[nodiscard]] log_counts counts() const {
    std::lock_guard lock{mutex_};
    return {written_, dropped_, held_back_, lines_.size()};
  }

  void tap(bool on) {
    std::lock_guard lock{mutex_};
    is_tapped_ = on;
    tap_.open(on);
  }

  [[nodiscard]] tapped_lines take_tapped() {
    std::lock_guard lock{mutex_};
    return tap_.take();
  }

  [[nodiscard]] log::level least() const { return least_; }

private:
  struct waiting_line {
    std::string text;
    std::uint64_t seq = 0;
    bool is_extra = false;   ///< Was let in when the queue was full.
    std::uint64_t tells = 0; ///< Of so many lines that were dropped.
  };

  [[nodiscard]] bool is_shown(const log::event& what) const {
    return is_tapped_.load(std::memory_order_relaxed)
           && what.importance >= log::level::info;
  }

  /// What the log is not told, to who watches.
  void show(const line_head& head, const log::event& what,
            std::initializer_list<log::field> fields) {
    if (!is_shown(what) || (is_limited(what, head.who) && !may_be_shown(what)))
      return;
    auto line = log_line(log_style::json, head, what, fields);
    std::lock_guard lock{mutex_};
    tap_.keep(std::move(line), std::nullopt);
  }

  // -- any thread, with the lock ----------------------------------------------

  void push(std::string line, std::uint64_t seq, bool must,
            std::uint64_t tells = 0) {
    bool is_extra = lines_.size() >= lines_max_;
    if (is_extra && (!must || extra_bytes_ >= extra_bytes_max))
      return lose(tells);
    extra_bytes_ += is_extra ? line.size() : 0;
    lines_.push_back({std::move(line), seq, is_extra, tells});
    waiting_.store(lines_.size(), std::memory_order_relaxed);
    news_.notify_one();
  }

  /// One, and that others were.
  void lose(std::uint64_t told_of = 0) {
    ++dropped_;
    untold_ += 1 + told_of;
  }

  bool is_within_limit(const log::event& what) {
    std::lock_guard lock{mutex_};
    auto now = now_();
    tell(limits_.take_over(now));
    if (limits_.lets_through(what, now))
      return true;
    // The first one of a second: the thread that writes has to know when it is
    // over.
    if (!std::exchange(is_holding_, true))
      news_.notify_one();
    ++held_back_;
    return false;
  }

  void tell(const std::vector<event_limits::held_back>& all) {
    for (const auto& each : all)
      push_own(events::log_limited, {{"of", each.of},
                                     {"held_back", each.lines},
                                     {"for_ms", each.during.count()}});
  }

  void tell_dropped() {
    if (untold_ == 0)
      return;
    auto lines = std::exchange(untold_, 0);
    push_own(events::log_dropped, {{"lines", lines}}, lines);
  }

  /// What the log says of itself.
  void push_own(const log::event& what,
                std::initializer_list<log::field> fields,
                std::uint64_t tells = 0) {
    line_head head{std::chrono::system_clock::now(), node_id_, nullptr};
    auto seq = ++seq_;
    if (tap_.is_open())
      tap_.keep(log_line(log_style::json, head, what, fields), seq);
    push(log_line(style_, head, what, fields), seq, true, tells);
  }

  bool may_be_shown(const log::event& what) {
    std::lock_guard lock{mutex_};
    return tap_.lets_through(what, now_());
  }

  // -- the thread that writes -------------------------------------------------

  void run() {
    block_signals();
    std::unique_lock lock{mutex_};
    for (;;) {
      tell(limits_.take_over(now_()));
      if (!lines_.empty())
        write_next(lock);
      else if (stopping_)
        break;
      else
        wait(lock);
    }
    tell(limits_.take_all(now_()));
    while (!lines_.empty())
      write_next(lock);
    tell_dropped();
    if (!lines_.empty())
      write_next(lock);
  }

  void wait(std::unique_lock<std::mutex>& lock) {
    auto next = limits_.next();
    is_holding_ = next.has_value();
    if (next)
      news_.wait_for(lock, *next - now_());
    else
      news_.wait(lock);
  }

  void write_next(std::unique_lock<std::mutex>& lock) {
    auto line = std::move(lines_.front());
    lines_.pop_front();
    waiting_.store(lines_.size(), std::memory_order_relaxed);
    extra_bytes_ -= line.is_extra ? line.text.size() : 0;
    if (!write_out(line, lock))
      lose(line.tells);
    else if (lines_.size() <= lines_max_ / 2)
      tell_dropped(); // Once per flood, not once per line.
  }

  /// False if the line is lost. Not for the time of writing under the lock.
  bool write_out(waiting_line& line, std::unique_lock<std::mutex>& lock) {
    is_writing_ = true;
    lock.unlock();
    number_line(line.text, style_, line.seq);
    auto good = out_.write(line.text,
                           [this] { return clock::now() >= stop_by_.load(); });
    lock.lock();
    is_writing_ = false;
    written_out_.notify_all();
    written_ += good ? 1 : 0;
    return good;
  }

  const log_style style_;
  const log::level least_;
  const std::string node_id_;
  const std::size_t lines_max_;
  const clock_function now_;

  mutable std::mutex mutex_;
  std::condition_variable news_;
  std::condition_variable written_out_;
  std::deque<waiting_line> lines_;
  event_limits limits_;
  std::size_t extra_bytes_ = 0;
  std::uint64_t untold_ = 0; ///< Lost, and no `log.dropped` has said so.
  std::uint64_t written_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t held_back_ = 0;
  std::uint64_t seq_ = 0;   ///< Of the last line, written or not.
  bool is_holding_ = false; ///< The thread knows that something is held back.
  bool stopping_ = false;
  bool is_writing_ = false;            ///< A line is on its way.
  std::atomic<bool> is_tapped_{false}; ///< As `tap_` is open.
  log_tap tap_;

  std::atomic<std::size_t> waiting_{0}; ///< The size of `lines_`.
  std::atomic<clock::time_point> stop_by_{clock::time_point::max()};
  output out_; ///< Of the thread that writes.
  std::thread thread_;
};

log_sink::log_sink(const settings::log_settings& how, std::string node_id,
                   int descriptor, clock_function now)
  : backend_(
      std::make_unique<backend>(how, std::move(node_id), descriptor, now)) {}

log_sink::~log_sink() = default;

void log_sink::write(const log::event& what,
                     std::initializer_list<log::field> fields) noexcept {
  backend_->write(what, fields);
}

void log_sink::flush() {
  backend_->flush();
}

log_counts log_sink::counts() const {
  return backend_->counts();
}

/// What the log is not told is not formed, unless somebody watches.
void log_sink::tap(bool on) {
  log::install(this, on ? std::min(backend_->least(), log::level::info)
                        : backend_->least());
  backend_->tap(on);
}

tapped_lines log_sink::take_tapped() {
  return backend_->take_tapped();
}

} // namespace greenroom::app
