#include "bench/wsload/frame.hpp"

#include <string>

#include "tests/support/catch.hpp"

using namespace greenroom::bench;

TEST_CASE("a masked frame of any size reads back") {
  for (std::size_t size : {0U, 1U, 125U, 126U, 65'535U, 65'536U}) {
    const std::string payload(size, 'x');
    std::string wire;
    append_frame(wire, opcode::binary, payload, 0x12345678);
    frame_head head;
    REQUIRE(read_head(wire.data(), wire.size(), head));
    CHECK(head.op == opcode::binary);
    CHECK(head.masked);
    CHECK_FALSE(head.reserved_bits);
    CHECK(head.payload == size);
    REQUIRE(wire.size() == head.bytes + size);
    apply_mask(wire.data() + head.bytes, size, 0x12345678);
    CHECK(wire.substr(head.bytes) == payload);
  }
}

TEST_CASE("a header is not read before it is whole") {
  std::string wire;
  append_frame(wire, opcode::text, std::string(300, 'x'), 1);
  frame_head head;
  for (std::size_t size = 0; size < 8; ++size)
    CHECK_FALSE(read_head(wire.data(), size, head));
  CHECK(read_head(wire.data(), 8, head));
}
