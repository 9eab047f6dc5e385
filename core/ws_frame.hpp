#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/segment.hpp"

namespace greenroom::ws {

/// RFC 6455 section 5.2.
enum class opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

/// In a header's first byte: the message is compressed, RFC 7692 section 6.
inline constexpr std::uint8_t rsv1 = 0x40;

/// The longest header that a server writes (no mask).
inline constexpr std::size_t header_bytes_max = 10;

/// Writes the header of one whole, unmasked frame into `to`, which holds at
/// least `header_bytes_max` bytes. Gives its length. `deflated`: RSV1 is set.
std::size_t write_header(char* to, opcode kind, std::size_t payload_bytes,
                         bool deflated = false);

/// One frame in a segment of its own: for what goes to one connection only.
[[nodiscard]] slice make_frame(opcode kind, std::string_view payload);

} // namespace greenroom::ws
