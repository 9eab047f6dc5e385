#pragma once

// JSON text, piece by piece, onto the end of a string. For what is written
// often and known in advance: messages to clients, lines of the log.

#include <cstdint>
#include <string>
#include <string_view>

namespace greenroom {

/// Appends `text` as a JSON string, quotes included. Total: bytes that are not
/// UTF-8 become U+FFFD, so that the result is always valid JSON.
void append_json_string(std::string& out, std::string_view text);

void append_json_integer(std::string& out, std::int64_t number);
void append_json_natural(std::string& out, std::uint64_t number);

/// Appends the shortest digits that read back as the same double. Always
/// recognisable as no integer (`1.0`, `1e+300`, `-0.0`). What JSON cannot say
/// (NaN, infinity) becomes `null`.
void append_json_double(std::string& out, double number);

} // namespace greenroom
