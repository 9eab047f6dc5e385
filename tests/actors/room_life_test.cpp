#include "tests/support/catch.hpp"
#include "tests/support/hand_store.hpp"
#include "tests/support/probes.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

constexpr auto leaves = R"({"type":"leave_room","roomId":"a","id":9})";
constexpr auto speaks = R"({"type":"message","roomId":"a","text":"x","id":1})";

std::string since(const std::string& epoch, int offset) {
  return R"({"type":"join_room","roomId":"a","since":{"epoch":")" + epoch
         + R"(","offset":)" + std::to_string(offset) + "}}";
}

} // namespace

TEST_CASE("[P-4] who leaves is told `left`, and nothing after it") {
  quiet_node node{{}, 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  bob.sees();
  ann.queues(speaks);
  bob.queues(leaves);
  node.run();
  ann.says(speaks);
  node.advance(1s);
  auto seen = bob.sees();
  CHECK(seen.back().type() == "left");
  CHECK(seen.back()["id"] == "9");
  CHECK(seen.back()["reason"] == "");
}

TEST_CASE("joining twice is joining once") {
  quiet_node node{{}, 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  bob.says(R"({"type":"join_room","roomId":"a","id":2})");
  auto joined = bob.sees().only("joined");
  CHECK(joined["id"] == "2");
  CHECK(joined["memberCount"] == "2");
  ann.says(speaks);
  CHECK(bob.sees().count("message") == 1);
}

TEST_CASE("[P-5.1] a full room refuses, and takes in when somebody left") {
  settings config;
  config.rooms.members = 1;
  quiet_node node{config};
  auto ann = node.member("user-ann", "a");
  auto bob = node.connect("user-bob");
  bob.sees();
  bob.says(R"({"type":"join_room","roomId":"a","id":5})");
  auto refused = bob.sees().only("error");
  CHECK(refused["code"] == "room_full");
  CHECK(refused["id"] == "5");
  CHECK(refused["roomId"] == "a");
  ann.says(leaves);
  bob.joins("a");
  CHECK(bob.sees().count("joined") == 1);
}

TEST_CASE("[P-3.19] who is lost keeps its place in a full room for a moment") {
  auto config = calm();
  config.rooms.members = 1;
  quiet_node node{config};
  auto ann = node.connect("user-ann");
  auto session = ann.sees().only("auth_success")["session"];
  ann.joins("a");
  ann->hangs_up(protocol::no_close_frame);
  auto bob = node.member("user-bob", "b");
  bob.says(R"({"type":"join_room","roomId":"a"})");
  CHECK(bob.sees().only("error")["code"] == "room_full");
  auto back = node.connect("user-ann");
  back.says(R"({"type":"resume","session":")" + session
            + R"(","rooms":{"a":{"epoch":"e","offset":0}}})");
  CHECK(back.sees().only("resumed")["rooms"].find("error")
        == std::string::npos);
  back->hangs_up(protocol::no_close_frame);
  node.advance(2s);
  bob.joins("a");
  CHECK(bob.sees().count("joined") == 1);
}

TEST_CASE("[P-4.2] `since` is answered with whether anything was missed") {
  quiet_node node;
  auto ann = node.connect("user-ann");
  ann.joins("a");
  auto epoch = ann.sees().only("joined")["epoch"];
  ann.says(speaks).says(leaves);
  ann.sees();

  ann.says(since(epoch, 1));
  auto whole = ann.sees().only("joined");
  CHECK(whole["recovered"] == "true");
  CHECK(whole["reason"] == "");
  CHECK(whole["offset"] == "1");

  ann.says(since(epoch, 0));
  auto missed = ann.sees().only("joined");
  CHECK(missed["recovered"] == "true");
  CHECK(missed["reason"] == "");

  ann.says(since("another", 1));
  auto other = ann.sees().only("joined");
  CHECK(other["recovered"] == "false");
  CHECK(other["reason"] == "epoch");
  CHECK(other["epoch"] == epoch);
}

