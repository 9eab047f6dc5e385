#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "core/timer_queue.hpp"

namespace greenroom {

/// The largest of what was noted in the present window of time and the one
/// before: no less than one window back, no more than two. One thread notes,
/// any thread reads; one that reads while a window begins may miss what belongs
/// to the one before.
class recent_peak {
public:
  /// Those who look every 15 s miss nothing.
  static constexpr std::chrono::seconds window{15};

  void note(std::uint64_t value, steady_time now) noexcept {
    auto number = number_of(now);
    if (auto last = window_.load(std::memory_order_relaxed); last != number) {
      before_.store(last + 1 == number ? peak_.load(std::memory_order_relaxed)
                                       : 0,
                    std::memory_order_relaxed);
      peak_.store(0, std::memory_order_relaxed);
      window_.store(number, std::memory_order_relaxed);
    }
    if (value > peak_.load(std::memory_order_relaxed))
      peak_.store(value, std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t value(steady_time now) const noexcept {
    auto passed = number_of(now) - window_.load(std::memory_order_relaxed);
    auto peak = peak_.load(std::memory_order_relaxed);
    if (passed == 1) // Nothing was noted since.
      return peak;
    // A loop that notes may be ahead of who reads by the time of a turn.
    return passed > 1 ? 0
                      : std::max(peak, before_.load(std::memory_order_relaxed));
  }

private:
  static std::int64_t number_of(steady_time when) noexcept {
    return when.time_since_epoch() / window;
  }

  std::atomic<std::int64_t> window_{0};
  std::atomic<std::uint64_t> peak_{0};
  std::atomic<std::uint64_t> before_{0};
};

} // namespace greenroom
