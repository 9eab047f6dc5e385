#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/event_limits.hpp"
#include "core/log.hpp"
#include "core/timer_queue.hpp"

namespace greenroom::app {

/// Lines for who watches the node, in the order of the log.
struct tapped_lines {
  /// JSON, without line ends. `seq` is the line's in the log, and missing where
  /// the log was not told.
  std::vector<std::string> lines;
  /// Counts what was shown since the node began, also before somebody watched
  /// anew: the number of the first of `lines`.
  std::uint64_t first = 1;
  /// So many more came behind `lines`, and were too many.
  std::uint64_t lost = 0;
};

/// What the log keeps for who watches the node until it is taken (`log_sink`
/// says of what). Not for several threads: the log's lock is its, too.
class log_tap {
public:
  using time = steady_time;

  /// `limited_per_second`: as the log's, of what the log itself is not told.
  explicit log_tap(std::uint32_t limited_per_second)
    : limits_(limited_per_second) {}

  /// Lines are kept from now on, or no longer; none of those so far.
  void open(bool is) {
    is_open_ = is;
    begin_anew();
  }
  [[nodiscard]] bool is_open() const { return is_open_; }

  /// One that the log is told under the number `seq`, or that it is not told.
  /// `line` is a `log_line` in JSON without its number.
  void keep(std::string line, std::optional<std::uint64_t> seq);

  /// Whether one more of a `limited` event that the log is not told may be
  /// kept. How many may not is for nobody to hear.
  [[nodiscard]] bool lets_through(const log::event& what, time now);

  [[nodiscard]] tapped_lines take();

  static constexpr std::size_t bytes_max = 512 * 1024;

private:
  void begin_anew();

  event_limits limits_;
  bool is_open_ = false;
  tapped_lines kept_;
  std::size_t bytes_ = 0;
  std::uint64_t shown_ = 0; ///< Since the node began.
};

} // namespace greenroom::app
