#pragma once

#include <time.h>

#include <cerrno>
#include <cstdint>

namespace greenroom::bench {

/// Nanoseconds of the one clock that every time in here is read from.
using nanos = std::int64_t;
inline constexpr nanos second = 1'000'000'000;
inline constexpr nanos millisecond = 1'000'000;

inline nanos now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * second + t.tv_nsec;
}

inline nanos from_seconds(double seconds) {
  return static_cast<nanos>(seconds * 1e9);
}

inline timespec to_timespec(nanos t) {
  return {t / second, t % second};
}

inline void sleep_until(nanos when) {
  const auto t = to_timespec(when);
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr)
         == EINTR) {
  }
}

} // namespace greenroom::bench
