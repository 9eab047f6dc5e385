#include <string>

#include "core/protocol/codec.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom::protocol;

namespace {

bool is_json_value(std::string bytes) {
  return is_value({encoding::json, std::move(bytes)});
}

bool is_msgpack_value(std::string bytes) {
  return is_value({encoding::msgpack, std::move(bytes)});
}

} // namespace

TEST_CASE("one JSON text is a value, and nothing else is") {
  for (const char* good : {"null", "-1.5e300", "\"\\u00e9\"", "[]", "{}",
                           R"({"a":[1,{"b":"ä"}]})", "123456789012345678901"})
    CHECK(is_json_value(good));
  for (const char* bad :
       {"", " ", "nul", "01", "1 2", "1,2", "]", "[", "[1", "{\"a\":}", "\"a",
        "\"\xff\"", "\"\x01\"", "{a:1}", "NaN"})
    CHECK_FALSE(is_json_value(bad));
  CHECK(
      is_json_value(std::string(depth_max, '[') + std::string(depth_max, ']')));
  CHECK_FALSE(is_json_value(std::string(depth_max + 1, '[')
                            + std::string(depth_max + 1, ']')));
}

TEST_CASE("one MessagePack object is a value, and nothing else is") {
  for (const char* good : {"\xc0", "\x01", "\xa1\x61", "\x91\x01"})
    CHECK(is_msgpack_value(good));
  for (const char* bad : {"", "\x91", "\x01\x01", "\xa1\xff", "\xc1"})
    CHECK_FALSE(is_msgpack_value(bad));
  CHECK(is_msgpack_value(std::string(depth_max, '\x91') + '\x01'));
  CHECK_FALSE(is_msgpack_value(std::string(depth_max + 1, '\x91') + '\x01'));
}

TEST_CASE("a string value is a value that is a string") {
  CHECK(is_string_value({encoding::json, "\"\""}));
  CHECK_FALSE(is_string_value({encoding::json, "1"}));
  CHECK_FALSE(is_string_value({encoding::json, "\"a\",\"b\""}));
  for (const char* good : {"\xa0", "\xbf 012345678901234567890123456789"})
    CHECK(is_string_value({encoding::msgpack, good}));
  CHECK(is_string_value({encoding::msgpack, std::string("\xd9\x00", 2)}));
  CHECK(is_string_value({encoding::msgpack, std::string("\xda\x00\x00", 3)}));
  CHECK_FALSE(is_string_value({encoding::msgpack, std::string("\xc4\0", 2)}));
}
