#include "tests/support/catch.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;
using protocol::close_code;

TEST_CASE("[P-6.2] a ping is answered with a pong that repeats its id") {
  quiet_node node;
  auto ann = node.connect("user-ann");
  ann.sees();
  ann.says(R"({"type":"ping","id":"x"})").says(R"({"type":"ping"})");
  auto seen = ann.sees();
  CHECK(seen.types() == "pong pong");
  CHECK(seen.each("id") == "x ");
}

TEST_CASE("[P-5.1] a request that cannot be read closes nothing") {
  quiet_node node;
  auto ann = node.connect("user-ann");
  ann.sees();
  ann.sends("{").sends(R"({"type":"dance","id":1})");
  ann.sends(R"({"type":"join_room","id":2})");
  auto seen = ann.sees();
  CHECK(seen.each("code") == "bad_json unknown_type bad_message");
  CHECK(seen.each("id") == " 1 2");
  CHECK(ann->is_open());
}

TEST_CASE("[P-1.1] a frame of the other dialect's kind is refused") {
  quiet_node node;
  auto ann = node.connect("user-ann");
  ann.sees();
  ann.sends(R"({"type":"ping"})", false);
  CHECK(ann.sees().only("error")["code"] == "bad_json");
  auto bob = node.connect_msgpack("user-bob");
  bob.sees();
  bob.sends("\x81\xa4type\xa4ping", true);
  CHECK(bob.sees().only("error")["code"] == "bad_json");
}

TEST_CASE("[P-3.12] nothing said behind a join is answered before it") {
  quiet_node node{{}, 2};
  for (std::string room : {"a", "b", "c", "d"}) // At home on either loop.
    for (std::uint32_t loop : {0u, 1u}) {
      auto ann = node.connect("user-ann", loop);
      ann.sees();
      auto join = R"({"type":"join_room","roomId":")" + room + "\"}";
      ann.queues(join).queues(R"({"type":"ping"})");
      ann.queues(join).queues(R"({"type":"ping"})");
      node.run();
      CHECK(ann.sees().types() == "joined pong joined pong");
    }
}

TEST_CASE("[P-3] what is said behind a join is dealt with after it, in order") {
  quiet_node node{{}, 2};
  auto bob = node.member("user-bob", "a", 1);
  auto ann = node.connect("user-ann", 0);
  ann.sees();
  ann.queues(R"({"type":"join_room","roomId":"a","id":1})");
  ann.queues(R"({"type":"message","roomId":"a","text":"one","id":2})");
  ann.queues(R"({"type":"leave_room","roomId":"a","id":3})");
  ann.queues(R"({"type":"message","roomId":"a","text":"two","id":4})");
  ann.queues(R"({"type":"join_room","roomId":"a","id":5})");
  ann.queues(R"({"type":"message","roomId":"a","text":"three","id":6})");
  node.run();
  auto seen = ann.sees();
  CHECK(seen.all("joined").each("id") == "1 5");
  CHECK(seen.all("ack").each("id") == "2 6");
  CHECK(seen.only("left")["id"] == "3");
  CHECK(seen.only("error")["id"] == "4");
  CHECK(seen.only("error")["code"] == "not_in_room");
  CHECK(bob.sees().all("message").each("text") == "one three");
}

TEST_CASE("[P-3] who is not in a room can do nothing there") {
  quiet_node node;
  auto ann = node.connect("user-ann");
  ann.sees();
  ann.says(R"({"type":"message","roomId":"a","text":"x","id":1})");
  ann.says(R"({"type":"typing","roomId":"a","id":2})");
  ann.says(R"({"type":"presence","roomId":"a","id":3})");
  ann.says(R"({"type":"leave_room","roomId":"a","id":4})");
  auto seen = ann.sees();
  CHECK(seen.each("code") == "not_in_room not_in_room not_in_room not_in_room");
  CHECK(seen.each("id") == "1 2 3 4");
  CHECK(seen[0]["roomId"] == "a");
}

TEST_CASE("[P-7] a connection is in so many rooms and no more") {
  settings config;
  config.limits.rooms_per_connection = 2;
  quiet_node node{config};
  auto ann = node.connect("user-ann");
  ann.joins("a").joins("b");
  ann.sees();
  ann.says(R"({"type":"join_room","roomId":"c","id":1})");
  auto refused = ann.sees().only("error");
  CHECK(refused["code"] == "too_large");
  CHECK(refused["roomId"] == "c");
  ann.says(R"({"type":"leave_room","roomId":"a"})").joins("c");
  CHECK(ann.sees().count("joined") == 1);
}

