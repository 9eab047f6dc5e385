#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/protocol/messages.hpp"

namespace greenroom {

/// What one node holds in a room and alone can speak of: the connections that
/// are in the room there, and the keys of the room's state that were set there
/// [P-9.2]. A difference, or all of it.
struct holdings {
  struct arrival {
    protocol::member who;
    /// When it came, milliseconds since 1970. Where a connection is said to be
    /// in two places, the later one is right.
    std::int64_t at = 0;
  };

  struct key {
    std::string name;
    protocol::value now; ///< Empty: it was deleted.
    std::string user_id;
    std::string connection_id; ///< Bound to it; empty: not bound.
    std::optional<std::chrono::milliseconds> ttl; ///< What is left of it.
    std::uint64_t number = 0; ///< Of the change: see room_map.
  };

  bool whole = false; ///< What is not in it is not held.
  std::vector<arrival> joined;
  std::vector<std::string> left; ///< Connection ids.
  std::vector<key> keys;

  [[nodiscard]] bool empty() const {
    return !whole && joined.empty() && left.empty() && keys.empty();
  }
};

} // namespace greenroom
