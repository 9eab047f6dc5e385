#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "core/log.hpp"
#include "core/timer_queue.hpp"

namespace greenroom::app {

/// Lets so many lines of each event through in a second, and remembers how many
/// it held back until somebody tells. A second begins with its first line. Not
/// for several threads at once.
class event_limits {
public:
  explicit event_limits(std::uint32_t per_second) : per_second_(per_second) {}

  struct held_back {
    std::string_view of;
    std::uint64_t lines = 0;
    std::chrono::milliseconds during{};
  };

  [[nodiscard]] bool lets_through(const log::event& what, steady_time now);

  /// What was held back in seconds that are over by now. Each is said once.
  [[nodiscard]] std::vector<held_back> take_over(steady_time now);

  /// What was held back at all: for the end.
  [[nodiscard]] std::vector<held_back> take_all(steady_time now);

  /// When `take_over` will have something to say that is known today.
  [[nodiscard]] std::optional<steady_time> next() const;

private:
  struct second {
    steady_time since{};
    std::uint32_t passed = 0;
    std::uint64_t held = 0;
  };

  std::uint32_t per_second_;
  std::map<std::string_view, second> seconds_; ///< By event: some dozens.
};

} // namespace greenroom::app
