#include "tests/fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace greenroom;
  fuzz::decode_any(protocol::encoding::json, fuzz::view(data, size));
  return 0;
}
