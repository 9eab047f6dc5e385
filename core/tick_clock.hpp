#pragma once

#include <chrono>
#include <cstdint>

#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>
#endif

namespace greenroom {

/// A clock that costs next to nothing to read, for spans of one thread's work:
/// the processor's time stamp counter where it has one. Not for deadlines.
class tick_clock {
public:
  using ticks = std::uint64_t;

  static ticks now() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    return __rdtsc();
#else
    return static_cast<ticks>(
        std::chrono::steady_clock::now().time_since_epoch().count());
#endif
  }

  /// How long that is, about: the counter is compared with the steady clock
  /// since the first call.
  static std::chrono::nanoseconds span_of(ticks count) {
    struct moment {
      ticks counted = now();
      std::chrono::steady_clock::time_point when =
          std::chrono::steady_clock::now();
    };
    static const moment first;
    moment last;
    auto counted = static_cast<double>(last.counted - first.counted);
    auto took = static_cast<double>((last.when - first.when).count());
    constexpr double too_short = 1e6; // A guess of 1 GHz and more does.
    auto rate = took < too_short || counted <= 0 ? 1.0 : took / counted;
    return std::chrono::nanoseconds{
        static_cast<std::int64_t>(static_cast<double>(count) * rate)};
  }
};

} // namespace greenroom
