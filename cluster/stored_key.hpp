#pragma once

// What is under a shared key as bytes in a store: a MessagePack array
//
//   [version, user, value]
//
// where a value is [encoding, bytes]; of a key that is deleted it is empty. A
// later version appends elements, which an older one ignores; only a change
// that it would misread takes a new number.

#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "cluster/decode_error.hpp"
#include "core/store.hpp"

namespace greenroom::cluster {

[[nodiscard]] std::string encode_stored(const stored_key& what);

/// Into `to`, whose name, time and number stand elsewhere. Total: any bytes
/// give a value or an error.
[[nodiscard]] boost::system::result<void, decode_error>
decode_stored(std::string_view bytes, stored_key& to);

} // namespace greenroom::cluster