TEST_CASE("[P-4.3] a room that is empty for a while keeps its log") {
  quiet_node node{calm()};
  auto ann = node.connect("user-ann");
  ann.joins("a").says(speaks).says(leaves);
  auto epoch = ann.sees().only("joined")["epoch"];
  node.advance(29'999ms);
  CHECK(node.context->rooms == 1);
  ann.says(since(epoch, 1));
  auto again = ann.sees().only("joined");
  CHECK(again["recovered"] == "true");
  CHECK(again["offset"] == "1");
  // Its deadline is off: a member came.
  node.advance(1h);
  ann.says(R"({"type":"message","roomId":"a","text":"x","id":2})");
  CHECK(ann.sees().only("ack")["offset"] == "2");
}

TEST_CASE("[P-4.3] a room that stays empty ends, and its log with it") {
  quiet_node node;
  auto ann = node.connect("user-ann");
  ann.joins("a").says(speaks).says(leaves);
  auto epoch = ann.sees().only("joined")["epoch"];
  node.advance(30s);
  CHECK(node.context->rooms == 0);
  ann.says(since(epoch, 1));
  auto fresh = ann.sees().only("joined");
  CHECK(fresh["epoch"] != epoch);
  CHECK(fresh["offset"] == "0");
  CHECK(fresh["recovered"] == "false");
  CHECK(node.context->rooms == 1);
}

TEST_CASE(
    "[P-4.3] a room in which nothing was said ends with its last member") {
  quiet_node node;
  auto ann = node.connect("user-ann");
  ann.joins("a").says(leaves);
  node.advance(1ms);
  CHECK(node.context->rooms == 0);
}

TEST_CASE("[P-3.4] a room that remembers a directed message lingers") {
  quiet_node node{calm()};
  auto ann = node.connect("user-ann");
  ann.joins("a");
  ann.says(R"({"type":"message","roomId":"a","text":"x","to":["y"],"id":1})");
  ann.says(leaves);
  node.advance(1s);
  CHECK(node.context->rooms == 1);
  node.advance(30s);
  CHECK(node.context->rooms == 0);
}

TEST_CASE("an ending room never meets a newcomer") {
  quiet_node node;
  auto ann = node.connect("user-ann");
  ann.joins("a").says(speaks).says(leaves);
  auto epoch = ann.sees().only("joined")["epoch"];
  // The join and the end of the linger fall into one turn.
  node.loop(0).skip(30s);
  ann.queues(R"({"type":"join_room","roomId":"a"})");
  node.run();
  auto joined = ann.sees().only("joined");
  auto lives = joined["epoch"] == epoch;
  CHECK(joined["offset"] == (lives ? "1" : "0"));
  ann.says(R"({"type":"message","roomId":"a","text":"x","id":2})");
  CHECK(ann.sees().only("ack")["epoch"] == joined["epoch"]);
  CHECK(node.context->rooms == 1);
}

TEST_CASE("a keeper lets a room end only if it has seen all its newcomers") {
  insider_view sees; // Outlives the node.
  quiet_node node;
  auto one = node.spawn<insider>(0, std::ref(sees));
  room_key key{room_space::protocol, "a"};
  auto who = newcomer_of(one, node.loop(0));
  caf::anon_send(node.context->keepers[0].handle(),
                 actors::join{key, who, {}, {}});
  node.run();
  REQUIRE(sees.entered.size() == 1);
  auto room = sees.entered[0].room.handle().id();
  caf::anon_send(node.context->keepers[0].handle(),
                 actors::retire{key, room, 0});
  node.run();
  CHECK(node.context->rooms == 1);
  caf::anon_send(node.context->keepers[0].handle(),
                 actors::retire{key, room + 1, 1});
  node.run();
  CHECK(node.context->rooms == 1); // Another room's word.
  caf::anon_send(node.context->keepers[0].handle(),
                 actors::retire{key, room, 1});
  node.run();
  CHECK(node.context->rooms == 0);
}

TEST_CASE("[P-4] members of a room that fails are told, and may come again") {
  insider_view sees; // Outlives the node.
  quiet_node node{{}, 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  auto slow = node.member("user-slow", "a", 1);
  auto spy = node.spawn<insider>(0, std::ref(sees));
  room_key key{room_space::protocol, "a"};
  auto who = newcomer_of(spy, node.loop(0));
  caf::anon_send(node.context->keeper_of(key).handle(),
                 actors::join{key, who, {}, {}});
  node.run();
  REQUIRE(sees.entered.size() == 1);

  slow->room = 0; // Its cursor holds bytes when the room dies.
  ann.says(speaks);
  ann.sees(), bob.sees(), slow.sees();
  wear_out(node, sees.entered[0].room.handle(),
           {spy.id(), {}, {}, bombshell()});
  sees.entered.clear();
  CHECK(sees.exited.size() == 1);
  CHECK(node.context->rooms == 0);
  for (auto* member : {&ann, &bob}) {
    auto left = member->sees().only("left");
    CHECK(left["roomId"] == "a");
    CHECK(left["reason"] == "closed");
    member->joins("a");
    CHECK(member->sees().count("joined") == 1);
  }
  ann.says(R"({"type":"message","roomId":"a","text":"x","id":2})");
  CHECK(ann.sees().only("ack")["offset"] == "1");
  CHECK(bob.sees().count("message") == 1);
  slow->unblock(std::string::npos);
  node.run();
  CHECK(slow.sees().only("left")["reason"] == "closed");
  CHECK(slow->is_open());
}

TEST_CASE("[P-5.1] who waits to come into a room that fails is told, and may "
          "try again") {
  insider_view sees; // Outlives the node.
  quiet_node node{{}, 2};
  auto slow_log = std::make_unique<hand_store>();
  slow_log->holds_reads = true;
  node.context->kept = std::move(slow_log);
  auto ann = node.member("user-ann", "a");
  ann.says(speaks);
  auto spy = node.spawn<insider>(0, std::ref(sees));
  room_key key{room_space::protocol, "a"};
  caf::anon_send(node.context->keeper_of(key).handle(),
                 actors::join{key, newcomer_of(spy, node.loop(0)), {}, {}});
  node.run();
  REQUIRE(sees.entered.size() == 1);
  auto bob = node.connect("user-bob", 1);
  bob.says(R"({"type":"join_room","roomId":"a","history":5,"id":7})");
  bob.sees();
  caf::anon_send(sees.entered[0].room.handle(),
                 actors::publish{spy.id(), {}, {}, bombshell()});
  sees.entered.clear();
  node.run();
  auto error = bob.sees().only("error");
  CHECK(error["code"] == "unavailable");
  CHECK(error["id"] == "7");
  CHECK(error["roomId"] == "a");
  CHECK(error["retryAfter"] == "1000");
  node.advance(10ms); // It is held for a moment.
  bob.joins("a");
  CHECK(bob.sees().count("joined") == 1);
}
