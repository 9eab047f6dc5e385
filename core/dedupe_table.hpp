#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ring.hpp"

namespace greenroom {

/// Values that are remembered under keys for a while: which ids a room has seen
/// lately, and what became of them [P-3.4]. The oldest are forgotten beyond a
/// number, and after a time.
///
/// Looked up and changed with every message that has an id, so it is one ring
/// of keys and one flat index of it: a new key costs no memory beyond its text.
class dedupe_table {
public:
  /// Times are milliseconds of whichever clock the caller reads.
  dedupe_table(std::uint32_t keys_max, std::int64_t window)
    : keys_max_(window > 0 ? keys_max : 0), window_(window) {}

  /// What was remembered under the key (empty: none).
  [[nodiscard]] std::optional<std::uint64_t> find(std::string_view key,
                                                  std::int64_t now);

  /// Remembers a value under a key (empty: none) that `find` did not find.
  void remember(std::string key, std::uint64_t value, std::int64_t now);

  [[nodiscard]] bool empty() const { return seen_.empty(); }
  [[nodiscard]] std::size_t size() const { return seen_.size(); }

  /// The value of the oldest key that is remembered; not while it is empty.
  [[nodiscard]] std::uint64_t oldest() const { return seen_[0].value; }

  void clear();

private:
  struct seen {
    std::int64_t at = 0;
    std::uint64_t value = 0;
    std::uint32_t hash = 0;
    std::string key;
  };

  /// A place of the index. Hash 0: nothing is here.
  struct slot {
    std::uint32_t hash = 0;
    std::uint32_t number = 0; ///< Of the key, in the order of remembering.
  };

  static std::uint32_t hash_of(std::string_view key);

  [[nodiscard]] std::size_t mask() const { return index_.size() - 1; }
  [[nodiscard]] seen& at(const slot& where) {
    return seen_[where.number - first_number_];
  }
  void put(slot what);
  void erase(std::size_t at);
  void grow();
  void forget_old(std::int64_t now);
  void forget_oldest();

  std::uint32_t keys_max_;
  std::int64_t window_;
  ring<seen> seen_; ///< Oldest first.
  std::uint32_t first_number_ = 0;
  std::vector<slot> index_; ///< Linear probing; a power of two, or none.
};

} // namespace greenroom
