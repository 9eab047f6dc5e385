#pragma once

#include <cstdint>
#include <string>

namespace greenroom::protocol {

/// The two wire dialects of `/ws` [P-1.1]. A connection keeps the one that its
/// handshake agreed on.
enum class encoding : std::uint8_t { json, msgpack };

/// A value that a client gave: one complete JSON text or MessagePack object,
/// valid and verbatim, so that clients of the same encoding get it byte for
/// byte [P-3.6].
struct value {
  encoding in = encoding::json;
  std::string bytes;

  [[nodiscard]] bool empty() const { return bytes.empty(); }
};

} // namespace greenroom::protocol
