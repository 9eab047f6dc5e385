#include "tests/fuzz/fuzz.hpp"
#include "tests/support/client_frames.hpp"
#include "tests/support/frame_ear.hpp"

namespace {

using namespace greenroom;

constexpr std::uint32_t message_bytes_max = 4'096;
constexpr test::form rsv1{true, 4};

std::string heard_of(const std::string& bytes, std::size_t piece,
                     int messages_at_once = -1) {
  return test::heard_of(bytes, piece, message_bytes_max, true,
                        messages_at_once);
}

/// One who keeps its context says the same twice.
void hear_twice(const std::string& message) {
  ws::inflater by{ws::window_bits_max};
  ws::inflate_space space;
  for (int i = 0; i < 2; ++i) {
    auto got = by.inflate_next(message, message_bytes_max, space);
    fuzz::must(got.bytes.size() <= message_bytes_max,
               "no message is larger than it may be");
    fuzz::must(space.capacity() <= message_bytes_max + 1,
               "no message takes more memory than it may");
    if (got.what != ws::inflated::verdict::whole)
      return;
  }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes{fuzz::view(data, size)};
  auto whole = heard_of(bytes, bytes.size() + 1);
  for (std::size_t piece : {1u, 3u, 14u})
    fuzz::must(heard_of(bytes, piece) == whole,
               "what is heard does not depend on the pieces");
  fuzz::must(heard_of(bytes, bytes.size() + 1, 1) == whole,
             "what is heard does not depend on the pauses");
  // The same bytes as what one frame carries: deeper than random frames get.
  hear_twice(bytes);
  auto one = test::frame(2, bytes, rsv1);
  fuzz::must(heard_of(one, 1) == heard_of(one, one.size()),
             "what is inflated does not depend on the pieces");
  return 0;
}
