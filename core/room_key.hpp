#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace greenroom {

/// Which family of rooms: `/ws` speaks the protocol, `/relay` passes raw
/// frames. A name means two different rooms in the two, since a raw frame would
/// break a client that speaks the protocol.
enum class room_space : std::uint8_t { protocol, relay };

/// No room id of a client begins with it, nor has a control character anywhere
/// [P-3.1].
inline constexpr char own_room_mark = '\x01';

/// What names a room on every node.
struct room_key {
  room_space space = room_space::protocol;
  std::string id;

  /// The part before the first `:`, or nothing [P-3.1].
  [[nodiscard]] std::string_view name_space() const {
    auto colon = id.find(':');
    return colon == std::string::npos ? std::string_view{}
                                      : std::string_view{id}.substr(0, colon);
  }

  /// One of the node's own: clients cannot name it, it takes nobody's place and
  /// is no news.
  [[nodiscard]] bool is_own() const { return id.starts_with(own_room_mark); }

  auto operator<=>(const room_key&) const = default;
};

} // namespace greenroom

template <>
struct std::hash<greenroom::room_key> {
  std::size_t operator()(const greenroom::room_key& key) const noexcept {
    // The same id in the other space goes elsewhere. Nothing is multiplied: a
    // loop is chosen by the low bits, which have to be the name's.
    return std::hash<std::string>{}(key.id)
           + static_cast<std::size_t>(key.space);
  }
};
