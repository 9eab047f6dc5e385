#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "core/timer_queue.hpp"

namespace greenroom {

/// How fast one client may speak [P-7]: so many at once (`burst`), refilled at
/// `per_second`. Holds one point in time, no counters to refill.
class token_bucket {
public:
  /// `per_second` 0: no limit.
  token_bucket(std::uint32_t per_second, std::uint32_t burst)
    : cost_(per_second == 0 ? std::chrono::nanoseconds{0}
                            : std::chrono::nanoseconds{std::chrono::seconds{1}}
                                  / per_second),
      span_(cost_ * std::max(burst, 1u)) {}

  /// Takes one token; false where there is none.
  [[nodiscard]] bool take(steady_time now) {
    auto from = std::max(full_at_, now);
    if (from + cost_ - now > span_)
      return false;
    full_at_ = from + cost_;
    return true;
  }

  /// Takes so many, whether they are there or not; what is not there is owed,
  /// up to a bucket.
  void owe(std::uint64_t tokens, steady_time now) {
    auto from = std::max(full_at_, now);
    auto most = std::max(from, now + 2 * span_);
    // The product of the two need not fit.
    auto room = cost_.count() == 0 ? 0 : (most - from) / cost_;
    full_at_ = tokens > static_cast<std::uint64_t>(room)
                   ? most
                   : from + cost_ * static_cast<std::int64_t>(tokens);
  }

  /// How long until `take` succeeds.
  [[nodiscard]] std::chrono::milliseconds wait(steady_time now) const {
    auto from = std::max(full_at_, now);
    auto excess = from + cost_ - now - span_;
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(excess),
                    std::chrono::milliseconds{0});
  }

private:
  std::chrono::nanoseconds cost_;
  std::chrono::nanoseconds span_;
  steady_time full_at_{}; ///< When the bucket will be full again.
};

} // namespace greenroom
