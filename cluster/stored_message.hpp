#pragma once

// A message of a log as bytes in a store: a MessagePack array
//
//   [version, user, is_text, said, event, timestamp, stamped, trace?]
//
// A later version appends elements, which an older one ignores; only a change
// that it would misread takes a new number.

#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "cluster/decode_error.hpp"
#include "core/room_event.hpp"

namespace greenroom::cluster {

[[nodiscard]] std::string encode_stored(const posted& what);

/// Total: any bytes give a message or an error.
[[nodiscard]] boost::system::result<posted, decode_error>
decode_stored(std::string_view bytes);

} // namespace greenroom::cluster
