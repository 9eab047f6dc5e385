#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

#include "core/timer_queue.hpp"

namespace greenroom {

/// How often something may be started anew before that helps no more: so many
/// times within a while (OTP's `intensity` and `period`). One thread.
class restart_intensity {
public:
  struct bounds {
    std::uint32_t restarts = 0; ///< 0: never.
    std::chrono::milliseconds within{0};
  };

  explicit restart_intensity(bounds most) : most_(most) {}

  /// One more. False: it is one too many.
  [[nodiscard]] bool note(steady_time now) {
    while (!times_.empty() && times_.front() + most_.within <= now)
      times_.pop_front();
    if (times_.size() >= most_.restarts)
      return false;
    times_.push_back(now);
    return true;
  }

  /// Those that count now.
  [[nodiscard]] std::uint32_t recent(steady_time now) const {
    std::uint32_t count = 0;
    for (auto when : times_)
      count += when + most_.within > now ? 1 : 0;
    return count;
  }

private:
  bounds most_;
  std::deque<steady_time> times_;
};

} // namespace greenroom
