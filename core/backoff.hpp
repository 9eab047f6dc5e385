#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace greenroom {

/// Pauses between attempts: exponential, with full jitter, so that the nodes of
/// a cluster do not come back to a fresh Redis all at once.
class backoff {
public:
  using milliseconds = std::chrono::milliseconds;

  backoff(milliseconds least, milliseconds most, std::uint64_t seed)
    : least_(least), most_(std::max(least, most)), random_(seed) {}

  /// The pause before the next attempt.
  milliseconds next() {
    // Beyond 2^20 times the least pause, `most_` has long been reached.
    auto doubled = least_ * (std::int64_t{1} << std::min(failures_, 20u));
    ++failures_;
    auto bound = std::min(doubled, most_).count();
    std::uniform_int_distribution<std::int64_t> any{0, bound};
    return milliseconds{any(random_)};
  }

  [[nodiscard]] std::uint32_t failures() const { return failures_; }

  void reset() { failures_ = 0; }

private:
  milliseconds least_;
  milliseconds most_;
  std::uint32_t failures_ = 0;
  std::mt19937_64 random_;
};

} // namespace greenroom
