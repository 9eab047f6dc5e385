#include "tests/support/catch.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

TEST_CASE("[P-5.1] beyond `limits.rooms` a join is `unavailable` for now") {
  settings config;
  config.limits.rooms = 2;
  quiet_node node{config, 2};
  auto ann = node.connect("user-ann", 0);
  auto bob = node.connect("user-bob", 1);
  ann.joins("a");
  bob.joins("b");
  ann.sees();
  ann.says(R"({"type":"join_room","roomId":"c","id":1})");
  auto refused = ann.sees().only("error");
  CHECK(refused["code"] == "unavailable");
  CHECK(refused["roomId"] == "c");
  CHECK(refused["id"] == "1");
  CHECK(refused["retryAfter"] == "1000");
  CHECK(node.context->rooms == 2);

  // A room that is open takes more members; one that ended makes place.
  ann.joins("b");
  CHECK(ann.sees().count("joined") == 1);
  ann.says(R"({"type":"leave_room","roomId":"a"})");
  ann->stirs();
  node.advance(30s);
  ann.joins("c");
  CHECK(ann.sees().count("joined") == 1);
}

TEST_CASE("[P-4.3] at `limits.rooms` the room that has been empty for longest "
          "makes place") {
  settings config;
  config.limits.rooms = 3;
  quiet_node node{config};
  auto ann = node.connect("user-ann");
  auto opens_and_leaves = [&](const std::string& room) {
    ann.joins(room);
    auto epoch = ann.sees().only("joined")["epoch"];
    ann.says(R"({"type":"message","roomId":")" + room + R"(","text":"x"})");
    ann.says(R"({"type":"leave_room","roomId":")" + room + R"("})");
    ann.sees();
    return epoch;
  };
  auto first = opens_and_leaves("a");
  auto second = opens_and_leaves("b");
  // The first one is in use again, so it is not the longest empty any more.
  CHECK(opens_and_leaves("a") == first);
  ann.joins("c");
  ann.joins("d");
  CHECK(ann.sees().count("joined") == 2);
  CHECK(node.context->rooms == 3);
  CHECK(opens_and_leaves("a") == first);
  ann.joins("e");
  CHECK(ann.sees().count("joined") == 1);
  ann.joins("f");
  CHECK(ann.sees().only("error")["code"] == "unavailable");
  CHECK(node.context->rooms == 3);
  CHECK(second != first);
}

TEST_CASE("[P-1.2] a room that the URL names twice is refused once") {
  settings config;
  config.limits.rooms = 1;
  quiet_node node{config};
  auto bob = node.member("user-bob", "b");
  actors::client_hello hello;
  hello.token = "user-ann";
  hello.rooms = {"a", "a"};
  auto ann = node.arrive(hello);
  ann.says(R"({"type":"ping"})");
  CHECK(ann.sees().types() == "auth_success error pong");
}

TEST_CASE("[P-5.2] a relay whose room cannot be opened is told to try later") {
  settings config;
  config.limits.rooms = 1;
  quiet_node node{config};
  auto bob = node.member("user-bob", "b");
  auto ann = node.connect_relay("user-ann", "a");
  CHECK(ann->closed == protocol::close_code::try_later);
  CHECK(ann.sees_raw().empty());
}
