#include <algorithm>

#include "tests/support/catch.hpp"
#include "tests/support/probes.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;
using protocol::close_code;

TEST_CASE("[P-1] a relay passes every frame on, unchanged, to the others") {
  quiet_node node{anonymous(), 2};
  auto ann = node.connect_relay({}, "a", 0);
  auto bob = node.connect_relay({}, "a", 1);
  auto eve = node.connect_relay({}, "b", 1);
  ann.sends("{\"type\":\"ping\"}");
  ann.sends(std::string{"\0\xff", 2}, false);
  bob.sends("");
  CHECK(bob.sees_raw()
        == "t:{\"type\":\"ping\"} b:" + std::string{"\0\xff", 2});
  CHECK(ann.sees_raw() == "t:");
  CHECK(eve.sees_raw().empty());
}

TEST_CASE("[P-1] a relay's client is told nothing but frames of others") {
  quiet_node node;
  auto ann = node.connect_relay("user-ann", "a");
  auto bob = node.connect_relay("user-bob", "a");
  node.advance(1s);
  bob->hangs_up();
  node.advance(1s);
  CHECK(ann.sees_raw().empty());
}

TEST_CASE("a relay and a protocol room of one name are two rooms") {
  quiet_node node{anonymous()};
  auto ann = node.connect_relay({}, "a");
  auto bob = node.member({}, "a");
  ann.sends("raw");
  bob.says(R"({"type":"message","roomId":"a","text":"x"})");
  node.advance(50ms);
  CHECK(ann.sees_raw().empty());
  CHECK(bob.sees().empty());
}

TEST_CASE("[P-2.2] a relay's client may log in by its first message") {
  quiet_node node;
  auto ann = node.connect_relay({}, "a");
  auto bob = node.connect_relay("user-bob", "a");
  ann.sends(R"({"type":"auth","token":"user-ann"})");
  CHECK(bob.sees_raw().empty());
  ann.sends("hi");
  CHECK(bob.sees_raw() == "t:hi");
  CHECK(ann.sees_raw().empty());
}

TEST_CASE("[P-2.5] a relay without a right is closed: it has no other word") {
  quiet_node node;
  claims who;
  who.user_id = "ann";
  who.rooms.emplace().add("a", "r");
  node.tokens["t"] = who;
  auto bob = node.connect_relay("user-bob", "a");
  auto elsewhere = node.connect_relay("t", "b");
  CHECK(elsewhere->closed == close_code::forbidden);
  auto ann = node.connect_relay("t", "a");
  CHECK(ann->is_open());
  ann.sends("hi");
  CHECK(ann->closed == close_code::forbidden);
  CHECK(bob.sees_raw().empty());
}

TEST_CASE("[P-7] a relay over its rate is slowed down, not refused") {
  auto config = anonymous();
  config.limits.messages_per_second = 10;
  config.limits.messages_burst = 5;
  quiet_node node{config};
  auto ann = node.connect_relay({}, "a");
  auto bob = node.connect_relay({}, "a");
  for (int i = 0; i < 100; ++i)
    ann->sends("x");
  node.run();
  auto frames = [](const std::string& line) {
    return std::count(line.begin(), line.end(), 'x');
  };
  auto at_once = frames(bob.sees_raw());
  CHECK(at_once >= 5);
  CHECK(at_once <= 6);
  node.advance(2s);
  auto later = frames(bob.sees_raw());
  CHECK(later >= 19);
  CHECK(later <= 20);
  CHECK(ann->handled_messages == static_cast<std::size_t>(at_once + later));
  CHECK(ann->is_open());
}

TEST_CASE("a relay whose room does not answer is closed, not written to") {
  still_life still; // Outlives the node.
  quiet_node node{anonymous()};
  still.answers_joins = false;
  node.context->keepers = {node.spawn<still_keeper>(0, std::ref(still))};
  auto ann = node.connect_relay({}, "a");
  node.advance(5s);
  CHECK(ann->closed == close_code::try_later);
  CHECK(ann.sees_raw().empty());
}

TEST_CASE("[P-5.2] a relay's slow member is closed: it cannot be told a gap") {
  auto config = anonymous();
  config.limits.unsent_bytes = 1000;
  quiet_node node{config};
  auto ann = node.connect_relay({}, "a");
  auto bob = node.connect_relay({}, "a");
  bob->room = 0;
  for (int i = 0; i < 20; ++i)
    ann.sends(std::string(100, 'x'));
  CHECK(bob->closed == close_code::too_slow);
  CHECK(ann->is_open());
}
