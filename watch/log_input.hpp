#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "core/unique_fd.hpp"
#include "watch/log_model.hpp"

namespace greenroom::watch {

/// The lines of a file or of standard input, piece by piece, however many
/// there are. A file that is followed is read on as it grows, and from its
/// beginning where another one has taken its name, or it was emptied.
class log_input {
public:
  /// A line that is longer is none: a node's own are far below.
  static constexpr std::size_t line_bytes_max = 1024 * 1024;

  enum class state {
    more,    ///< There may be more to read at once.
    waiting, ///< There will be when it grows.
    ended,
    failed, ///< See `error`.
  };

  /// `-` is standard input. Look at `error` before anything else.
  log_input(std::string path, bool follows);

  /// Gives `to` the lines of the next piece. May wait for standard input.
  state read(log_model& to);

  /// Why nothing can be read, in a sentence; empty: it can.
  [[nodiscard]] const std::string& error() const { return error_; }

  /// What is wrong with the file that has taken its place; empty: nothing is,
  /// or none has. It is tried again with each `read`.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

  [[nodiscard]] int descriptor() const {
    return is_standard_ ? 0 : file_.get();
  }
  [[nodiscard]] bool is_standard() const { return is_standard_; }
  [[nodiscard]] bool follows() const { return follows_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Of a file that has a size, read so far: 0 to 1.
  [[nodiscard]] double share_read() const;

private:
  /// False: see `errno`; it is as before then.
  bool open();
  void take(std::string_view bytes, log_model& to);
  [[nodiscard]] bool is_another_now() const;
  state at_end(log_model& to);
  state at_pause(bool is_last);
  void fail();

  std::string path_;
  bool is_standard_;
  bool follows_;
  unique_fd file_;
  off_t offset_ = 0;
  std::string begun_;        ///< Of a line whose end has not come.
  bool is_too_long_ = false; ///< That line.
  std::string buffer_;
  std::string error_;
  std::string trouble_;
};

} // namespace greenroom::watch
