#include <cmath>

#include "core/protocol/codec.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom::protocol;
using namespace std::string_literals;

namespace {

std::string packed(std::string_view json) {
  return transcode({encoding::json, std::string{json}}, encoding::msgpack);
}

std::string json(std::string_view bytes) {
  return transcode({encoding::msgpack, std::string{bytes}}, encoding::json);
}

/// `text` goes to `bytes` and comes back as it was.
void check_pair(std::string_view text, std::string_view bytes) {
  INFO(text);
  CHECK(packed(text) == bytes);
  CHECK(json(bytes) == text);
}

} // namespace

TEST_CASE("[P-3.6] words, text, lists and maps are the same in both") {
  check_pair("null", "\xc0");
  check_pair("true", "\xc3");
  check_pair("false", "\xc2");
  check_pair(R"("")", "\xa0");
  check_pair(R"("a\"\n")", "\xa3"s + "a\"\n");
  check_pair("[]", "\x90");
  check_pair("{}", "\x80");
  check_pair(R"([[],{},[1]])", "\x93\x90\x80\x91\x01");
  check_pair(R"({"a":1,"a":{"b":[null]},"":""})",
             "\x83\xa1"s + "a\x01\xa1"s + "a\x81\xa1"s + "b\x91\xc0\xa0\xa0");
  CHECK(packed(R"( [ 1 , { "\u0061" : "\ud83c\udf31" } ] )")
        == "\x92\x01\x81\xa1"s + "a\xa4\xf0\x9f\x8c\xb1");
}

