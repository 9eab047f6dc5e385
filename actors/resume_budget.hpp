#pragma once

#include <atomic>
#include <cstddef>

namespace greenroom::actors {

/// What one `resume` may bring for all its rooms together. They take from it
/// before they make anything, on their loops, so that who names many large
/// rooms does not have the node hold all that they have. Any thread.
class resume_budget {
public:
  /// What was missed gets half of what may wait for a client [P-4.18], and all
  /// together three quarters: the rest is for what its rooms say meanwhile. By
  /// the defaults that is what one room can have.
  explicit resume_budget(std::size_t unsent_bytes_max)
    : missed_left_(unsent_bytes_max / 2), left_(unsent_bytes_max / 4 * 3) {}

  /// For messages that were missed. False: they are not to be sent.
  [[nodiscard]] bool take_missed(std::size_t bytes) {
    return take(missed_left_, bytes) && take(left_, bytes);
  }

  /// For what one room is now. The first one gets it in any case, however large
  /// it is: else nobody could resume in it. False: it is to be joined by
  /// itself.
  [[nodiscard]] bool take_room(std::size_t bytes) {
    bool is_first = !has_room_.exchange(true);
    if (take(left_, bytes))
      return true;
    if (is_first)
      left_ = 0;
    return is_first;
  }

private:
  using amount = std::atomic<std::size_t>;

  static bool take(amount& from, std::size_t bytes) {
    auto left = from.load();
    while (left >= bytes)
      if (from.compare_exchange_weak(left, left - bytes))
        return true;
    return false;
  }

  amount missed_left_;
  amount left_;
  std::atomic<bool> has_room_{false};
};

} // namespace greenroom::actors
