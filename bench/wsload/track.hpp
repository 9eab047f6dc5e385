#pragma once

#include <cstdint>

namespace greenroom::bench {

/// What one receiver knows of one sender: the next number, and which of the
/// last 64 it has seen.
class track {
public:
  enum class verdict : std::uint8_t { in_order, late, repeated };

  verdict saw(std::uint32_t number) {
    if (number >= next_) {
      const auto step = number - next_ + 1;
      seen_ = step >= 64 ? 1 : (seen_ << step) | 1;
      next_ = number + 1;
      return verdict::in_order;
    }
    const auto back = next_ - 1 - number;
    if (back >= 64 || (seen_ >> back & 1) != 0)
      return verdict::repeated;
    seen_ |= std::uint64_t{1} << back;
    return verdict::late;
  }

private:
  std::uint32_t next_ = 0; ///< One past the highest number seen.
  std::uint64_t seen_ = 0; ///< Bit k: number `next_ - 1 - k` has been seen.
};

} // namespace greenroom::bench
