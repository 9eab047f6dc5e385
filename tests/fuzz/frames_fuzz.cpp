#include "tests/fuzz/fuzz.hpp"
#include "tests/support/frame_ear.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace greenroom;
  constexpr std::uint32_t message_bytes_max = 4'096;
  auto bytes = std::string{fuzz::view(data, size)};
  auto whole = test::heard_of(bytes, bytes.size() + 1, message_bytes_max);
  for (std::size_t piece : {1u, 3u, 14u})
    fuzz::must(test::heard_of(bytes, piece, message_bytes_max) == whole,
               "what is heard does not depend on the pieces");
  for (std::size_t piece : {bytes.size() + 1, std::size_t{14}})
    fuzz::must(test::heard_of(bytes, piece, message_bytes_max, false, 1)
                   == whole,
               "what is heard does not depend on the pauses");
  return 0;
}
