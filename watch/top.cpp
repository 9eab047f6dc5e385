#include "watch/top.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "watch/log_input.hpp"
#include "watch/terminal.hpp"
#include "watch/top_screen.hpp"
#include "watch/whole_log.hpp"

namespace greenroom::watch {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// It is drawn four times a second at most.
constexpr milliseconds drawn_every{250};

/// How often a file is asked whether it has grown.
constexpr milliseconds asked_every{100};

/// An escape behind which nothing comes for so long is a key.
constexpr milliseconds escape_time{50};

utc_ms wall_now() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

/// The signals that it is to hear in its order, as a descriptor.
class signals {
public:
  signals() {
    sigset_t all;
    sigemptyset(&all);
    for (auto each : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP})
      sigaddset(&all, each);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
    descriptor_ = unique_fd{::signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC)};
  }

  ~signals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  signals(const signals&) = delete;
  signals& operator=(const signals&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_.get(); }

  /// 0: none.
  int next() {
    signalfd_siginfo found{};
    auto size = ::read(descriptor(), &found, sizeof found);
    return size == sizeof found ? static_cast<int>(found.ssi_signo) : 0;
  }

  /// As the signal would have done without us.
  static void let(int signal) {
    sigset_t one;
    sigset_t now;
    sigemptyset(&one);
    sigaddset(&one, signal);
    std::signal(signal, SIG_DFL);
    std::raise(signal);
    pthread_sigmask(SIG_UNBLOCK, &one, &now);
    pthread_sigmask(SIG_SETMASK, &now, nullptr);
  }

private:
  sigset_t before_{};
  unique_fd descriptor_;
};

class viewer {
public:
  viewer(const top_request& what, log_input& input)
    : input_(input),
      model_(line_choice{{}, {}, what.node}),
      terminal_(input.is_standard()) {}

  /// The exit code, or the signal that ended it, negative.
  int run() {
    if (!terminal_.error().empty())
      return fail(terminal_.error());
    while (!screen_.is_over()) {
      wait();
      read_keys();
      read_signals();
      if (ended_by_ != 0)
        return -ended_by_;
      read_lines();
      if (reading_ == log_input::state::failed)
        return fail(input_.error());
      draw_when_due();
    }
    return 0;
  }

private:
  int fail(const std::string& why) {
    terminal_.leave();
    return complain(why);
  }

  // -- what may come

  [[nodiscard]] bool is_reading() const {
    return reading_ != log_input::state::ended;
  }

  /// A file never waits; what it may have more of has to be asked for.
  [[nodiscard]] bool is_to_be_asked() const {
    return is_reading() && !input_.is_standard();
  }

  void wait() {
    auto until = drawn_ + drawn_every;
    auto now = steady_clock::now();
    if (!is_dirty_ && !is_live())
      until = now + std::chrono::hours{1};
    if (keys_.is_waiting())
      until = std::min(until, key_at_ + escape_time);
    if (is_to_be_asked())
      until = std::min(
          until, reading_ == log_input::state::more ? now : now + asked_every);
    auto left = std::chrono::ceil<milliseconds>(until - now);
    pollfd all[] = {
        {terminal_.keys(), POLLIN, 0},
        {signals_.descriptor(), POLLIN, 0},
        {is_reading() && input_.is_standard() ? STDIN_FILENO : -1, POLLIN, 0}};
    ::poll(all, std::size(all),
           static_cast<int>(std::max<milliseconds::rep>(left.count(), 0)));
    has_keys_ = all[0].revents != 0;
    has_lines_ = all[2].revents != 0 || is_to_be_asked();
  }

  void read_keys() {
    std::vector<key_press> typed;
    auto now = steady_clock::now();
    if (has_keys_) {
      char bytes[256];
      auto size = ::read(terminal_.keys(), bytes, sizeof bytes);
      // The terminal is gone.
      if (size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN)) {
        ended_by_ = SIGHUP;
        return;
      }
      key_at_ = now;
      if (size > 0)
        typed = keys_.take({bytes, static_cast<std::size_t>(size)});
    } else if (keys_.is_waiting() && now >= key_at_ + escape_time) {
      typed = keys_.give_up();
    }
    for (const auto& each : typed)
      screen_.press(each);
    is_dirty_ = is_dirty_ || !typed.empty();
    keep_when_paused();
  }

  void read_signals() {
    while (auto which = signals_.next()) {
      is_dirty_ = true;
      if (which == SIGWINCH)
        continue;
      if (which != SIGTSTP) {
        ended_by_ = which;
        return;
      }
      terminal_.leave();
      signals::let(SIGTSTP); // And goes on here, some day.
      terminal_.enter();
    }
  }

  void read_lines() {
    if (!has_lines_)
      return;
    auto before = model_.seen().lines;
    reading_ = input_.read(model_);
    is_dirty_ = is_dirty_ || before != model_.seen().lines
                || reading_ == log_input::state::ended;
  }

  /// What is shown stays, and the log is read on: a node must not wait for who
  /// looks at it.
  void keep_when_paused() {
    if (screen_.is_paused() && !paused_)
      paused_ = model_.seen();
    else if (!screen_.is_paused())
      paused_.reset();
  }

  // -- what is shown

  /// Time passes for what is shown.
  [[nodiscard]] bool is_live() const {
    return is_reading() && (input_.is_standard() || input_.follows());
  }

  void draw_when_due() {
    auto now = steady_clock::now();
    bool is_due = now >= drawn_ + drawn_every;
    if (!is_due || (!is_dirty_ && !is_live()))
      return;
    drawn_ = now;
    is_dirty_ = false;
    const auto& of = paused_ ? *paused_ : model_.seen();
    // Who looks at an old log is in its time.
    auto shown_at =
        is_live() && !paused_ ? std::max(wall_now(), of.last) : of.last;
    terminal_.show(screen_.draw(
        of, {name(), state(), input_.trouble(), shown_at}, terminal_.size()));
  }

  [[nodiscard]] std::string name() const {
    return input_.is_standard() ? "standard input" : input_.path();
  }

  [[nodiscard]] std::string state() const {
    if (!is_reading())
      return "at its end";
    auto percent = static_cast<int>(input_.share_read() * 100);
    if (!input_.is_standard() && reading_ == log_input::state::more
        && percent < 100)
      return "reading " + std::to_string(percent) + " %";
    return "live";
  }

  log_input& input_;
  signals signals_; // Before the terminal: it is left before they are let go.
  log_model model_;
  terminal terminal_;
  key_reader keys_;
  top_screen screen_;
  std::optional<log_picture> paused_;
  log_input::state reading_ = log_input::state::more;
  steady_clock::time_point drawn_{};
  steady_clock::time_point key_at_{};
  bool is_dirty_ = true;
  bool has_keys_ = false;
  bool has_lines_ = false;
  int ended_by_ = 0;
};

} // namespace

int top(const top_request& what) {
  if (what.once || ::isatty(STDOUT_FILENO) == 0)
    return print_log({what.file, line_choice{{}, {}, what.node}},
                     [](const log_picture& seen) { //
                       return top_text(seen, seen.last);
                     });
  log_input input{what.file, what.follows};
  if (!input.error().empty())
    return complain(input.error());
  int code = viewer{what, input}.run();
  if (code < 0)
    signals::let(-code);
  return code < 0 ? 128 - code : code;
}

} // namespace greenroom::watch
