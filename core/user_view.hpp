#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/protocol/codec.hpp"

namespace greenroom {

/// Who is in a room, by user [P-3.20]: beside its roster, which has them by
/// connection. Made when it is first asked for, so that rooms that nobody asks
/// pay nothing; from then on a count costs no walk.
class user_view {
public:
  /// One connection of the user more, or less.
  void add(const std::string& user_id);
  void remove(const std::string& user_id);

  [[nodiscard]] std::size_t size() const { return connections_.size(); }

  /// One entry a user, sorted by id; made of all connections once, until
  /// somebody comes or goes. Valid until then.
  [[nodiscard]] std::string_view
  list_in(protocol::encoding as,
          std::span<const protocol::member* const> everybody);

  /// Whether `list_in` still has it, and needs nobody named.
  [[nodiscard]] bool has_list_in(protocol::encoding as) const {
    return !lists_[static_cast<std::size_t>(as)].empty();
  }

  /// Somebody came, went, or is another than was said before.
  void forget_lists();

private:
  std::unordered_map<std::string, std::uint32_t> connections_; ///< By user.
  std::array<std::string, 2> lists_; ///< By encoding; empty: not yet.
};

} // namespace greenroom
