#include "watch/terminal.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <string_view>

namespace greenroom::watch {

namespace {

// Another screen without a cursor, whose lines do not wrap; and back.
constexpr std::string_view enter_screen = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr std::string_view leave_screen = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

/// What ends a process that has gone wrong: there is no way but through here.
constexpr int fatal_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

/// For handlers of signals.
struct {
  std::atomic<bool> is_entered{false};
  int keys = 0;
  termios before{};
} the_screen;

void write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    auto written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// Nothing but what a handler of signals may do.
void restore() {
  if (!the_screen.is_entered.exchange(false))
    return;
  write_all(leave_screen);
  ::tcsetattr(the_screen.keys, TCSANOW, &the_screen.before);
}

void on_fatal(int signal) {
  restore();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

std::string_view code_of(style how, bool has_colours) {
  switch (how) {
  case style::plain:
    return "";
  case style::dim:
    return "\x1b[2m";
  case style::bold:
    return "\x1b[1m";
  case style::chosen:
    return "\x1b[7m";
  case style::good:
    return has_colours ? "\x1b[32m" : "";
  case style::warn:
    return has_colours ? "\x1b[33m" : "";
  case style::bad:
    return has_colours ? "\x1b[31m" : "\x1b[1m";
  }
  return "";
}

} // namespace

terminal::terminal(bool is_stdin_taken) {
  const auto* no_colour = std::getenv("NO_COLOR"); // https://no-color.org
  has_colours_ = no_colour == nullptr || *no_colour == '\0';
  if (is_stdin_taken || ::isatty(STDIN_FILENO) == 0) {
    tty_ = unique_fd{::open("/dev/tty", O_RDONLY | O_CLOEXEC)};
    if (!tty_) {
      error_ =
          std::string{"there is no terminal for keys: "} + std::strerror(errno);
      return;
    }
  }
  for (auto signal : fatal_signals)
    std::signal(signal, on_fatal);
  enter();
}

terminal::~terminal() {
  leave();
}

void terminal::leave() {
  restore();
}

void terminal::enter() {
  the_screen.keys = keys();
  if (::tcgetattr(keys(), &the_screen.before) != 0) {
    error_ = std::string{"the terminal does not say how it is set: "}
             + std::strerror(errno);
    return;
  }
  // Keys at once and unseen; those for signals go on being that.
  auto raw = the_screen.before;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | IEXTEN);
  raw.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  the_screen.is_entered = true;
  ::tcsetattr(keys(), TCSANOW, &raw);
  write_all(enter_screen);
}

screen_size terminal::size() const {
  winsize found{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) != 0 || found.ws_col == 0
      || found.ws_row == 0)
    return {};
  return {found.ws_col, found.ws_row};
}

void terminal::show(const std::vector<screen_line>& lines) {
  std::string out = "\x1b[H";
  for (const auto& line : lines) {
    if (&line != lines.data())
      out += "\r\n";
    for (const auto& part : line.parts()) {
      auto code = code_of(part.how, has_colours_);
      out += code;
      out += part.text;
      if (!code.empty())
        out += "\x1b[0m";
    }
    out += "\x1b[K";
  }
  write_all(out);
}

} // namespace greenroom::watch
