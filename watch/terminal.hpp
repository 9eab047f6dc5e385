#pragma once

#include <string>
#include <vector>

#include "core/unique_fd.hpp"
#include "watch/screen_line.hpp"
#include "watch/top_screen.hpp"

namespace greenroom::watch {

/// The terminal on standard output, as a screen of its own, with its keys. It
/// is as it was before when this ends, and when the process does: by a signal,
/// too. One at a time.
class terminal {
public:
  /// `is_stdin_taken`: keys come from the controlling terminal, since standard
  /// input is something else. Look at `error` before anything else.
  explicit terminal(bool is_stdin_taken);
  ~terminal();

  terminal(const terminal&) = delete;
  terminal& operator=(const terminal&) = delete;

  /// Why there are no keys, in a sentence; empty: there are.
  [[nodiscard]] const std::string& error() const { return error_; }

  /// Readable when a key was typed.
  [[nodiscard]] int keys() const { return tty_ ? tty_.get() : 0; }

  [[nodiscard]] screen_size size() const;

  void show(const std::vector<screen_line>& lines);

  /// As it was before; for whoever wants to stop the process for a while.
  void leave();
  void enter();

private:
  unique_fd tty_;
  std::string error_;
  bool has_colours_;
};

} // namespace greenroom::watch
