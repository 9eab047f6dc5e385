#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace greenroom::bench {

/// Log-linear histogram of nanosecond values: 64 sub-buckets per power of two,
/// so any quantile is known to within 1.6 %. Fixed size, mergeable.
class histogram {
public:
  void add(std::uint64_t value) {
    ++counts_[index(value)];
    ++count_;
    max_ = std::max(max_, value);
  }

  void merge(const histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i)
      counts_[i] += other.counts_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t max() const { return max_; }

  /// The smallest bucket such that a share `q` of the samples is not above it.
  [[nodiscard]] std::uint64_t quantile(double q) const {
    if (count_ == 0)
      return 0;
    auto want = static_cast<std::uint64_t>(q * static_cast<double>(count_));
    want = std::clamp<std::uint64_t>(want, 1, count_);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen >= want)
        return std::min(upper(i), max_);
    }
    return max_;
  }

private:
  static constexpr int sub_bits = 6;
  static constexpr std::size_t sub_buckets = std::size_t{1} << sub_bits;

  static std::size_t index(std::uint64_t value) {
    if (value < sub_buckets)
      return value;
    const int shift = 63 - std::countl_zero(value) - sub_bits;
    return ((static_cast<std::size_t>(shift) + 1) << sub_bits)
           + ((value >> shift) & (sub_buckets - 1));
  }

  static std::uint64_t upper(std::size_t i) {
    if (i < sub_buckets)
      return i;
    const auto shift = (i >> sub_bits) - 1;
    auto low = static_cast<std::uint64_t>(i & (sub_buckets - 1));
    return ((low + sub_buckets + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (64 - sub_bits + 1) * sub_buckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

} // namespace greenroom::bench
