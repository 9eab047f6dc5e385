#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "actors/interfaces.hpp"

namespace greenroom::actors {

/// Whom a room on this node sends to, by every name under which they are looked
/// for. The room's thread only.
class members {
public:
  using table = std::unordered_map<member_id, newcomer>;

  /// A lane, and how many read it.
  struct lane_in_use {
    lane_id id;
    std::uint32_t members;
  };

  [[nodiscard]] std::size_t size() const { return by_id_.size(); }
  [[nodiscard]] bool empty() const { return by_id_.empty(); }
  [[nodiscard]] table::const_iterator begin() const { return by_id_.begin(); }
  [[nodiscard]] table::const_iterator end() const { return by_id_.end(); }

  [[nodiscard]] newcomer* find(member_id id);
  [[nodiscard]] const newcomer* find(member_id id) const;

  /// The member with this connection id, if it is on this node; not in raw
  /// rooms.
  [[nodiscard]] const newcomer* find(const std::string& connection_id) const;

  /// `who` is not in yet.
  newcomer& add(const newcomer& who);

  /// `id` is in.
  newcomer remove(member_id id);

  void change_lane(newcomer& who, const lane_id& to);

  /// Whether some member reads a lane of one of these kinds.
  [[nodiscard]] bool any_in_use(std::span<const lane_kind> kinds) const;

  /// Those that some member reads, by window: plain frames first, then a small
  /// one.
  [[nodiscard]] std::span<const lane_in_use> lanes() const { return lanes_; }

  /// Everybody whose user or connection id is among `names`, each once, but
  /// `except`.
  [[nodiscard]] std::vector<member_id>
  named(const std::vector<std::string>& names, member_id except) const;

private:
  void enter_lane(const lane_id& id);
  void leave_lane(const lane_id& id);
  [[nodiscard]] std::vector<lane_in_use>::iterator place_of(const lane_id& id);

  table by_id_;
  std::unordered_map<std::string, member_id> by_connection_;
  std::set<std::pair<std::string, member_id>> by_user_;
  std::vector<lane_in_use> lanes_;
};

} // namespace greenroom::actors
