#include "core/events.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/logged.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

TEST_CASE("[P-6.1] a client is pinged each interval") {
  quiet_node node;
  auto ann = node.connect("user-ann");
  node.advance(29'999ms);
  CHECK(ann->pings == 0);
  node.advance(1ms);
  CHECK(ann->pings == 1);
  ann->stirs();
  node.advance(30s);
  CHECK(ann->pings == 2);
}

TEST_CASE("[P-6.1] who does not answer before the next ping is cut off") {
  quiet_node node;
  auto ann = node.connect("user-ann");
  node.advance(59'999ms);
  CHECK_FALSE(ann->aborted);
  node.advance(1ms);
  CHECK(ann->aborted);
  CHECK_FALSE(ann->closed);
  CHECK(node.context->connections == 0);
}

TEST_CASE("[P-6.1] any byte counts as life") {
  quiet_node node;
  auto ann = node.connect("user-ann");
  for (int i = 0; i < 10; ++i) {
    node.advance(20s);
    ann->stirs();
  }
  CHECK_FALSE(ann->aborted);
  node.advance(60s);
  CHECK(ann->aborted);
}

TEST_CASE("[P-6.1] who is cut off has left its rooms") {
  quiet_node node;
  auto ann = node.member("user-ann", "a");
  node.advance(15s);
  auto bob = node.member("user-bob", "a");
  ann->stirs();
  node.advance(30s);
  bob->stirs();
  bob.sees();
  node.advance(35s);
  CHECK(ann->aborted);
  CHECK_FALSE(bob->aborted);
  CHECK(bob.sees().only("presence")["memberCount"] == "1");
}

TEST_CASE("a client that hangs up is gone from its rooms and the count") {
  quiet_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  CHECK(node.context->connections == 2);
  ann->hangs_up();
  node.advance(50ms);
  CHECK(node.context->connections == 1);
  CHECK(bob.sees().only("presence")["memberCount"] == "1");
}

TEST_CASE("the log tells who ended a connection") {
  settings config;
  config.limits.unsent_bytes = 300;
  quiet_node node{config};
  logged closed{events::connection_closed};

  auto silent = node.connect("user-ann");
  node.advance(60s);
  CHECK(closed.text("by") == "node");
  CHECK(closed.text("reason") == "heartbeat");
  CHECK(closed.number("code") == 1006);

  auto goes = node.connect("user-ann");
  goes->hangs_up(1000, "bye");
  node.run();
  CHECK(closed.text("by") == "client");
  CHECK(closed.text("reason") == "bye");
  CHECK(closed.number("code") == 1000);

  auto late = node.connect();
  node.advance(5s);
  CHECK(closed.text("by") == "node");
  CHECK(closed.text("reason") == "Auth timeout");
  CHECK(closed.number("code") == 4001);

  auto slow = node.connect("user-ann");
  slow->room = 0;
  for (int i = 0; i < 30; ++i)
    slow.says(R"({"type":"ping"})");
  CHECK(closed.lines == 4);
  CHECK(closed.text("by") == "node");
  CHECK(closed.number("code") == 4008);
}
