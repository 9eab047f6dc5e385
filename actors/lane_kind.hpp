#pragma once

#include "actors/interfaces.hpp"
#include "core/protocol/codec.hpp"
#include "core/ws_frame.hpp"

namespace greenroom::actors {

[[nodiscard]] constexpr protocol::encoding encoding_of(lane_kind kind) {
  return kind == lane_kind::msgpack || kind == lane_kind::msgpack_no_presence
             ? protocol::encoding::msgpack
             : protocol::encoding::json;
}

[[nodiscard]] constexpr lane_kind lane_of(protocol::encoding encoding,
                                          bool sees_presence) {
  if (encoding == protocol::encoding::json)
    return sees_presence ? lane_kind::json : lane_kind::json_no_presence;
  return sees_presence ? lane_kind::msgpack : lane_kind::msgpack_no_presence;
}

[[nodiscard]] constexpr bool shows_presence(lane_kind kind) {
  return kind == lane_kind::json || kind == lane_kind::msgpack;
}

/// The window of the lane for a client that agreed on `agreed` bits: no more,
/// and one of four, so that nobody can have a room compress each message once
/// for every size there is.
[[nodiscard]] constexpr window_bits lane_window(std::uint8_t agreed) {
  for (window_bits size : {15, 12, 9})
    if (agreed >= size)
      return size;
  return agreed;
}

/// JSON travels in text frames, MessagePack in binary ones [P-1.1].
[[nodiscard]] constexpr ws::opcode opcode_of(protocol::encoding encoding) {
  return encoding == protocol::encoding::json ? ws::opcode::text
                                              : ws::opcode::binary;
}

/// One protocol message as a frame for one member.
template <class Message>
[[nodiscard]] slice make_frame(protocol::encoding as, const Message& what) {
  return ws::make_frame(opcode_of(as), protocol::encode(as, what));
}

template <class Message>
[[nodiscard]] slice make_frame(lane_kind as, const Message& what) {
  return make_frame(encoding_of(as), what);
}

} // namespace greenroom::actors
