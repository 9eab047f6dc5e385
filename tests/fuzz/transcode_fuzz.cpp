#include "tests/fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace greenroom;
  using protocol::encoding;
  auto bytes = std::string{fuzz::view(data, size)};
  auto packed = protocol::transcode({encoding::json, bytes}, encoding::msgpack);
  auto json = protocol::transcode({encoding::msgpack, bytes}, encoding::json);
  // A level of MessagePack can become three of JSON; longer input might nest
  // deeper than this node reads.
  if (size > protocol::depth_max / 3)
    return 0;
  fuzz::must(fuzz::there_and_back(encoding::msgpack, packed) == packed,
             "what came from JSON comes back as it was");
  fuzz::must(fuzz::there_and_back(encoding::json, json) == json,
             "what came from MessagePack comes back as it was");
  return 0;
}
