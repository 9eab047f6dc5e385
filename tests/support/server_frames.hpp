#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/ws_frame.hpp"
#include "tests/support/catch.hpp"

namespace greenroom::test {

struct server_frame {
  ws::opcode kind = ws::opcode::text;
  std::string payload;
};

/// Takes the whole frames off the front of what a node sent. Strict: a node
/// sends unmasked frames in one piece (RFC 6455 section 5.1).
inline std::vector<server_frame> take_frames(std::string& bytes) {
  std::vector<server_frame> taken;
  std::size_t at = 0;
  auto byte = [&](std::size_t i) {
    return static_cast<std::uint8_t>(bytes[at + i]);
  };
  while (bytes.size() - at >= 2) {
    REQUIRE((byte(0) & 0xf0) == 0x80);
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
    taken.push_back({static_cast<ws::opcode>(byte(0) & 0x0f),
                     bytes.substr(at + 2 + extra, size)});
    at += 2 + extra + size;
  }
  bytes.erase(0, at);
  return taken;
}

} // namespace greenroom::test
