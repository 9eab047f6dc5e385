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

TEST_CASE("[P-4.19] joined tells of the epoch before") {
  joined what{"r", {}, order_mode::total, {"f", 7}, true, "epoch", 3, {}};
  what.previous = {"e", 7};
  check_written(what,
                R"({"type":"joined","roomId":"r","order":"total","epoch":"f",)"
                R"("offset":7,"recovered":true,"reason":"epoch","previous":)"
                R"({"epoch":"e","offset":7},"memberCount":3})");
}

TEST_CASE("[P-4] joined may bring the room's state") {
  value one{encoding::json, "1"};
  std::vector<state_change> whole{{"k", &one, 3, "u"}};
  joined what{"r", {}, order_mode::fifo, {"e", 7}, {}, "", 3, {}};
  std::string_view json =
      R"({"type":"joined","roomId":"r","order":"fifo","epoch":"e","offset":7,)"
      R"("memberCount":3,"state":[{"key":"k","value":1,"version":3,)"
      R"("userId":"u"}]})";
  auto as_json = encode_state(encoding::json, whole);
  what.state = as_json;
  CHECK(encode(encoding::json, what) == json);
  auto as_msgpack = encode_state(encoding::msgpack, whole);
  what.state = as_msgpack;
  CHECK(test::meaning(encoding::msgpack, encode(encoding::msgpack, what))
        == boost::json::parse(json));
  CHECK(encode_state(encoding::json, {}) == "[]");
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

TEST_CASE("[P-4.2.1] a replayed message has the id under which it was sent") {
  auto body = text_of(R"("hi")");
  request_id id = "i";
  room_message what{"r", "u", &body, "", nullptr, 12, 9};
  what.id = &id;
  check_written(what, R"({"type":"message","roomId":"r","userId":"u",)"
                      R"("text":"hi","timestamp":12,"offset":9,"id":"i"})");
  const request_id none;
  what.id = &none;
  check_written(what, R"({"type":"message","roomId":"r","userId":"u",)"
                      R"("text":"hi","timestamp":12,"offset":9})");
}

TEST_CASE("[P-4] history has messages, and where the room is now") {
  auto body = text_of(R"("hi")");
  content data{false, {encoding::msgpack, "\x91\x01"}};
  request_id id = std::int64_t{4};
  std::vector<room_message> messages{
      {"r", "u", &body, "", nullptr, 12, 8},
      {"r", "v", &data, "e", nullptr, 13, 9},
  };
  messages[1].id = &id;
  check_written(history{"r", "h", {"e", 10}, messages},
                R"({"type":"history","roomId":"r","id":"h","epoch":"e",)"
                R"("offset":10,"messages":[{"userId":"u","text":"hi",)"
                R"("timestamp":12,"offset":8},{"userId":"v","data":[1],)"
                R"("event":"e","timestamp":13,"offset":9,"id":4}]})");
  check_written(history{"r", {}, {"e", 0}, {}},
                R"({"type":"history","roomId":"r","epoch":"e","offset":0,)"
                R"("messages":[]})");
}

TEST_CASE("[P-4.6] state has the newest of each key, null for what is gone") {
  value said{encoding::json, R"({"a":[1]})"};
  value none;
  std::vector<state_change> changes{
      {"k", &said, 3, "u"}, {"l", nullptr, 4, "v"}, {"m", &none, 5, "u"}};
  check_written(state{"r", changes},
                R"({"type":"state","roomId":"r","changes":[)"
                R"({"key":"k","value":{"a":[1]},"version":3,"userId":"u"},)"
                R"({"key":"l","value":null,"version":4,"userId":"v"},)"
                R"({"key":"m","value":null,"version":5,"userId":"u"}]})");
  check_written(state{"r", {}, true},
                R"({"type":"state","roomId":"r","whole":true,"changes":[]})");
}

TEST_CASE("[P-4.16] resumed tells of every room what became of it") {
  resumed what;
  what.id = std::int64_t{1};
  what.session = "s";
  what.user_id = "u";
  what.rooms = {{"a", log_position{"e", 7}, true, "", {}},
                {"b", log_position{"f", 0}, false, "epoch", {}},
                {"c", {}, false, "", error_code::forbidden}};
  check_written(what,
                R"({"type":"resumed","id":1,"session":"s","userId":"u",)"
                R"("rooms":[{"roomId":"a","epoch":"e","offset":7,)"
                R"("recovered":true},{"roomId":"b","epoch":"f","offset":0,)"
                R"("recovered":false,"reason":"epoch"},{"roomId":"c",)"
                R"("recovered":false,"error":"forbidden"}]})");
  check_written(resumed{{}, "s", "c", "u", {}},
                R"({"type":"resumed","session":"s","connectionId":"c",)"
                R"("userId":"u","rooms":[]})");
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

TEST_CASE("[P-3.20] presence by user counts connections and users") {
  presence_by_user what{"r", "i", 3, 2, {}};
  check_written(what, R"({"type":"presence","roomId":"r","id":"i",)"
                      R"("memberCount":3,"userCount":2})");
  std::vector<present_user> users{{"u", 2, R"({"a":1.5})"}, {"v", 1, {}}};
  for (auto as : test::dialects) {
    auto list = encode_users(as, users);
    what.users = list;
    CHECK(test::meaning(as, encode(as, what))
          == boost::json::parse(
              R"({"type":"presence","roomId":"r","id":"i","memberCount":3,)"
              R"("userCount":2,"users":[{"userId":"u","connections":2,)"
              R"("info":{"a":1.5}},{"userId":"v","connections":1}]})"));
  }
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
  check_written(ack{"x", "r", {}, {}, false, false, 18446744073709551615U},
                R"({"type":"ack","id":"x","roomId":"r",)"
                R"("version":18446744073709551615})");
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
  check_written(go_away{250}, R"({"type":"go_away","reconnectAfter":250})");
}

TEST_CASE("[P-5.1] an error has a code, a text and what it is about") {
  check_written(error{error_code::internal, "oh", {}, "", {}},
                R"({"type":"error","code":"internal","message":"oh"})");
  check_written(
      error{error_code::rate_limited, "slower", "i", "r", 250},
      R"({"type":"error","code":"rate_limited","message":"slower","id":"i",)"
      R"("roomId":"r","retryAfter":250})");
}

TEST_CASE("[P-4.6] a conflict tells what the key holds") {
  error what{error_code::conflict, "oh", "i", "r", {}};
  what.present = {7, {encoding::msgpack, "\x91\x01"}};
  check_written(what, R"({"type":"error","code":"conflict","message":"oh",)"
                      R"("id":"i","roomId":"r","version":7,"value":[1]})");
  what.present = present_state{};
  check_written(what, R"({"type":"error","code":"conflict","message":"oh",)"
                      R"("id":"i","roomId":"r","version":0,"value":null})");
}
