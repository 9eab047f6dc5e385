#pragma once

// What the fuzz targets share. libFuzzer calls LLVMFuzzerTestOneInput with any
// bytes; a broken promise aborts.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/protocol/codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size);

namespace greenroom::fuzz {

inline void must(bool kept, const char* promise) {
  if (kept)
    return;
  std::fprintf(stderr, "broken: %s\n", promise);
  std::abort();
}

inline std::string_view view(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

inline std::string there_and_back(protocol::encoding in,
                                  std::string_view bytes) {
  using protocol::encoding;
  auto other = in == encoding::json ? encoding::msgpack : encoding::json;
  auto there = protocol::transcode({in, std::string{bytes}}, other);
  return protocol::transcode({other, std::move(there)}, in);
}

/// Decodes, and does with the result what a node does.
inline void decode_any(protocol::encoding as, std::string_view bytes) {
  using namespace protocol;
  auto result = decode(as, bytes, {});
  if (result.has_error()) {
    auto why = result.error();
    must(!why.text.empty(), "a refusal has a text");
    auto sent = encode(encoding::json,
                       error{why.code, why.text, why.id, why.room_id, {}});
    must(there_and_back(encoding::json, sent) == sent,
         "an error is valid JSON");
    return;
  }
  auto* said = std::get_if<message>(&result->what);
  if (!said)
    return;
  must(!said->body.said.empty(), "a message says something");
  room_message out{said->room_id, "u", &said->body, said->event, nullptr, 1, 1};
  if (!said->timestamp.empty())
    out.timestamp = &said->timestamp;
  auto same = encode(as, out);
  must(same.find(said->body.said.bytes) != std::string::npos,
       "data goes byte for byte to clients of the same encoding");
  auto again =
      decode(encoding::json, encode(encoding::json, out), {.depth = depth_max});
  must(again.has_value(), "what JSON clients get is valid");
  again = decode(encoding::msgpack, encode(encoding::msgpack, out),
                 {.depth = depth_max});
  must(again.has_value(), "what MessagePack clients get is valid");
}

} // namespace greenroom::fuzz
