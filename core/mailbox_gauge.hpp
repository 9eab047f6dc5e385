#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>

namespace greenroom {

/// How much waits in a mailbox, and for how long. Of the messages, one at a
/// time is followed from its arrival to its handling: to stamp each would cost
/// more than it tells.
class mailbox_gauge {
public:
  using milliseconds = std::chrono::milliseconds;

  mailbox_gauge() = default;
  mailbox_gauge(const mailbox_gauge&) = delete;
  mailbox_gauge& operator=(const mailbox_gauge&) = delete;

  /// Any thread, before the message is there.
  void arrives() noexcept {
    auto number = arrived_.fetch_add(1, std::memory_order_relaxed) + 1;
    std::uint64_t nobody = 0;
    if (followed_.load(std::memory_order_relaxed) != 0)
      return;
    followed_since_.store(coarse_now(), std::memory_order_relaxed);
    followed_.compare_exchange_strong(nobody, number,
                                      std::memory_order_relaxed);
  }

  /// The owner's thread, for each message.
  void handled() noexcept {
    auto number = handled_.load(std::memory_order_relaxed) + 1;
    handled_.store(number, std::memory_order_relaxed);
    auto followed = followed_.load(std::memory_order_relaxed);
    if (followed == 0 || number < followed)
      return;
    waited_.store(age_of_followed(), std::memory_order_relaxed);
    followed_.store(0, std::memory_order_relaxed);
  }

  /// Any thread.
  [[nodiscard]] std::uint64_t depth() const noexcept {
    auto handled = handled_.load(std::memory_order_relaxed);
    return std::max(arrived_.load(std::memory_order_relaxed), handled)
           - handled;
  }

  /// How long the oldest message has been there, or, where less, how long the
  /// last one that was followed had to wait. Any thread.
  [[nodiscard]] milliseconds age() const noexcept {
    auto waits =
        followed_.load(std::memory_order_relaxed) != 0 ? age_of_followed() : 0;
    if (depth() == 0)
      return milliseconds{0};
    return milliseconds{
        std::max(waits, waited_.load(std::memory_order_relaxed))};
  }

private:
  /// Milliseconds; some 5 ns to read.
  static std::int64_t coarse_now() noexcept {
    timespec now{};
#ifdef CLOCK_MONOTONIC_COARSE
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
#else
    clock_gettime(CLOCK_MONOTONIC, &now);
#endif
    return now.tv_sec * 1'000 + now.tv_nsec / 1'000'000;
  }

  [[nodiscard]] std::int64_t age_of_followed() const noexcept {
    return std::max<std::int64_t>(
        0, coarse_now() - followed_since_.load(std::memory_order_relaxed));
  }

  std::atomic<std::uint64_t> arrived_{0};
  alignas(64) std::atomic<std::uint64_t> handled_{0};
  std::atomic<std::uint64_t> followed_{0}; ///< Which arrival; 0: none.
  std::atomic<std::int64_t> followed_since_{0};
  std::atomic<std::int64_t> waited_{0};
};

} // namespace greenroom
