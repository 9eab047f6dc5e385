// [P-3.17] [P-4.6] The state of a room: keys in their newest version.

#include "tests/support/catch.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

std::string set(const std::string& key, const std::string& value,
                const std::string& more = {}) {
  return R"({"type":"set_state","id":1,"roomId":"a","key":")" + key
         + R"(","value":)" + value + more + '}';
}

constexpr auto leaves = R"({"type":"leave_room","roomId":"a"})";

/// "k=1@3 j=null@4"
std::string changes(const heard& state) {
  std::string out;
  auto list = state["changes"];
  auto field = [&](std::size_t from, std::string_view name) {
    auto begin = list.find(name, from) + name.size();
    return list.substr(begin, list.find_first_of(",}", begin) - begin);
  };
  for (auto at = list.find("{\"key\":"); at != std::string::npos;
       at = list.find("{\"key\":", at + 1)) {
    auto key = field(at, "\"key\":\"");
    out += (out.empty() ? "" : " ") + key.substr(0, key.size() - 1) + '='
           + field(at, "\"value\":") + '@' + field(at, "\"version\":");
  }
  return out;
}

/// All that a client was told, message by message.
std::string told(const sight& seen) {
  std::string out;
  for (const auto& each : seen.all("state"))
    out += (out.empty() ? "" : " | ") + changes(each)
           + (each["whole"].empty() ? "" : " whole");
  return out;
}

} // namespace

