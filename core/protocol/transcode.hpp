#pragma once

// From one dialect to the other, onto the end of a message. The rules are in
// core/protocol/transcode.cpp. Total: what is not valid becomes null.

#include <string>
#include <string_view>

namespace greenroom::protocol {

/// Appends the MessagePack object `bytes` as JSON.
void append_as_json(std::string& out, std::string_view bytes);

/// Appends the JSON text `bytes` as MessagePack.
void append_as_msgpack(std::string& out, std::string_view bytes);

/// Whether `bytes` are one JSON text, nesting no deeper than `depth_max`.
[[nodiscard]] bool is_json(std::string_view bytes);

/// Whether `bytes` are one MessagePack object, text in UTF-8, nesting no deeper
/// than `depth_max`.
[[nodiscard]] bool is_msgpack(std::string_view bytes);

} // namespace greenroom::protocol
