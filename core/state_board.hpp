#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/protocol/messages.hpp"

namespace greenroom {

/// One key of a room's state on its way to the members, in its newest version.
/// Shared by all loops, therefore immutable.
struct state_news {
  std::string key;
  protocol::value now; ///< Empty: deleted.
  std::uint64_t version = 0;
  std::string user_id;

  [[nodiscard]] protocol::state_change seen() const {
    return {key, &now, version, user_id};
  }
};

using state_news_ptr = std::shared_ptr<const state_news>;

/// A room's state as the members on one loop read it: a reader is the version
/// that it has seen, so a slow one costs a number, and is never told a value
/// that was overwritten meanwhile [P-4.6]. One thread.
class state_board {
public:
  /// Deleted keys are remembered for readers, so many at most; a reader that is
  /// older than what was forgotten is told the whole.
  explicit state_board(std::size_t deleted_max) : deleted_max_(deleted_max) {}

  /// Changes in the order of their versions; each newer than all before.
  void put(std::span<const state_news_ptr> changes);

  /// What replaces all that was there; `version` is that of the newest change.
  void replace(std::span<const state_news_ptr> whole, std::uint64_t version);

  [[nodiscard]] std::uint64_t version() const { return version_; }

  struct reading {
    std::vector<protocol::state_change> changes;
    bool whole = false; ///< What is not in it is not in the room.
  };

  /// What a reader of that version has not seen. Views, until the next change.
  [[nodiscard]] reading since(std::uint64_t version) const;

private:
  using versions = std::map<std::uint64_t, state_news_ptr>;

  void put(const state_news_ptr& what);
  void forget(const state_news_ptr& what);

  std::size_t deleted_max_;
  std::uint64_t version_ = 0;
  std::uint64_t forgotten_ = 0; ///< Newest deletion that was forgotten.
  versions by_version_;
  /// Keys are views of what `by_version_` holds.
  std::unordered_map<std::string_view, std::uint64_t> by_key_;
  versions deleted_; ///< Those of `by_version_` without a value.
};

} // namespace greenroom
