#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include <unistd.h>

#include "app/log_tap.hpp"
#include "core/log.hpp"
#include "core/settings.hpp"
#include "core/timer_queue.hpp"

namespace greenroom::app {

/// `log.level` as `log::install` takes it.
[[nodiscard]] log::level level_of(const settings::log_settings& how);

/// What became of all lines so far.
struct log_counts {
  std::uint64_t written = 0;
  std::uint64_t dropped = 0;   ///< As `log.dropped` tells.
  std::uint64_t held_back = 0; ///< As `log.limited` tells.
  std::size_t waiting = 0;
};

/// The event log of the node: JSON lines, or text for people, on a descriptor.
///
/// `write` forms the line on the caller's thread, numbers and queues it; one
/// thread of the sink writes. Nobody waits for a slow reader: beyond
/// `log.queue` lines the newest are dropped, counted, and told by `log.dropped`
/// once lines flow again; their numbers (`seq`) are not used anew. What is
/// sampled `always` is dropped only when, besides, `extra_bytes_max` of such
/// lines wait. Of a `limited` event, `log.limited-per-second` lines a second
/// are let through; `log.limited` tells of the others. A reader that is gone
/// (closed pipe) harms nobody.
///
/// Install it after construction, install null before destruction. The
/// destructor writes what waits, but no longer than `flush_time_max`.
class log_sink final : public log::sink {
public:
  using clock_function = steady_time (*)();

  log_sink(const settings::log_settings& how, std::string node_id,
           int descriptor = STDOUT_FILENO,
           clock_function now = std::chrono::steady_clock::now);
  ~log_sink() override;

  log_sink(const log_sink&) = delete;
  log_sink& operator=(const log_sink&) = delete;

  void write(const log::event& what,
             std::initializer_list<log::field> fields) noexcept override;

  /// Waits until what was told so far is written, but no longer than
  /// `flush_time_max`. Any thread but the one that writes.
  void flush();

  /// Any thread.
  [[nodiscard]] log_counts counts() const;

  /// From now on, or no longer, lines are kept for `take_tapped`: those of
  /// level `info` and above, also where the log itself is told less, but for
  /// those that are sampled; `log_tap::bytes_max` of them. Does not wait for
  /// whoever reads the log. Any thread.
  void tap(bool on);
  [[nodiscard]] tapped_lines take_tapped();

  static constexpr std::chrono::milliseconds flush_time_max{1'000};
  static constexpr std::size_t extra_bytes_max = 32 * 1024 * 1024;

private:
  class backend;
  std::unique_ptr<backend> backend_;
};

} // namespace greenroom::app
