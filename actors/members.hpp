#pragma once

#include <array>
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
#include "core/settings.hpp"

namespace greenroom::actors {

/// Who is in a room on this node, by every name under which they are looked
/// for, and the list of them as clients get it. The room's thread only.
class members {
public:
  using table = std::unordered_map<member_id, newcomer>;

  /// A lane, and how many read it.
  struct lane_in_use {
    lane_id id;
    std::uint32_t members;
  };

  /// A list longer than `list_bytes_max` is not given: members' `info` can be
  /// large.
  members(const room_settings& rules, std::size_t list_bytes_max)
    : listed_max_(rules.listed_members), list_bytes_max_(list_bytes_max) {}

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

  /// Whether the room is small enough for lists [P-4.4], in members and bytes;
  /// `margin` eighths smaller, for who must not go to and fro at the border.
  [[nodiscard]] bool listable(std::size_t margin = 0) const;

  /// The list, encoded: once, until somebody comes or goes. Valid until then.
  [[nodiscard]] std::string_view list_in(protocol::encoding as) const;

private:
  void forget_list();
  void enter_lane(const lane_id& id);
  void leave_lane(const lane_id& id);
  [[nodiscard]] std::vector<lane_in_use>::iterator place_of(const lane_id& id);

  std::size_t listed_max_;
  std::size_t list_bytes_max_;
  std::size_t list_bytes_ = 0; ///< About, of the list as JSON.
  table by_id_;
  std::unordered_map<std::string, member_id> by_connection_;
  std::set<std::pair<std::string, member_id>> by_user_;
  std::vector<lane_in_use> lanes_;
  mutable std::array<std::string, 2> list_; ///< By encoding; empty: not yet.
};

} // namespace greenroom::actors
