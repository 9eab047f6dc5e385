#pragma once

#include <cstdint>
#include <string_view>

namespace greenroom::protocol {

/// Why a request was refused [P-5.1]. An error never closes the connection.
/// The names are the contract with clients: add, never rename.
#define GREENROOM_ERROR_CODES(X)                                               \
  X(bad_json, "The bytes are not a JSON text or a MessagePack map.")           \
  X(bad_message, "A field is missing, has the wrong type or is out of "        \
                 "bounds; the text names the field.")                          \
  X(unknown_type, "This node does not know the `type`.")                       \
  X(unauthorized, "The connection may not do this before it logs in.")         \
  X(forbidden, "The token does not give this right, or names another user.")   \
  X(not_in_room, "The connection has not joined this room.")                   \
  X(room_full, "The room has as many members as it may have.")                 \
  X(rate_limited, "More messages than the rate allows; `retryAfter` says "     \
                  "when the next one is welcome.")                             \
  X(too_large, "The request is over a limit that does not close the "          \
               "connection.")                                                  \
  X(conflict, "The version that the request expected is not the present "      \
              "one.")                                                          \
  X(unavailable, "The node cannot take the request now; `retryAfter` says "    \
                 "when to try again.")                                         \
  X(internal, "A fault of the node. The request may be tried again.")

enum class error_code : std::uint8_t {
#define GREENROOM_ERROR_CODE(name, text) name,
  GREENROOM_ERROR_CODES(GREENROOM_ERROR_CODE)
#undef GREENROOM_ERROR_CODE
};

/// The name as clients see it in `"code"`.
[[nodiscard]] std::string_view to_string(error_code code);

/// One sentence on what it means, for the documentation.
[[nodiscard]] std::string_view meaning(error_code code);

} // namespace greenroom::protocol
