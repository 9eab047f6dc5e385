#include "core/protocol/codec.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/dialects.hpp"

using namespace greenroom;
using namespace greenroom::protocol;

namespace {

/// Whether `what` is `json` to the byte in JSON, and the same in MessagePack.
template <class Message>
void check_written(const Message& what, std::string_view json) {
  CHECK(encode(encoding::json, what) == json);
  CHECK(test::meaning(encoding::msgpack, encode(encoding::msgpack, what))
        == boost::json::parse(json));
}

/// The same for one that carries the list of `members`.
template <class Message>
void check_list_written(Message what, const std::vector<member>& members,
                        std::string_view json) {
  std::vector<const member*> list;
  for (const auto& who : members)
    list.push_back(&who);
  auto as_json = encode_members(encoding::json, list);
  what.members = as_json;
  CHECK(encode(encoding::json, what) == json);
  auto as_msgpack = encode_members(encoding::msgpack, list);
  what.members = as_msgpack;
  CHECK(test::meaning(encoding::msgpack, encode(encoding::msgpack, what))
        == boost::json::parse(json));
}

content text_of(std::string json) {
  return {true, {encoding::json, std::move(json)}};
}

} // namespace

TEST_CASE("[P-2.3] auth_success tells who the client is") {
  check_written(auth_success{"u", "c", "s", {}, {}},
                R"({"type":"auth_success","userId":"u","connectionId":"c",)"
                R"("session":"s"})");
  check_written(auth_success{"u\"", "c", "s", 1700000000000, 7},
                R"({"type":"auth_success","userId":"u\"","connectionId":"c",)"
                R"("session":"s","expiresAt":1700000000000,"id":7})");
}

TEST_CASE("[P-4] joined tells where the room is and who is in it") {
  check_written(joined{"r", {}, order_mode::fifo, {"e", 7}, {}, "", 3, {}},
                R"({"type":"joined","roomId":"r","order":"fifo","epoch":"e",)"
                R"("offset":7,"memberCount":3})");
  check_list_written(
      joined{"r",
             std::int64_t{-5},
             order_mode::total,
             {"e", 7},
             false,
             "trimmed",
             2,
             {}},
      {{"c", "u", ""}, {"d", "v", R"({"n":[1]})"}},
      R"({"type":"joined","roomId":"r","id":-5,"order":"total","epoch":"e",)"
      R"("offset":7,"recovered":false,"reason":"trimmed","memberCount":2,)"
      R"("members":[{"connectionId":"c","userId":"u"},)"
      R"({"connectionId":"d","userId":"v","info":{"n":[1]}}]})");
}

TEST_CASE("[P-4] left tells why, unless the client asked for it") {
  check_written(left{"r", "i", ""}, R"({"type":"left","roomId":"r","id":"i"})");
  check_written(left{"r", {}, "kicked"},
                R"({"type":"left","roomId":"r","reason":"kicked"})");
}

TEST_CASE("[P-4] a message has text or data, event, time and offset") {
  auto body = text_of(R"("h\u00e9")");
  room_message what{"r", "u", &body, "", nullptr, 12, 9};
  check_written(what, R"({"type":"message","roomId":"r","userId":"u",)"
                      R"("text":"h\u00e9","timestamp":12,"offset":9})");
  content data{false, {encoding::json, R"({"a":[1.0]})"}};
  value timestamp{encoding::json, "1.5e3"};
  what = {"r", "u", &data, "e", &timestamp, 0, {}};
  check_written(what, R"({"type":"message","roomId":"r","userId":"u",)"
                      R"("data":{"a":[1.0]},"event":"e","timestamp":1.5e3})");
}

TEST_CASE("[P-3.6] data passes byte for byte between clients of the same "
          "encoding") {
  std::string odd{"\x92\xce\0\0\0\x01\xd9\x01z", 9}; // Not the shortest forms.
  content body{false, {encoding::msgpack, odd}};
  room_message what{"r", "u", &body, "", nullptr, 1, 1};
  std::string field = "\xa4";
  field += "data";
  field += odd;
  CHECK(encode(encoding::msgpack, what).find(field) != std::string::npos);
  CHECK(encode(encoding::json, what).find(R"("data":[1,"z"],)")
        != std::string::npos);
  body = {false, {encoding::json, R"({ "a" : 1E2 })"}};
  CHECK(encode(encoding::json, what).find(R"("data":{ "a" : 1E2 },)")
        != std::string::npos);
}

TEST_CASE("[P-4] typing says who and whether") {
  check_written(typing_changed{"r", "u", false},
                R"({"type":"typing","roomId":"r","userId":"u",)"
                R"("isTyping":false})");
}

TEST_CASE("[P-4] presence is whole or a difference") {
  presence what;
  what.room_id = "r";
  what.member_count = 1;
  check_list_written(what, {},
                     R"({"type":"presence","roomId":"r","memberCount":1,)"
                     R"("members":[]})");
  what.joined = {{"c", "u", "null"}};
  check_written(what, R"({"type":"presence","roomId":"r","memberCount":1,)"
                      R"("joined":[{"connectionId":"c","userId":"u",)"
                      R"("info":null}]})");
  what.left = std::vector<member>(20, member{"d", "v", ""});
  what.joined.clear();
  what.id.emplace<std::string>("i");
  auto json = encode(encoding::json, what);
  CHECK(json.starts_with(
      R"({"type":"presence","roomId":"r","id":"i","memberCount":1,"left":[{)"));
  check_written(what, json);
}

TEST_CASE("[P-3.3] an ack says where the message is, or to how many it went") {
  check_written(
      ack{std::int64_t{1}, "r", log_position{"e", 5}, {}, false, false},
      R"({"type":"ack","id":1,"roomId":"r","epoch":"e","offset":5})");
  check_written(ack{"x", "r", log_position{"e", 5}, {}, true, true},
                R"({"type":"ack","id":"x","roomId":"r","epoch":"e",)"
                R"("offset":5,"duplicate":true,"degraded":true})");
  check_written(ack{"x", "r", {}, 0, false, false},
                R"({"type":"ack","id":"x","roomId":"r","delivered":0})");
}

TEST_CASE("[P-4] the small messages carry what they have") {
  check_written(pong{}, R"({"type":"pong"})");
  check_written(pong{"i"}, R"({"type":"pong","id":"i"})");
  check_written(gap{"r", "e", 4, 9, "slow"},
                R"({"type":"gap","roomId":"r","epoch":"e","from":4,"to":9,)"
                R"("reason":"slow"})");
  check_written(degraded{}, R"({"type":"degraded"})");
  check_written(degraded{"r"}, R"({"type":"degraded","roomId":"r"})");
  check_written(healed{"r"}, R"({"type":"healed","roomId":"r"})");
}

TEST_CASE("[P-5.1] an error has a code, a text and what it is about") {
  check_written(error{error_code::internal, "oh", {}, "", {}},
                R"({"type":"error","code":"internal","message":"oh"})");
  check_written(
      error{error_code::rate_limited, "slower", "i", "r", 250},
      R"({"type":"error","code":"rate_limited","message":"slower","id":"i",)"
      R"("roomId":"r","retryAfter":250})");
}
