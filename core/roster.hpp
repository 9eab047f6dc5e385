#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "core/presence_batch.hpp"
#include "core/protocol/codec.hpp"
#include "core/settings.hpp"
#include "core/user_view.hpp"

namespace greenroom {

/// Who is in a room, as its members see it [P-4.4]: a connection is there for
/// as long as somebody holds it, this node or a peer. So one that moves from
/// node to node is not seen to leave, whichever of the two is heard first.
class roster {
public:
  /// 0 is this node; peers are whatever the caller numbers them.
  using holder = std::uint32_t;
  static constexpr holder this_node = 0;

  /// A list longer than `list_bytes_max` is not given: members' `info` can be
  /// large.
  roster(const room_settings& rules, std::size_t list_bytes_max)
    : listed_max_(rules.listed_members), list_bytes_max_(list_bytes_max) {}

  /// The connection is there, says the holder. What it says last counts.
  void hold(const protocol::member& who, holder by);

  /// The holder no longer says so. Nothing where it did not.
  void release(const std::string& connection_id, holder by);

  /// The same for all that it holds.
  void release_all(holder by);

  [[nodiscard]] const protocol::member*
  find(const std::string& connection_id) const;

  [[nodiscard]] bool is_held(const std::string& connection_id, holder by) const;

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

  /// Those that a holder holds.
  [[nodiscard]] std::vector<const protocol::member*> held(holder by) const;

  /// What their ids come to, in whatever order they came: two nodes with the
  /// same sum hold, or believe, the same. 0: nobody.
  [[nodiscard]] std::uint64_t sum(holder by) const;

  /// What one adds to it, by XOR. The same in all nodes and versions: FNV-1a,
  /// and MurmurHash3's last step.
  [[nodiscard]] static std::uint64_t hash_of(std::string_view connection_id);

  /// Whether the room is small enough for lists, in members and bytes;
  /// `margin` eighths smaller, for who must not go to and fro at the border.
  [[nodiscard]] bool listable(std::size_t margin = 0) const;

  /// The list, encoded: once, until somebody comes or goes. Valid until then.
  [[nodiscard]] std::string_view list_in(protocol::encoding as) const;

  /// How many users they are [P-3.20].
  [[nodiscard]] std::size_t users() const { return by_user().size(); }

  /// The list by user, encoded, likewise; sorted.
  [[nodiscard]] std::string_view users_in(protocol::encoding as) const;

  /// Who came and went since they were last told. For who tells it.
  presence_batch news;

private:
  struct entry {
    protocol::member who;
    boost::container::small_vector<holder, 2> by;
  };
  using table = std::unordered_map<std::string, entry>;

  void remove(table::iterator at);
  void change_sum(const std::string& connection_id, holder by);
  void forget_list();
  [[nodiscard]] std::vector<const protocol::member*> all() const;
  user_view& by_user() const;

  std::size_t listed_max_;
  std::size_t list_bytes_max_;
  std::size_t list_bytes_ = 0; ///< About, of the list as JSON.
  table entries_;              ///< By connection id.
  std::unordered_map<holder, std::uint64_t> sums_; ///< Those that are not 0.
  mutable std::array<std::string, 2> list_;    ///< By encoding; empty: not yet.
  mutable std::unique_ptr<user_view> by_user_; ///< Null: nobody has asked.
};

} // namespace greenroom
