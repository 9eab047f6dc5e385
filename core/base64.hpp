#pragma once

// Base64 (RFC 4648, section 4): the standard alphabet, always padded.

#include <optional>
#include <string>
#include <string_view>

namespace greenroom {

void append_base64(std::string& out, std::string_view bytes);

/// Reads what `append_base64` writes and nothing else: one spelling for every
/// byte string, so that a text survives the way there and back.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

} // namespace greenroom
