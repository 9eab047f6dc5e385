#include "cluster/stored_message.hpp"

#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace greenroom::cluster;

namespace {

posted a_message() {
  posted what;
  what.user_id = "ann";
  what.body = {true, {protocol::encoding::json, R"("hi")"}};
  what.stamped = 7;
  return what;
}

/// As a file of today holds it.
const std::string
    on_disk("\x97\x01\xa3"
            "ann\xc3\x92\x00\xc4\x04\"hi\"\xa0\x92\x00\xc4\x00\x07",
            21);

} // namespace

TEST_CASE("a stored message is read by every later version") {
  CHECK(encode_stored(a_message()) == on_disk);
  auto back = decode_stored(on_disk);
  REQUIRE(back.has_value());
  CHECK(back->user_id == "ann");
  CHECK(back->body.said.bytes == R"("hi")");
  CHECK(back->stamped == 7);
}

TEST_CASE("elements of a later version are ignored, another number is not") {
  auto later = on_disk;
  later[0] = '\x98';
  later += '\x01';
  CHECK(decode_stored(later).has_value());
  later[1] = '\x02';
  CHECK(decode_stored(later).has_error());
}

TEST_CASE("bytes that are no message are an error with a text") {
  for (std::size_t size = 0; size < on_disk.size(); ++size)
    CHECK(decode_stored(on_disk.substr(0, size)).has_error());
  CHECK_FALSE(decode_stored("").error().text.empty());
  CHECK(decode_stored(on_disk + "x").has_error());
}

TEST_CASE("[P-3.21] a stored message keeps its trace") {
  auto said = a_message();
  said.trace =
      sampled_trace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  auto back = decode_stored(encode_stored(said));
  REQUIRE(back.has_value());
  REQUIRE(back->trace);
  CHECK(back->trace->parent == said.trace->parent);
  CHECK(back->body.said.bytes == said.body.said.bytes);
}
