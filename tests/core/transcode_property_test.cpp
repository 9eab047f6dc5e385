// Random documents. The seed is fixed and printed with a failure.

#include <array>
#include <cstring>

#include "core/json_writer.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/dialects.hpp"
#include "tests/support/mutate.hpp"

using namespace greenroom;
using namespace greenroom::protocol;
using test::pick;

namespace {

constexpr std::uint32_t seed = 20240611;

std::string random_text(test::random& dice) {
  static constexpr std::array parts{
      "a",  "\"",       "\\",           "\n",
      "$x", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8c\xb1",
      " ",  "0"};
  std::string text;
  for (auto n = pick(dice, 40); n > 0; --n)
    text += parts[pick(dice, parts.size())];
  return text;
}

double random_double(test::random& dice) {
  auto bits = std::uint64_t{dice()} << 32 | dice();
  double number = 0;
  std::memcpy(&number, &bits, sizeof number);
  return std::isfinite(number) ? number : 0.5;
}

std::string random_number(test::random& dice) {
  std::string out;
  switch (pick(dice, 4)) {
  case 0:
    append_json_integer(
        out, static_cast<std::int64_t>((std::uint64_t{dice()} << 32 | dice())
                                       >> pick(dice, 64)));
    break;
  case 1:
    append_json_double(out, random_double(dice));
    break;
  case 2:
    append_json_double(out, static_cast<double>(pick(dice, 1000)) / 8);
    break;
  default:
    for (auto n = 1 + pick(dice, 30); n > 0; --n)
      out += static_cast<char>('1' + pick(dice, 9));
  }
  return out;
}

std::string random_json(test::random& dice, std::size_t levels) {
  std::string out;
  switch (pick(dice, levels == 0 ? 5 : 9)) {
  case 0:
    return "null";
  case 1:
    return pick(dice, 2) == 0 ? "true" : "false";
  case 2:
    append_json_string(out, random_text(dice));
    return out;
  case 3:
  case 4:
    return random_number(dice);
  case 5:
  case 6:
    out += '[';
    for (auto n = pick(dice, 20); n > 0; --n) {
      out += random_json(dice, levels - 1);
      out += n > 1 ? "," : "";
    }
    out += ']';
    return out;
  default:
    out += '{';
    for (auto n = pick(dice, 20); n > 0; --n) {
      append_json_string(out, random_text(dice));
      out += ':';
      out += random_json(dice, levels - 1);
      out += n > 1 ? "," : "";
    }
    out += '}';
    return out;
  }
}

std::string there_and_back(std::string_view from, encoding in) {
  auto other = in == encoding::json ? encoding::msgpack : encoding::json;
  auto there = transcode({in, std::string{from}}, other);
  return transcode({other, std::move(there)}, in);
}

} // namespace

TEST_CASE("[P-3.6] a JSON value comes back from MessagePack as it was") {
  test::random dice{seed};
  for (int i = 0; i < 1000; ++i) {
    auto json = random_json(dice, 3);
    INFO("seed " << seed << ", round " << i << ": " << json);
    // Written in this node's own spelling, so equal to the byte; and to be
    // sure that the spelling is not the same mistake twice, by value.
    auto back = there_and_back(json, encoding::json);
    REQUIRE(back == json);
    REQUIRE(boost::json::parse(back) == boost::json::parse(json));
  }
}

TEST_CASE("[P-3.6] a double comes back with all its bits") {
  test::random dice{seed};
  for (int i = 0; i < 30'000; ++i) {
    auto number = random_double(dice);
    std::string json;
    append_json_double(json, number);
    auto packed = transcode({encoding::json, json}, encoding::msgpack);
    INFO("seed " << seed << ", round " << i << ": " << json);
    REQUIRE(packed.size() == 9);
    REQUIRE(packed.front() == '\xcb');
    std::uint64_t bits = 0;
    std::uint64_t wanted = 0;
    std::memcpy(&wanted, &number, sizeof wanted);
    for (char c : packed.substr(1))
      bits = bits << 8 | static_cast<unsigned char>(c);
    REQUIRE(bits == wanted);
  }
}

TEST_CASE("[P-3.6] any MessagePack comes through JSON with its meaning") {
  test::random dice{seed};
  std::string all;
  for (int i = 0; i < 256; ++i)
    all += static_cast<char>(i);
  int valid = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto start =
        transcode({encoding::json, random_json(dice, 2)}, encoding::msgpack);
    auto bytes = test::mutated(dice, start.substr(0, 60), all);
    auto json = transcode({encoding::msgpack, bytes}, encoding::json);
    INFO("seed " << seed << ", round " << i << ": " << json);
    boost::json::error_code failed;
    boost::json::parse(json, failed);
    REQUIRE_FALSE(failed);
    // The second time nothing changes any more: the first lost nothing that
    // the spelling can tell.
    REQUIRE(there_and_back(json, encoding::json) == json);
    valid += json != "null";
  }
  CHECK(valid > 1000);
}
