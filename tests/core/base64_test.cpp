#include "core/base64.hpp"

#include "tests/support/catch.hpp"

using namespace greenroom;

namespace {

std::string encoded(std::string_view bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

} // namespace

TEST_CASE("base64 gives the test vectors of RFC 4648") {
  CHECK(encoded("") == "");
  CHECK(encoded("f") == "Zg==");
  CHECK(encoded("fo") == "Zm8=");
  CHECK(encoded("foo") == "Zm9v");
  CHECK(encoded("foobar") == "Zm9vYmFy");
  CHECK(encoded("\xff\xfe\xfb") == "//77");
}

TEST_CASE("base64 comes back as it went") {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    CHECK(from_base64(encoded(bytes)) == bytes);
    bytes += static_cast<char>(i * 7);
  }
}

TEST_CASE("base64 has one spelling: any other is refused") {
  for (auto text : {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==",
                    "Zm 9", "Zm-9", "Zm9v\n", "=Zm9"})
    CHECK_FALSE(from_base64(text).has_value());
}
