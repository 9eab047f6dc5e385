#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

#include "core/timer_queue.hpp"

namespace greenroom {

/// Whether what is sent out again and again still comes back. One goes out,
/// and until it or a later one is back, it is the one that is away. Any thread;
/// one that sends out.
class pulse {
public:
  using milliseconds = std::chrono::milliseconds;

  void goes_out(steady_time now) noexcept {
    auto none = nothing;
    since_.compare_exchange_strong(none, count_of(now));
  }

  void is_back(steady_time now) noexcept {
    if (auto since = since_.exchange(nothing); since != nothing)
      took_ = count_of(now) - since;
  }

  /// For how long one has been away; none: nothing is.
  [[nodiscard]] std::optional<milliseconds>
  away(steady_time now) const noexcept {
    auto since = since_.load();
    if (since == nothing)
      return std::nullopt;
    return std::chrono::duration_cast<milliseconds>(
        steady_time::duration{count_of(now) - since});
  }

  /// How long the last one that came back was away; none: none ever did.
  [[nodiscard]] std::optional<milliseconds> took() const noexcept {
    auto took = took_.load();
    if (took == nothing)
      return std::nullopt;
    return std::chrono::duration_cast<milliseconds>(
        steady_time::duration{took});
  }

private:
  static constexpr auto nothing = std::numeric_limits<std::int64_t>::min();

  static std::int64_t count_of(steady_time when) noexcept {
    return when.time_since_epoch().count();
  }

  std::atomic<std::int64_t> since_{nothing};
  std::atomic<std::int64_t> took_{nothing};
};

} // namespace greenroom
