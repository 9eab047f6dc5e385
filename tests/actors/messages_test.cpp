#include <set>

#include "tests/support/catch.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

TEST_CASE("[P-3.3] a message goes to every member but its sender") {
  quiet_node node{{}, 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  auto eve = node.member("user-eve", "a", 0);
  auto far = node.member("user-far", "b", 1);
  node.advance(50ms);
  ann.sees(), bob.sees(), eve.sees();
  ann.says(R"({"type":"message","roomId":"a","text":"hi","event":"e"})");
  for (auto* other : {&bob, &eve}) {
    auto said = other->sees().only("message");
    CHECK(said["roomId"] == "a");
    CHECK(said["userId"] == "user-ann");
    CHECK(said["text"] == "hi");
    CHECK(said["event"] == "e");
    CHECK(said["offset"] == "1");
    CHECK(said["timestamp"] == std::to_string(node.wall_now()));
  }
  CHECK(ann.sees().empty());
  CHECK(far.sees().empty());
}

TEST_CASE("[P-3.3] the ack names epoch and offset, where an id was given") {
  quiet_node node;
  auto ann = node.connect("user-ann");
  ann.joins("a");
  auto joined = ann.sees().only("joined");
  CHECK(joined["offset"] == "0");
  CHECK(joined["order"] == "total");
  ann.says(R"({"type":"message","roomId":"a","text":"x"})");
  CHECK(ann.sees().empty());
  ann.says(R"({"type":"message","roomId":"a","text":"x","id":"k"})");
  auto ack = ann.sees().only("ack");
  CHECK(ack["id"] == "k");
  CHECK(ack["roomId"] == "a");
  CHECK(ack["epoch"] == joined["epoch"]);
  CHECK(ack["offset"] == "2");
  CHECK(ack["duplicate"] == "");
  CHECK(ack["degraded"] == "");
}

TEST_CASE("[P-4.1] offsets count a room's messages, whoever sends them") {
  quiet_node node{{}, 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  auto eve = node.member("user-eve", "a", 1);
  for (int i = 0; i < 3; ++i) {
    ann.says(R"({"type":"message","roomId":"a","text":"x"})");
    bob.says(R"({"type":"message","roomId":"a","text":"x"})");
  }
  CHECK(eve.sees().all("message").each("offset") == "1 2 3 4 5 6");
  CHECK(bob.sees().all("message").each("offset") == "1 3 5");
}

TEST_CASE("[P-4.1] an ack comes before what others say later") {
  quiet_node node{{}, 2};
  auto home = GENERATE(0u, 1u);
  auto ann = node.member("user-ann", "a", home);
  auto bob = node.member("user-bob", "a", 1 - home);
  for (int i = 0; i < 20; ++i) {
    ann.queues(R"({"type":"message","roomId":"a","text":"x","id":1)"
               + std::to_string(i) + "}");
    bob.queues(R"({"type":"message","roomId":"a","text":"y"})");
  }
  node.run();
  auto seen = ann.sees();
  REQUIRE(seen.count("ack") == 20);
  REQUIRE(seen.count("message") == 20);
  // At each message of bob's, ann knows of all that came before it.
  std::set<int> known;
  for (const auto& one : seen) {
    auto offset = one["offset"].empty() ? 0 : std::stoi(one["offset"]);
    if (one.type() == "message")
      CHECK(std::distance(known.begin(), known.lower_bound(offset))
            == offset - 1);
    if (offset > 0)
      known.insert(offset);
  }
}

TEST_CASE("[P-3.4] a repeated id is acknowledged and not delivered again") {
  quiet_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  ann.says(R"({"type":"message","roomId":"a","text":"one","id":"k"})");
  ann.says(R"({"type":"message","roomId":"a","text":"two","id":"l"})");
  ann.sees();
  ann.says(R"({"type":"message","roomId":"a","text":"one","id":"k"})");
  auto again = ann.sees().only("ack");
  CHECK(again["offset"] == "1");
  CHECK(again["duplicate"] == "true");
  CHECK(bob.sees().all("message").each("text") == "one two");
}

TEST_CASE("[P-3.4] an id is its session's, its kind's and its room's own") {
  quiet_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  ann.joins("b");
  ann.sees();
  ann.says(R"({"type":"message","roomId":"a","text":"x","id":1})");
  ann.says(R"({"type":"message","roomId":"a","text":"x","id":"1"})");
  ann.says(R"({"type":"message","roomId":"b","text":"x","id":1})");
  bob.says(R"({"type":"message","roomId":"a","text":"x","id":1})");
  CHECK(ann.sees().all("ack").each("duplicate") == "  ");
  CHECK(bob.sees().only("ack")["duplicate"] == "");
}

TEST_CASE("[P-3.4] an id is forgotten after the dedupe window") {
  quiet_node node{calm()};
  auto ann = node.member("user-ann", "a");
  auto says = R"({"type":"message","roomId":"a","text":"x","id":1})";
  ann.says(says);
  node.advance(119'999ms);
  ann.says(says);
  CHECK(ann.sees().all("ack").each("offset") == "1 1");
  node.advance(1ms);
  ann.says(says);
  CHECK(ann.sees().only("ack")["offset"] == "2");
}

TEST_CASE("[P-3.5] a timestamp that is a number is passed on") {
  quiet_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  ann.says(R"({"type":"message","roomId":"a","text":"x","timestamp":12.5})");
  CHECK(bob.sees().only("message")["timestamp"] == "1.25E1");
  ann.says(R"({"type":"message","roomId":"a","text":"x","timestamp":"noon"})");
  CHECK(bob.sees().only("message")["timestamp"]
        == std::to_string(node.wall_now()));
}

TEST_CASE("[P-3.6] clients of both dialects share a room") {
  quiet_node node{{}, 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.connect_msgpack("user-bob", 1);
  auto eve = node.connect_msgpack("user-eve", 0);
  bob.joins("a");
  eve.joins("a");
  node.advance(50ms);
  ann.sees(), bob.sees(), eve.sees();
  ann.says(R"({"type":"message","roomId":"a","data":{"n":[1,true]}})");
  CHECK(bob.sees().only("message")["data"] == R"({"n":[1,true]})");
  bob.says(R"({"type":"message","roomId":"a","data":{"m":null},"id":5})");
  CHECK(ann.sees().only("message")["data"] == R"({"m":null})");
  CHECK(bob.sees().only("ack")["offset"] == "2");
  CHECK(eve.sees().all("message").each("offset") == "1 2");
}

TEST_CASE("[P-3.7] a directed message goes to those it names only") {
  quiet_node node{{}, 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  auto bob_too = node.member("user-bob", "a", 0);
  auto eve = node.member("user-eve", "a", 1);
  auto max = node.connect_msgpack("user-max", 1);
  max.joins("a");
  node.advance(50ms);
  ann.sees(), bob.sees(), bob_too.sees(), eve.sees(), max.sees();
  ann.says(R"({"type":"message","roomId":"a","text":"x","id":1,"to":)"
           R"(["user-bob","nobody",")"
           + max.connection_id() + R"(","user-ann"]})");
  auto ack = ann.sees().only("ack");
  CHECK(ack["delivered"] == "3");
  CHECK(ack["offset"] == "");
  CHECK(ack["epoch"] == "");
  CHECK(bob.sees().only("message")["offset"] == "");
  CHECK(bob_too.sees().count("message") == 1);
  CHECK(max.sees().only("message")["text"] == "x");
  CHECK(eve.sees().empty());
}

TEST_CASE("[P-3.4] a directed message that is repeated is delivered once") {
  quiet_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  ann.sees();
  for (int i = 0; i < 2; ++i)
    ann.says(R"({"type":"message","roomId":"a","text":"x","id":1,)"
             R"("to":["user-bob"]})");
  auto acks = ann.sees();
  CHECK(acks.each("delivered") == "1 1");
  CHECK(acks.each("duplicate") == " true");
  CHECK(bob.sees().count("message") == 1);
}

TEST_CASE("[P-3.7] who is named twice gets a directed message once") {
  quiet_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  ann.says(R"({"type":"message","roomId":"a","text":"x","id":1,"to":)"
           R"(["user-bob",")"
           + bob.connection_id() + R"(","user-bob"]})");
  CHECK(ann.sees().only("ack")["delivered"] == "1");
  CHECK(bob.sees().count("message") == 1);
}

TEST_CASE("[P-3.7] directed messages keep their place among the others") {
  quiet_node node{{}, 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  ann.queues(R"({"type":"message","roomId":"a","text":"1"})");
  ann.queues(R"({"type":"message","roomId":"a","text":"2","to":["user-bob"]})");
  ann.queues(R"({"type":"message","roomId":"a","text":"3"})");
  node.run();
  auto seen = bob.sees();
  CHECK(seen.all("message").each("text") == "1 2 3");
  CHECK(seen.all("message").each("offset") == "1  2");
}
