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

} // namespace greenroom::protocol
