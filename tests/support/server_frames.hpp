#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/inflater.hpp"
#include "core/ws_frame.hpp"
#include "tests/support/catch.hpp"

namespace greenroom::test {

struct server_frame {
  ws::opcode kind = ws::opcode::text;
  std::string payload;   ///< Inflated.
  bool deflated = false; ///< It was compressed, RFC 7692.
};

/// What a reader makes of it who has no other window than that.
inline std::string inflated(std::string_view payload, int window_bits) {
  ws::inflater by{static_cast<std::uint8_t>(window_bits)};
  ws::inflate_space space;
  auto got = by.inflate_alone(payload, 1 << 24, space);
  REQUIRE(got.what == ws::inflated::verdict::whole);
  return std::string{got.bytes};
}

/// Takes the whole frames off the front of what a node sent. Strict: a node
/// sends unmasked frames in one piece (RFC 6455 section 5.1), and compressed
/// data only to who agreed on a window (0: none).
inline std::vector<server_frame> take_frames(std::string& bytes,
                                             int window_bits = 0) {
  std::vector<server_frame> taken;
  std::size_t at = 0;
  auto byte = [&](std::size_t i) {
    return static_cast<std::uint8_t>(bytes[at + i]);
  };
  while (bytes.size() - at >= 2) {
    bool deflated = (byte(0) & 0x40) != 0;
    bool may_be = window_bits != 0 && (byte(0) & 0x0f) < 3;
    REQUIRE((byte(0) & (may_be ? 0xb0 : 0xf0)) == 0x80);
    REQUIRE(byte(1) <= 127);
    std::size_t size = byte(1);
    std::size_t extra = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (bytes.size() - at < 2 + extra)
      break;
    if (extra > 0)
      size = 0;
    for (std::size_t i = 0; i < extra; ++i)
      size = size << 8 | byte(2 + i);
    if (bytes.size() - at < 2 + extra + size)
      break;
    auto payload = bytes.substr(at + 2 + extra, size);
    taken.push_back({static_cast<ws::opcode>(byte(0) & 0x0f),
                     deflated ? inflated(payload, window_bits) : payload,
                     deflated});
    at += 2 + extra + size;
  }
  bytes.erase(0, at);
  return taken;
}

} // namespace greenroom::test