TEST_CASE("[P-3.17] a key is told to all members, its setter too") {
  quiet_node node{calm(), 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  auto eve = node.connect_msgpack("user-eve", 1);
  eve.joins("a");
  node.advance(100ms);
  ann.sees(), bob.sees(), eve.sees();
  ann.says(set("color", "\"red\""));
  auto own = ann.sees();
  CHECK(own.only("ack")["version"] == "1");
  CHECK(told(own) == "color=\"red\"@1");
  CHECK(own.only("state")["changes"].find("\"userId\":\"user-ann\"")
        != std::string::npos);
  CHECK(told(bob.sees()) == "color=\"red\"@1");
  CHECK(eve.sees().count("state") == 1);
  bob.says(set("color", "null"));
  CHECK(told(ann.sees()) == "color=null@2");
}

TEST_CASE("[P-4.17] a newcomer is told the whole, and what changes then") {
  quiet_node node{calm(), 2};
  auto ann = node.member("user-ann", "a", 0);
  ann.says(set("x", "1")).says(set("y", "2")).says(set("x", "null"));
  for (std::uint32_t loop : {0u, 1u}) {
    auto bob = node.connect("user-bob", loop);
    bob.joins("a");
    auto joined = bob.sees().only("joined");
    CHECK(joined["state"].find("\"key\":\"y\"") != std::string::npos);
    CHECK(joined["state"].find("\"key\":\"x\"") == std::string::npos);
    ann.says(set("z", std::to_string(loop)));
    CHECK(told(bob.sees()).starts_with("z="));
  }
}

TEST_CASE("[P-4.17] a room without state says nothing of it") {
  quiet_node node{calm(), 1};
  auto ann = node.connect("user-ann");
  ann.joins("a");
  CHECK(ann.sees().only("joined")["state"] == "");
}

TEST_CASE("[P-4.6] what changes in one turn is told once") {
  quiet_node node{calm(), 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  ann.sees();
  ann.queues(set("x", "1")).queues(set("y", "1")).queues(set("x", "2"));
  node.run();
  CHECK(told(bob.sees()) == "y=1@2 x=2@3");
}

TEST_CASE("[P-4.6] a slow member is told only the newest, in one frame") {
  quiet_node node{calm(), 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  ann.sees();
  bob->room = 0;
  ann.says(set("x", "0")); // Blocks the socket.
  for (int i = 1; i <= 100; ++i)
    ann.says(set(i % 2 == 0 ? "x" : "y", std::to_string(i)));
  CHECK(bob->own_bytes() < 1'000);
  bob->unblock(std::string::npos);
  CHECK(told(bob.sees()) == "x=0@1 | y=99@100 x=100@101");
}

TEST_CASE("[P-4.6] compare and set") {
  quiet_node node{calm(), 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  ann.says(set("x", "\"mine\"", R"(,"ifVersion":0)"));
  CHECK(ann.sees().only("ack")["version"] == "1");
  bob.sees();
  bob.says(set("x", "\"his\"", R"(,"ifVersion":0)"));
  auto refused = bob.sees().only("error");
  CHECK(refused["code"] == "conflict");
  CHECK(refused["version"] == "1");
  CHECK(refused["value"] == "mine");
  CHECK(ann.sees().empty());
  bob.says(set("x", "\"his\"", R"(,"ifVersion":1)"));
  CHECK(bob.sees().only("ack")["version"] == "2");
}

TEST_CASE("[P-4.6] a bound key goes away with its connection") {
  quiet_node node{calm(), 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  ann.says(set("cursor", "7", R"(,"bound":true)"));
  bob.sees();
  bob.says(set("cursor", "8"));
  CHECK(bob.sees().only("error")["code"] == "conflict");
  SECTION("when it leaves") {
    ann.says(leaves);
    CHECK(told(bob.sees()) == "cursor=null@2");
  }
  SECTION("when it is lost, after the grace period") {
    ann->hangs_up(protocol::no_close_frame);
    node.advance(1'900ms);
    CHECK(told(bob.sees()).empty());
    node.advance(200ms);
    CHECK(told(bob.sees()) == "cursor=null@2");
  }
}

TEST_CASE("[P-3.17] a key with a time to live is deleted then") {
  quiet_node node{calm(), 2};
  auto ann = node.member("user-ann", "a", 0);
  ann.says(set("x", "1", R"(,"ttl":5000)"));
  ann.sees();
  node.advance(4'999ms);
  CHECK(told(ann.sees()).empty());
  node.advance(1ms);
  CHECK(told(ann.sees()) == "x=null@2");
}

TEST_CASE("[P-7] a room's state is bounded") {
  auto config = calm();
  config.rooms.state_keys = 2;
  quiet_node node{config, 1};
  auto ann = node.member("user-ann", "a");
  ann.says(set("x", "1")).says(set("y", "1")).sees();
  ann.says(set("z", "1"));
  CHECK(ann.sees().only("error")["code"] == "too_large");
  ann.says(set("x", "null")).says(set("z", "1"));
  CHECK(ann.sees().count("error") == 0);
}

TEST_CASE("[P-7] a room's state is bounded for members of both encodings") {
  auto config = calm();
  config.limits.unsent_bytes = 64 * 1024;
  quiet_node node{config, 1};
  auto eve = node.connect_msgpack("user-eve");
  eve.joins("a");
  // As JSON it is six times as long as it was said.
  std::string value;
  for (int i = 0; i < 1'000; ++i)
    value += R"(\u0001)";
  for (auto key : {"s", "t", "u"})
    eve.says(set(key, '"' + value + '"'));
  CHECK(eve.sees().count("error") == 1); // A quarter is enough for two.
  auto ann = node.connect("user-ann");
  ann.joins("a");
  auto state = ann.sees().only("joined")["state"];
  CHECK(state.size() > 12'000);
  CHECK(state.size() < 16 * 1024);
}

TEST_CASE("[P-3.17] without the right `s` nothing is set") {
  quiet_node node{calm(), 1};
  claims who;
  who.user_id = "ann";
  who.rooms = room_rights{};
  who.rooms->add("*", "rwp");
  node.tokens["t"] = who;
  auto ann = node.member("t", "a");
  ann.says(set("x", "1"));
  CHECK(ann.sees().only("error")["code"] == "forbidden");
}

TEST_CASE("[P-4.16] who resumes is told the state as a whole") {
  quiet_node node{calm(), 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.connect("user-bob", 1);
  auto session = bob.sees().only("auth_success")["session"];
  bob.joins("a");
  auto joined = bob.sees().only("joined");
  bob->hangs_up(protocol::no_close_frame);
  ann.says(set("x", "1"));
  auto back = node.connect("user-bob", 0);
  back.sees();
  back.says(R"({"type":"resume","session":")" + session
            + R"(","rooms":{"a":{"epoch":")" + joined["epoch"]
            + R"(","offset":0}}})");
  CHECK(told(back.sees()) == "x=1@1 whole");
  ann.says(set("x", "2"));
  CHECK(told(back.sees()) == "x=2@2");
}
