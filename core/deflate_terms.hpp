#pragma once

#include <cstdint>

namespace greenroom::ws {

/// Window sizes as exponents of two, RFC 7692 section 7.1.2.
inline constexpr std::uint8_t window_bits_min = 8;
inline constexpr std::uint8_t window_bits_max = 15;

/// What one connection has agreed on under permessage-deflate, RFC 7692. What
/// the node sends is shared by many, so it never leans on what went before
/// (`server_no_context_takeover`).
struct deflate_terms {
  /// Window of what the node sends; 0: nothing is compressed, either way.
  std::uint8_t server_bits = 0;

  /// Window of a client that keeps its context from message to message; 0: it
  /// compresses each alone (`client_no_context_takeover`).
  std::uint8_t client_context_bits = 0;

  [[nodiscard]] bool agreed() const { return server_bits != 0; }

  bool operator==(const deflate_terms&) const = default;
};

} // namespace greenroom::ws