TEST_CASE("[P-3.6] integers of 64 bits stay integers") {
  check_pair("0", "\0"s);
  check_pair("127", "\x7f");
  check_pair("-1", "\xff");
  check_pair("-33", "\xd0\xdf");
  check_pair("65536", "\xce\0\x01\0\0"s);
  check_pair("18446744073709551615", "\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
  check_pair("-9223372036854775808", "\xd3\x80\0\0\0\0\0\0\0"s);
}

TEST_CASE("[P-3.6] numbers with a fraction are doubles and stay so") {
  check_pair("1.0", "\xcb\x3f\xf0\0\0\0\0\0\0"s);
  check_pair("-0.0", "\xcb\x80\0\0\0\0\0\0\0"s);
  check_pair("0.1", "\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a");
  check_pair("5e-324", "\xcb\0\0\0\0\0\0\0\x01"s);
  check_pair("1.7976931348623157e+308", "\xcb\x7f\xef\xff\xff\xff\xff\xff\xff");
  CHECK(json("\xca\x3f\0\0\0"s) == "0.5"); // float32
  CHECK(json("\xca\x3d\xcc\xcc\xcd") == "0.10000000149011612");
  CHECK(packed("-0") == packed("-0.0"));
  CHECK(packed("0e999999999999999999999") == packed("0.0"));
  CHECK(packed("0.10000000000000001") == packed("0.1")); // As %.17g prints it.
  CHECK(packed("100E-2") == packed("1.0"));
  CHECK(packed("0.001e3") == packed("1.0"));
  CHECK(packed("1.50000000000000000000000000000000000") == packed("1.5"));
}

TEST_CASE("[P-3.6] numbers that no double holds keep their digits") {
  for (auto number :
       {"18446744073709551616", "-9223372036854775809",
        "123456789012345678901234567890", "1e400", "-1e400", "1e-400",
        "9007199254740993.0", "0.1000000000000000055", "1.2345e-323",
        "1e99999999999999999999", "3.1415926535897932384626433832795"}) {
    INFO(number);
    auto bytes = packed(number);
    CHECK(bytes.ends_with("\x01"s + number)); // ext, type 1
    CHECK(json(bytes) == number);
  }
}

TEST_CASE("[P-3.6] what JSON has no word for is tagged, and read back") {
  check_pair(R"({"$bin":""})", "\xc4\0"s);
  check_pair(R"({"$bin":"AP8="})", "\xc4\x02\0\xff"s);
  check_pair(R"({"$ext":[-1,"AAAAAQ=="]})", "\xd6\xff\0\0\0\x01"s);
  check_pair(R"({"$ext":[127,""]})", "\xc7\0\x7f"s);
  check_pair(R"({"$ext":[1,"YWJj"]})", "\xc7\x03\x01"s + "abc");
  check_pair(R"({"$ext":[1,"MTI="]})", "\xd5\x01"s + "12"); // 12 is an int.
  check_pair(R"({"$float":"inf"})", "\xcb\x7f\xf0\0\0\0\0\0\0"s);
  check_pair(R"({"$float":"-inf"})", "\xcb\xff\xf0\0\0\0\0\0\0"s);
  CHECK(json(packed(R"({"$float":"nan"})")) == R"({"$float":"nan"})");
  CHECK(json("\xca\x7f\x80\0\0"s) == R"({"$float":"inf"})");
}

TEST_CASE("[P-3.6] maps with keys that are no text are lists of pairs") {
  check_pair(R"({"$map":[[1,"a"]]})", "\x81\x01\xa1"s + "a");
  check_pair(R"({"$map":[["x",1],[null,{"y":[]}]]})",
             "\x82\xa1x\x01\xc0\x81\xa1y\x90");
  check_pair(R"({"$map":[[{"$map":[[[],1]]},{"z":1}]]})",
             "\x81\x81\x90\x01\x81\xa1z\x01");
  check_pair(R"([{"$map":[[{"$bin":"AA=="},2]]},{"a":{}}])",
             "\x92\x81\xc4\x01\0\x02\x81\xa1"s + "a\x80");
}

TEST_CASE("[P-3.6] a map that looks like a tag is told from one") {
  check_pair(R"({"$map":[["$bin","AA=="]]})", "\x81\xa4$bin\xa4"s + "AA==");
  check_pair(R"({"$map":[["$map",[[1,2]]]]})", "\x81\xa4$map\x91\x92\x01\x02");
  check_pair(R"({"$gt":5})", "\x81\xa3$gt\x05");
  check_pair(R"({"$bin":"AA==","x":1})", "\x82\xa4$bin\xa4"s + "AA==\xa1x\x01");
  // Not what a node writes, so no tag.
  CHECK(packed(R"({"$bin":"AA"})") == "\x81\xa4$bin\xa2"s + "AA");
  CHECK(packed(R"({"$bin":5})") == "\x81\xa4$bin\x05");
  CHECK(packed(R"({"$ext":[128,""]})") == "\x81\xa4$ext\x92\xcc\x80\xa0");
  CHECK(packed(R"({"$float":"1"})") == "\x81\xa6$float\xa1"s + "1");
  CHECK(packed(R"({"$map":[["a",1]]})")
        == "\x81\xa4$map\x91\x92\xa1"s + "a\x01");
  CHECK(packed(R"({"$map":[[1]]})") == "\x81\xa4$map\x91\x91\x01");
  CHECK(packed(R"({"$map":[]})") == "\x81\xa4$map\x90");
}

TEST_CASE("[P-3.6] big containers and texts keep their size") {
  std::string list = "[";
  for (int i = 0; i < 70'000; ++i)
    list += "1,";
  list.back() = ']';
  CHECK(json(packed(list)) == list);
  auto text = '"' + std::string(70'000, 'x') + '"';
  CHECK(json(packed(text)) == text);
  std::string nested = std::string(512, '[') + std::string(512, ']');
  CHECK(json(packed(nested)) == nested);
}

TEST_CASE("transcoding of what is not valid gives null and no more") {
  CHECK(packed("") == "\xc0");
  CHECK(packed("1],[2") == "\xc0");
  CHECK(packed("1,2") == "\xc0");
  CHECK(packed("[1}") == "\xc0");
  CHECK(packed("1]") == "\xc0");
  CHECK(json("") == "null");
  CHECK(json("\x92\x01") == "null");
  CHECK(json("\x01\x01") == "null");
  CHECK(json("\xc1") == "null");
  CHECK(packed(std::string(600, '[') + std::string(600, ']')) == "\xc0");
  CHECK(json(std::string(600, '\x91') + '\x01') == "null");
}