TEST_CASE("[P-7] who is in as many rooms as it may be may ask for them again") {
  settings config;
  config.limits.rooms_per_connection = 1;
  quiet_node node{config};
  auto ann = node.connect("user-ann");
  ann.joins("a").joins("a");
  CHECK(ann.sees().count("joined") == 2);
}

TEST_CASE("[P-3.2] with a token, another userId is forbidden") {
  quiet_node node;
  auto ann = node.connect("user-ann");
  ann.sees();
  ann.says(R"({"type":"join_room","roomId":"a","userId":"bob","id":1})");
  auto refused = ann.sees().only("error");
  CHECK(refused["code"] == "forbidden");
  CHECK(refused["id"] == "1");
  ann.says(R"({"type":"join_room","roomId":"a","userId":"user-ann"})");
  CHECK(ann.sees().count("joined") == 1);
  ann.says(R"({"type":"typing","roomId":"a","userId":"bob"})");
  CHECK(ann.sees().only("error")["code"] == "forbidden");
}

TEST_CASE("[P-3.2] an anonymous client's first userId becomes its own") {
  quiet_node node{anonymous()};
  auto bob = node.member({}, "a");
  auto ann = node.connect();
  ann.says(R"({"type":"join_room","roomId":"a","userId":"ann"})");
  ann.sees();
  ann.says(R"({"type":"message","roomId":"a","text":"hi"})");
  CHECK(bob.sees().only("message")["userId"] == "ann");
  ann.says(R"({"type":"join_room","roomId":"b","userId":"eve"})");
  CHECK(ann.sees().only("error")["code"] == "forbidden");
}

TEST_CASE("[P-3.2] names that the node gives are nobody's to take") {
  quiet_node node{anonymous()};
  auto ann = node.connect();
  ann.sees();
  for (auto taken : {"c-0123456789abcdef", "anon-x"}) {
    ann.says(R"({"type":"join_room","roomId":"a","userId":")"
             + std::string{taken} + R"("})");
    CHECK(ann.sees().only("error")["code"] == "forbidden");
  }
  ann.says(R"({"type":"join_room","roomId":"a","userId":"ann"})");
  CHECK(ann.sees().count("joined") == 1);
}

TEST_CASE("[P-2.4] an anonymous client without a name may still log in") {
  quiet_node node{anonymous()};
  auto ann = node.connect();
  ann.sees();
  ann.says(R"({"type":"auth","token":"user-ann"})");
  CHECK(ann.sees().only("auth_success")["userId"] == "user-ann");
  ann.says(R"({"type":"auth","token":"user-bob"})");
  CHECK(ann.sees().only("error")["code"] == "forbidden");
}

TEST_CASE("[P-2.5] a token's rights hold in the rooms that it names") {
  quiet_node node;
  claims who;
  who.user_id = "ann";
  auto& rooms = who.rooms.emplace();
  rooms.add("read:*", "r");
  rooms.add("write:*", "rw");
  rooms.add("blind", "wp");
  node.tokens["t"] = who;
  auto ann = node.connect("t");
  ann.sees();

  ann.joins("blind");
  CHECK(ann.sees().only("error")["code"] == "forbidden");
  ann.joins("elsewhere");
  CHECK(ann.sees().only("error")["code"] == "forbidden");

  ann.joins("read:1").joins("write:1");
  CHECK(ann.sees().count("joined") == 2);
  ann.says(R"({"type":"message","roomId":"read:1","text":"x","id":1})");
  ann.says(R"({"type":"typing","roomId":"read:1","id":2})");
  ann.says(R"({"type":"presence","roomId":"read:1","id":3})");
  auto refused = ann.sees();
  CHECK(refused.each("code") == "forbidden forbidden forbidden");
  CHECK(refused.each("id") == "1 2 3");
  ann.says(R"({"type":"message","roomId":"write:1","text":"x","id":4})");
  CHECK(ann.sees().only("ack")["id"] == "4");
}

TEST_CASE("[P-2.5] without `rooms`, the namespace's rights hold") {
  settings config;
  config.namespaces["news"].rights = "r";
  quiet_node node{config};
  auto ann = node.member("user-ann", "news:1");
  ann.says(R"({"type":"message","roomId":"news:1","text":"x"})");
  CHECK(ann.sees().only("error")["code"] == "forbidden");
  ann.joins("chat:1");
  ann.says(R"({"type":"message","roomId":"chat:1","text":"x","id":1})");
  CHECK(ann.sees().count("ack") == 1);
}
