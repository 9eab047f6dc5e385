#pragma once

#include <cstdint>
#include <string_view>

namespace greenroom::protocol {

/// How a connection ends [P-5.2]. The numbers are the contract with clients:
/// 4000 to 4099 except 4008 and 4009 mean "do not reconnect by yourself"
/// [P-5.3]. Never renumber.
#define GREENROOM_CLOSE_CODES(X)                                               \
  X(normal, 1000, "Bye", "The client said goodbye.")                           \
  X(going_away, 1001, "Node stops", "The node stops; reconnect elsewhere.")    \
  X(protocol_error, 1002, "Protocol error", "A frame breaks RFC 6455.")        \
  X(bad_payload, 1007, "Invalid payload",                                      \
    "Text is not UTF-8, or what should be compressed is not.")                 \
  X(too_big, 1009, "Message too big",                                          \
    "A message is over "                                                       \
    "`limits.message-bytes`.")                                                 \
  X(internal_error, 1011, "Internal error", "A fault of the node.")            \
  X(drained, 1012, "Drained", "Reconnect at the time that `go_away` gave.")    \
  X(try_later, 1013, "Too busy", "The node is full; try again later.")         \
  X(missing_room, 4000, "Missing room", "The URL has to name a room.")         \
  X(bad_token, 4001, "Invalid token",                                          \
    "Not authenticated: a bad token, or "                                      \
    "none in time (`Auth timeout`).")                                          \
  X(token_expired, 4003, "Token expired",                                      \
    "The token ran out and was not "                                           \
    "refreshed within `auth.grace`.")                                          \
  X(removed, 4004, "Removed", "An administrator removed the client.")          \
  X(too_slow, 4008, "Too slow",                                                \
    "More than `limits.unsent-bytes` wait for "                                \
    "the client.")                                                             \
  X(resumed_elsewhere, 4009, "Resumed elsewhere",                              \
    "Another connection took "                                                 \
    "the session over.")                                                       \
  X(forbidden, 4010, "Forbidden",                                              \
    "The token gives no right to this room "                                   \
    "(`/relay`, which has no other way to say "                                \
    "so).")                                                                    \
  X(too_many_violations, 4029, "Too many violations",                          \
    "The client went on after `rate_limited`.")

enum class close_code : std::uint16_t {
#define GREENROOM_CLOSE_CODE(name, number, reason, text) name = number,
  GREENROOM_CLOSE_CODES(GREENROOM_CLOSE_CODE)
#undef GREENROOM_CLOSE_CODE
};

/// RFC 6455 section 7.4.1: never in a frame, but how an end without one is
/// told.
inline constexpr std::uint16_t no_close_code = 1005;  ///< It had no code.
inline constexpr std::uint16_t no_close_frame = 1006; ///< None came.

/// The reason that goes into the close frame, unless the closer has a better.
[[nodiscard]] std::string_view reason(close_code code);

} // namespace greenroom::protocol
