// Decoding against a second opinion: Boost.JSON for JSON, msgpack-c's own
// parser for MessagePack. The seed is fixed and printed with a failure.

#include <vector>

#include "core/protocol/codec.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/dialects.hpp"
#include "tests/support/mutate.hpp"

using namespace greenroom;
using namespace greenroom::protocol;

namespace {

constexpr std::uint32_t seed = 42;

const std::vector<std::string> requests{
    R"({"type":"ping","id":1})",
    R"({"type":"auth","token":"a.b.c"})",
    R"({"type":"join_room","roomId":"r","since":{"epoch":"e","offset":3}})",
    R"({"type":"message","roomId":"r","text":"h\u00e9 \ud83c\udf31","to":["u"]})",
    R"({"type":"message","id":"x","roomId":"r","data":{"a":[1,-2.5e-3,null,true,
     {"b":"c\n"},[],{}],"":"é"},"event":"e","timestamp":1700000000000})",
    R"({"type":"typing","roomId":"r","isTyping":false})",
    R"({"type":"set_state","roomId":"r","key":"k","value":{"a":[1,null,"é"]},
     "ifVersion":7,"ttl":5000,"bound":true})",
    R"({"type":"resume","session":"s","rooms":{"a":{"epoch":"e","offset":3},
     "b":{"epoch":"f","offset":4}}})",
    R"({"type":"history","roomId":"r","from":7,"limit":30})",
    R"({"type":"join_room","roomId":"r","history":20})",
    R"({"type":"presence","roomId":"r","by":"user"})",
};

/// What our reader says without Boost.JSON's rules about size and depth.
bool valid_by_boost(std::string_view json) {
  boost::json::error_code failed;
  auto parsed = boost::json::parse(json, failed);
  // Boost.JSON converts numbers, and refuses what is not finite; the grammar
  // does not mind.
  return failed == boost::json::error::exponent_overflow
         || (!failed && parsed.is_object());
}

/// The value that the request hands on; null: none.
const value* handed_on(const decoded& result) {
  if (!result)
    return nullptr;
  if (auto* said = std::get_if<message>(&result->what))
    return &said->body.said;
  auto* state = std::get_if<set_state>(&result->what);
  return state && !state->said.empty() ? &state->said : nullptr;
}

/// What the requests say beside their values, which are spelt differently.
std::string gist(const request& asked) {
  std::string out;
  auto add = [&](const auto& what) {
    out += ' ';
    if constexpr (requires { std::to_string(what); })
      out += std::to_string(what);
    else
      out += what;
  };
  if (auto* state = std::get_if<set_state>(&asked.what)) {
    add(state->key);
    add(state->said.empty());
    add(state->if_version.value_or(1));
    add(state->ttl.value_or(std::chrono::milliseconds{-1}).count());
    add(state->bound);
  } else if (auto* resumes = std::get_if<resume>(&asked.what)) {
    add(resumes->session);
    for (const auto& [room_id, at] : resumes->rooms) {
      add(room_id);
      add(at.epoch);
      add(at.offset);
    }
  } else if (auto* reads = std::get_if<read_history>(&asked.what)) {
    add(reads->from.value_or(1));
    add(reads->limit);
  } else if (auto* lists = std::get_if<list_presence>(&asked.what)) {
    add(static_cast<int>(lists->by));
  } else if (auto* join = std::get_if<join_room>(&asked.what)) {
    add(join->history);
    if (join->since)
      add(join->since->offset);
  }
  return out;
}

bool is_bad_json(const decoded& result) {
  return result.has_error() && result.error().code == error_code::bad_json;
}

} // namespace

TEST_CASE("[P-5.1] JSON is valid exactly if Boost.JSON says so") {
  test::random dice{seed};
  std::string_view alphabet = "{}[]:,\"\\ \n\t\r0123456789+-.eEtrufalsn/b\x01"
                              "\x7f\x80\xbf\xc2\xc3\xa9\xed\xa0\xf0\xff";
  int valid = 0;
  for (int i = 0; i < 60'000; ++i) {
    auto json = test::mutated(dice, requests[test::pick(dice, requests.size())],
                              alphabet);
    INFO("seed " << seed << ", round " << i << ": " << json);
    auto result = decode(encoding::json, json, {});
    auto expected = valid_by_boost(json);
    REQUIRE(is_bad_json(result) == !expected);
    valid += expected;
  }
  CHECK(valid > 5000);
}

TEST_CASE("[P-3.6] what is passed on is a valid value by itself") {
  test::random dice{seed};
  std::string_view alphabet = "{}[]:,\"\\ 0123456789-.eEu\xc3\xa9";
  int passed_on = 0;
  for (int i = 0; i < 40'000; ++i) {
    auto json =
        test::mutated(dice, requests[3 + test::pick(dice, 4)], alphabet);
    for (auto as : test::dialects) {
      auto result = decode(as, test::in(as, json), {});
      auto* said = handed_on(result);
      if (!said)
        continue;
      INFO("seed " << seed << ", round " << i << ": " << json);
      boost::json::error_code failed;
      auto text =
          as == encoding::json ? said->bytes : transcode(*said, encoding::json);
      auto parsed = boost::json::parse(text, failed);
      REQUIRE((!failed || failed == boost::json::error::exponent_overflow));
      auto* body = std::get_if<message>(&result->what);
      REQUIRE((failed || !body || !body->body.is_text || parsed.is_string()));
      ++passed_on;
    }
  }
  CHECK(passed_on > 5000);
}

TEST_CASE("[P-5.1] both dialects give the same answer to the same map") {
  test::random dice{seed};
  std::string_view alphabet = "{}[]:,\"\\ 0123456789-.eEu";
  for (int i = 0; i < 40'000; ++i) {
    auto json = test::mutated(dice, requests[test::pick(dice, requests.size())],
                              alphabet);
    auto first = decode(encoding::json, json, {});
    if (is_bad_json(first))
      continue;
    auto second =
        decode(encoding::msgpack, test::in(encoding::msgpack, json), {});
    INFO("seed " << seed << ", round " << i << ": " << json);
    REQUIRE(first.has_value() == second.has_value());
    if (first) {
      REQUIRE(first->id == second->id);
      REQUIRE(first->what.index() == second->what.index());
      REQUIRE(gist(*first) == gist(*second));
    } else {
      REQUIRE(first.error().code == second.error().code);
      REQUIRE(first.error().text == second.error().text);
      REQUIRE(first.error().id == second.error().id);
      REQUIRE(first.error().room_id == second.error().room_id);
    }
  }
}

TEST_CASE("[P-5.1] decoding MessagePack ends well on any bytes") {
  test::random dice{seed};
  std::string alphabet;
  for (int i = 0; i < 256; ++i)
    alphabet += static_cast<char>(i);
  for (int i = 0; i < 60'000; ++i) {
    auto& json = requests[test::pick(dice, requests.size())];
    auto bytes =
        test::mutated(dice, test::in(encoding::msgpack, json), alphabet);
    INFO("seed " << seed << ", round " << i);
    auto result = decode(encoding::msgpack, bytes, {});
    if (result.has_error())
      REQUIRE_FALSE(result.error().text.empty());
  }
}
