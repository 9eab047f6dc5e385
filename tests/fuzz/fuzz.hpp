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

/// What is encoded can be read, and has the value as it came.
template <class Message>
void must_carry(protocol::encoding as, const Message& out,
                const protocol::value& said) {
  using namespace protocol;
  must(encode(as, out).find(said.bytes) != std::string::npos,
       "data goes byte for byte to clients of the same encoding");
  for (auto to : {encoding::json, encoding::msgpack}) {
    auto again = decode(to, encode(to, out), {.depth = depth_max});
    must(again.has_value() || again.error().code == error_code::unknown_type,
         "what clients get is valid");
  }
}

/// Members are told, and who expected another version.
inline void pass_on(protocol::encoding as, const protocol::set_state& said) {
  using namespace protocol;
  must(!said.key.empty(), "a key has a name");
  must(said.said.bytes.size() <= state_value_bytes_max, "values are bounded");
  state_change change{said.key, &said.said, 1, "u"};
  must_carry(as, state{said.room_id, {&change, 1}}, said.said);
  error refused{error_code::conflict, "x", {}, said.room_id, {}};
  refused.present = {1, said.said};
  must_carry(as, refused, said.said);
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
  if (auto* asked = std::get_if<resume>(&result->what))
    must(asked->rooms.size() <= decode_limits{}.rooms, "rooms are bounded");
  if (auto* asked = std::get_if<read_history>(&result->what))
    must(asked->limit > 0 && asked->limit <= history_messages_max,
         "history is bounded");
  if (auto* state = std::get_if<set_state>(&result->what))
    pass_on(as, *state);
  auto* said = std::get_if<message>(&result->what);
  if (!said)
    return;
  must(!said->body.said.empty(), "a message says something");
  room_message out{said->room_id, "u", &said->body, said->event, nullptr, 1, 1};
  if (!said->timestamp.empty())
    out.timestamp = &said->timestamp;
  must_carry(as, out, said->body.said);
}

} // namespace greenroom::fuzz
