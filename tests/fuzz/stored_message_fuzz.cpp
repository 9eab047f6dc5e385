#include "cluster/stored_message.hpp"
#include "core/message_key.hpp"
#include "tests/fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace greenroom;
  using namespace greenroom::cluster;
  auto bytes = fuzz::view(data, size);
  if (auto [session, id] = parts_of(bytes); protocol::is_set(id))
    fuzz::must(parts_of(message_key(session, id)).second == id,
               "a key says the same again");
  auto found = decode_stored(bytes);
  if (!found) {
    fuzz::must(!found.error().text.empty(), "an error has a text");
    return 0;
  }
  auto stored = encode_stored(*found);
  auto again = decode_stored(stored);
  fuzz::must(again.has_value(), "what was read can be stored");
  fuzz::must(encode_stored(*again) == stored, "and then says the same");
  return 0;
}
