#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace greenroom {

/// Counts the most frequent of any number of names in a fixed number of places
/// (Metwally, Agrawal and El Abbadi, "Efficient Computation of Frequent and
/// Top-k Elements in Data Streams", 2005). Of `total` counted:
///
/// - a name that was counted more than `total` / `places` times has a place;
/// - its count is never too small, and too large by its `error` at most, which
///   is at most `total` / `places`.
template <std::size_t Places>
class space_saving {
public:
  static constexpr std::size_t places = Places;

  struct entry {
    std::string name;
    std::uint64_t count = 0;
    std::uint64_t error = 0; ///< Of `count`, what others may have left here.
  };

  /// What who counts one name again and again remembers of it: where its place
  /// was, and what it has held back. Finding a place in a full sketch costs a
  /// hundred times what counting in it does, so a name without one comes only
  /// when there are `step` of it: all the above is true of what has come.
  struct hint {
    std::uint32_t place = 0;
    std::uint32_t held = 0;
    std::uint64_t life = ~std::uint64_t{0}; ///< Of the place, as it was then.
  };
  static constexpr std::uint32_t step = 16;

  /// One more of what has its place still. False: it has not, and nothing was
  /// counted.
  [[nodiscard]] bool count_again(const hint& at) {
    if (lives_[at.place] != at.life)
      return false;
    ++counts_[at.place];
    return true;
  }

  /// One more of it.
  void count(std::string_view name, hint& at) {
    if (!count_again(at))
      count_anew(name, at);
  }

  void count(std::string_view name, std::uint64_t by) {
    counts_[place_of(name)] += by;
  }

  /// What was counted, the largest first.
  [[nodiscard]] std::vector<entry> top() const {
    std::vector<entry> out;
    for (std::size_t i = 0; i < used_; ++i)
      out.push_back({entries_[i].name, counts_[i], entries_[i].error});
    sort(out);
    return out;
  }

  /// Of all names that came, also of those that have no place any more.
  [[nodiscard]] std::uint64_t total() const {
    return std::accumulate(counts_.begin(), counts_.begin() + used_,
                           std::uint64_t{0});
  }

  void clear() {
    used_ = 0;
    lives_.fill(0);
  }

private:
  void count_anew(std::string_view name, hint& at) {
    if (++at.held < step && used_ == Places)
      return;
    at.place = place_of(name);
    at.life = lives_[at.place];
    counts_[at.place] += std::exchange(at.held, 0);
  }

  struct named {
    std::string name;
    std::uint64_t error = 0;
  };

  static void sort(std::vector<entry>& what) {
    std::sort(what.begin(), what.end(), [](const entry& a, const entry& b) {
      return a.count != b.count ? a.count > b.count : a.name < b.name;
    });
  }

  static std::uint32_t hash_of(std::string_view name) {
    return static_cast<std::uint32_t>(std::hash<std::string_view>{}(name));
  }

  std::uint32_t place_of(std::string_view name) {
    auto hash = hash_of(name);
    for (std::uint32_t i = 0; i < used_; ++i)
      if (hashes_[i] == hash && entries_[i].name == name)
        return i;
    std::uint32_t at = 0;
    if (used_ < Places) {
      at = used_++;
      counts_[at] = 0;
    } else {
      at = least(); // Who comes may have had as many.
    }
    entries_[at].error = counts_[at];
    entries_[at].name.assign(name);
    hashes_[at] = hash;
    lives_[at] = ++last_life_;
    return at;
  }

  [[nodiscard]] std::uint32_t least() const {
    return static_cast<std::uint32_t>(
        std::min_element(counts_.begin(), counts_.end()) - counts_.begin());
  }

  // Apart, so that looking for one reads little.
  std::array<std::uint32_t, Places> hashes_{};
  std::array<std::uint64_t, Places> counts_{};
  std::array<std::uint64_t, Places> lives_{}; ///< 0: the place is free.
  std::uint64_t last_life_ = 0;               ///< Names that have had one.
  std::array<named, Places> entries_;
  std::uint32_t used_ = 0;
};

} // namespace greenroom
