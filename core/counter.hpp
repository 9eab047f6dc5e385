#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace greenroom {

/// A number that one thread writes and any thread reads: adding to it is a
/// plain load and store, with no lock and no fence.
class counter {
public:
  void add(std::uint64_t by = 1) noexcept {
    value_.store(value() + by, std::memory_order_relaxed);
  }

  /// Where the sum over all threads is what counts, one of them may fall below
  /// 0: the sum is right all the same.
  void subtract(std::uint64_t by = 1) noexcept { add(0 - by); }

  [[nodiscard]] std::uint64_t value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// How often a value was at most each of `Bounds`, which rise, and how much all
/// of them came to. Written and read like a `counter`.
template <auto& Bounds>
class bucket_counter {
public:
  static constexpr std::size_t size = std::size(Bounds) + 1;

  void observe(std::uint64_t value) noexcept {
    sum_.add(value);
    if (value <= Bounds[0]) // As most of what is frequent.
      buckets_[0].add();
    else
      observe_larger(value);
  }

  /// Of those that are larger than the bound before and at most this one; the
  /// last one's are larger than all bounds.
  [[nodiscard]] std::uint64_t in_bucket(std::size_t at) const noexcept {
    return buckets_[at].value();
  }
  [[nodiscard]] std::uint64_t sum() const noexcept { return sum_.value(); }

private:
  void observe_larger(std::uint64_t value) noexcept {
    std::size_t at = 1;
    while (at < std::size(Bounds) && value > Bounds[at])
      ++at;
    buckets_[at].add();
  }

  std::array<counter, size> buckets_;
  counter sum_;
};

namespace bounds {

/// In nanoseconds: 50 µs to 5 s.
inline constexpr std::uint64_t of_time[] = {
    50'000,      100'000,       250'000,       500'000,
    1'000'000,   2'500'000,     5'000'000,     10'000'000,
    25'000'000,  50'000'000,    100'000'000,   250'000'000,
    500'000'000, 1'000'000'000, 2'500'000'000, 5'000'000'000};

inline constexpr std::uint64_t of_flush[] = {1,  2,  4,   8,   16,
                                             32, 64, 128, 256, 512};

} // namespace bounds

class time_counter : public bucket_counter<bounds::of_time> {
public:
  /// What lies before its beginning took no time.
  void observe(std::chrono::steady_clock::duration took) noexcept {
    auto ns = std::chrono::nanoseconds{took}.count();
    bucket_counter::observe(
        static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0)));
  }
};

} // namespace greenroom
