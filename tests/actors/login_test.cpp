#include "tests/support/catch.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;
using protocol::close_code;

namespace {

claims user(std::string id, std::optional<std::int64_t> expires_at = {}) {
  claims who;
  who.user_id = std::move(id);
  who.expires_at = expires_at;
  return who;
}

} // namespace

TEST_CASE("[P-2.1] [P-2.3] a token of the handshake logs in at once") {
  quiet_node node;
  auto ann = node.connect("user-ann");
  auto hello = ann.sees().only("auth_success");
  CHECK(hello["userId"] == "user-ann");
  CHECK(hello["connectionId"].starts_with("c-"));
  CHECK(hello["session"].starts_with("s-"));
  CHECK(hello["expiresAt"] == "");
}

TEST_CASE("[P-2.2] a client may log in by its first message") {
  quiet_node node;
  node.tokens["t"] = user("ann", node.wall_now() + 60'000);
  auto ann = node.connect();
  CHECK(ann.sees().empty());
  ann.says(R"({"type":"auth","token":"t"})");
  auto hello = ann.sees().only("auth_success");
  CHECK(hello["userId"] == "ann");
  CHECK(hello["expiresAt"] == std::to_string(node.wall_now() + 60'000));
}

TEST_CASE("[P-2.2] MessagePack clients log in by their first message, too") {
  quiet_node node;
  auto ann = node.connect_msgpack({});
  ann.says(R"({"type":"auth","token":"user-ann"})");
  CHECK(ann.sees().only("auth_success")["userId"] == "user-ann");
}

TEST_CASE("[P-2.2] a bad token closes with 4001, by whichever way it comes") {
  quiet_node node;
  auto by_handshake = node.connect("wrong");
  CHECK(by_handshake->closed == close_code::bad_token);
  CHECK(by_handshake->close_reason == "Invalid token");
  auto by_message = node.connect();
  by_message.says(R"({"type":"auth","token":"wrong"})");
  CHECK(by_message->closed == close_code::bad_token);
  CHECK(by_message->close_reason == "Invalid token");
  CHECK(by_message.sees().empty());
}

TEST_CASE("[P-2.1] the first place that holds a token decides") {
  quiet_node node{anonymous()};
  auto ann = node.connect("wrong");
  CHECK(ann->closed == close_code::bad_token);
  CHECK(ann.sees().empty());
}

TEST_CASE("[P-2.2] anything else before authentication closes with 4001") {
  quiet_node node;
  auto said = GENERATE(R"({"type":"ping"})",
                       R"({"type":"join_room","roomId":"a"})", "not json");
  auto ann = node.connect();
  ann.sends(said);
  CHECK(ann->closed == close_code::bad_token);
  CHECK(ann->close_reason == "Invalid token");
}

TEST_CASE("[P-1.1] [P-2.2] a token in a frame of the wrong kind is none") {
  quiet_node node;
  auto ann = node.connect();
  ann.sends(R"({"type":"auth","token":"user-ann"})", false);
  CHECK(ann->closed == close_code::bad_token);
  CHECK(ann.sees().empty());
}

TEST_CASE("[P-2.2] who brings no token in 5 s is closed with 4001") {
  quiet_node node;
  auto ann = node.connect();
  node.advance(4'999ms);
  CHECK(ann->is_open());
  node.advance(1ms);
  CHECK(ann->closed == close_code::bad_token);
  CHECK(ann->close_reason == "Auth timeout");
}

TEST_CASE("[P-2.2] who has logged in is left alone by the timeout") {
  quiet_node node{calm()};
  auto ann = node.connect();
  node.advance(4'999ms);
  ann.says(R"({"type":"auth","token":"user-ann"})");
  node.advance(10s);
  CHECK(ann->is_open());
}

TEST_CASE("[P-2.3] an anonymous client is welcomed under a generated name") {
  quiet_node node{anonymous()};
  auto ann = node.connect();
  auto bob = node.connect();
  auto name = ann.sees().only("auth_success")["userId"];
  CHECK(name.starts_with("anon-"));
  CHECK(name != bob.sees().only("auth_success")["userId"]);
}

TEST_CASE("[P-2.4] the same user may refresh its token") {
  quiet_node node{calm()};
  node.tokens["old"] = user("ann", node.wall_now() + 10'000);
  node.tokens["new"] = user("ann", node.wall_now() + 90'000);
  auto ann = node.connect("old");
  ann.sees();
  ann.says(R"({"type":"auth","token":"new","id":7})");
  auto again = ann.sees().only("auth_success");
  CHECK(again["id"] == "7");
  CHECK(again["expiresAt"] == std::to_string(node.wall_now() + 90'000));
  node.advance(60s);
  CHECK(ann->is_open());
}

TEST_CASE("[P-2.4] another user's token is refused, and changes nothing") {
  quiet_node node{calm()};
  node.tokens["old"] = user("ann", node.wall_now() + 10'000);
  auto ann = node.connect("old");
  ann.sees();
  ann.says(R"({"type":"auth","token":"user-bob","id":7})");
  auto refused = ann.sees().only("error");
  CHECK(refused["code"] == "forbidden");
  CHECK(refused["id"] == "7");
  CHECK(ann->is_open());
  node.advance(40s);
  CHECK(ann->closed == close_code::token_expired);
}

TEST_CASE("[P-2.4] a token that runs out closes with 4003 after the grace, "
          "whatever else is due before") {
  // Alone, and with a heartbeat within the grace.
  quiet_node node{GENERATE(calm(), settings{})};
  node.tokens["t"] = user("ann", node.wall_now() + 10'000);
  auto ann = node.connect("t");
  node.advance(34'999ms);
  CHECK(ann->is_open());
  node.advance(1ms);
  CHECK(ann->closed == close_code::token_expired);
  CHECK(ann->close_reason == "Token expired");
}

TEST_CASE("[P-2.4] a refresh within the grace keeps the connection") {
  quiet_node node{calm()};
  node.tokens["old"] = user("ann", node.wall_now() + 10'000);
  auto ann = node.connect("old");
  node.advance(20s);
  ann.says(R"({"type":"auth","token":"user-bob"})");
  node.tokens["new"] = user("ann", node.wall_now() + 3'600'000);
  ann.says(R"({"type":"auth","token":"new"})");
  node.advance(60s);
  CHECK(ann->is_open());
}

TEST_CASE("[P-2.4] a token for a far year does not overflow the clock") {
  quiet_node node{calm()};
  node.tokens["t"] = user("ann", 1'000'000'000'000'000);
  auto ann = node.connect("t");
  ann->stirs();
  node.advance(25s);
  CHECK(ann->is_open());
}

TEST_CASE("[P-2.4] a refresh that takes a room's right away ends it there") {
  quiet_node node;
  node.tokens["old"] = user("ann");
  node.tokens["new"] = user("ann");
  node.tokens["new"].rooms.emplace().add("b", "rw");
  auto ann = node.connect("old");
  ann.joins("a").joins("b");
  node.advance(50ms);
  ann.sees();
  ann.says(R"({"type":"auth","token":"new"})");
  auto seen = ann.sees();
  CHECK(seen.only("left")["roomId"] == "a");
  CHECK(seen.only("left")["reason"] == "forbidden");
  ann.says(R"({"type":"message","roomId":"a","text":"x","id":1})");
  CHECK(ann.sees().only("error")["code"] == "not_in_room");
}

TEST_CASE(
    "[P-2.5] a refresh that brings another right to presence changes what "
    "a member sees") {
  quiet_node node{{}, 2};
  node.tokens["blind"] = node.tokens["seeing"] = user("ann");
  node.tokens["blind"].rooms.emplace().add("*", "rw");
  node.tokens["seeing"].rooms.emplace().add("*", "rwp");
  auto ann = node.connect("blind", 0);
  auto bob = node.member("user-bob", "a", 1);
  ann.joins("a");
  node.advance(50ms);
  CHECK(ann.sees().only("joined")["members"] == "");

  ann.says(R"({"type":"auth","token":"seeing"})");
  CHECK(ann.sees().only("joined")["members"] != "");
  bob.says(R"({"type":"message","roomId":"a","text":"1"})");
  auto eve = node.member("user-eve", "a", 0);
  CHECK(ann.sees().types() == "message presence");

  ann.says(R"({"type":"auth","token":"blind"})");
  ann.sees();
  bob.says(R"({"type":"message","roomId":"a","text":"2"})");
  eve->hangs_up();
  node.advance(1s);
  CHECK(ann.sees().types() == "message");
}

TEST_CASE("[P-1.3] where a room is required, none closes with 4000") {
  auto config = anonymous();
  config.rooms.require_room = true;
  quiet_node node{config};
  auto ann = node.connect();
  CHECK(ann->closed == close_code::missing_room);
  CHECK(ann->close_reason == "Missing room");
  CHECK(ann.sees().empty());
}

TEST_CASE("[P-1.3] a relay without a room closes with 4000") {
  quiet_node node{anonymous()};
  auto ann = node.connect_relay({}, "");
  CHECK(ann->closed == close_code::missing_room);
  CHECK(ann.sees_raw().empty());
}

TEST_CASE("[P-1.2] rooms of the URL are joined right after login") {
  quiet_node node;
  actors::client_hello hello;
  hello.rooms = {"a", "b"};
  auto ann = node.arrive(hello);
  CHECK(ann.sees().empty());
  ann.says(R"({"type":"auth","token":"user-ann"})");
  auto seen = ann.sees();
  CHECK(seen.types() == "auth_success joined joined");
  CHECK(seen.all("joined").each("roomId") == "a b");
}

TEST_CASE("[P-1.2] a room of the URL that is no room id is told, and no more") {
  quiet_node node{anonymous()};
  actors::client_hello hello;
  hello.rooms = {"line\nbreak", "b"};
  auto ann = node.arrive(hello);
  auto seen = ann.sees();
  CHECK(seen.only("error")["code"] == "bad_message");
  CHECK(seen.only("joined")["roomId"] == "b");
}

TEST_CASE("[P-7.1] rooms that a refresh joins again cost what joins do") {
  settings config = calm();
  config.limits.messages_per_second = 1;
  config.limits.messages_burst = 16;
  quiet_node node{config};
  node.tokens["old"] = user("ann");
  node.tokens["old"].rooms.emplace().add("*", "rw");
  node.tokens["new"] = user("ann");
  node.tokens["new"].rooms.emplace().add("*", "rwp");
  auto ann = node.connect("old");
  for (auto room : {"a", "b", "c"})
    ann.joins(room);
  node.advance(20s); // The rate is full again.
  ann.sees();
  ann.says(R"({"type":"auth","token":"new"})");
  CHECK(ann.sees().count("joined") == 3);
  for (int i = 0; i < 5; ++i)
    ann.says(R"({"type":"ping"})");
  auto seen = ann.sees();
  CHECK(seen.count("pong") == 3); // 16 - 1 - 3 * 4.
  CHECK(seen.count("error") == 2);
  // With little left, it is owed: 1 + 3 * 4 of 1.
  node.tokens["again"] = user("ann");
  node.tokens["again"].rooms.emplace().add("*", "rw");
  node.advance(1s);
  ann.says(R"({"type":"auth","token":"again"})");
  CHECK(ann.sees().count("joined") == 3);
  node.advance(12s);
  ann.says(R"({"type":"ping"})");
  CHECK(ann.sees().only("error")["code"] == "rate_limited");
  node.advance(1s);
  ann.says(R"({"type":"ping"})");
  CHECK(ann.sees().count("pong") == 1);
}
