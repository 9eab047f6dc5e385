#pragma once

// The Redis protocol (RESP2, https://redis.io/docs/reference/protocol-spec/) as
// far as nodes speak it: commands out, flat replies in. No I/O.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace greenroom::cluster {

/// Appends a command as Redis wants it.
void append_command(std::string& to, std::span<const std::string_view> parts);

/// One reply, or what a subscription brings. Points into what it was read from.
struct redis_reply {
  enum class kind : std::uint8_t { status, error, integer, text, null, array };

  /// More than anything that is answered to a node: a pushed message has three.
  static constexpr std::size_t elements_max = 8;

  struct element {
    kind is = kind::null;
    std::string_view text; ///< Of an integer: its digits.
  };

  kind is = kind::null;
  std::string_view text;
  std::size_t count = 0;
  std::array<element, elements_max> elements; ///< The first `count`.
};

/// What was found at the beginning of some bytes.
struct redis_parsed {
  enum class verdict : std::uint8_t {
    whole,      ///< `used` bytes of it.
    incomplete, ///< It has `used` bytes at least.
    too_long,
    broken, ///< Not the protocol, or a reply that no command of ours has.
  };

  verdict is = verdict::incomplete;
  std::size_t used = 0;
};

/// Reads one reply; `to` means something only if it is whole. Total: any bytes
/// give a verdict. A reply of more than `bytes_max` is too long as soon as its
/// head says so.
[[nodiscard]] redis_parsed parse_reply(std::string_view bytes,
                                       std::size_t bytes_max, redis_reply& to);

} // namespace greenroom::cluster
