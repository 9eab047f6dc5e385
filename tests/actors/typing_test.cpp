#include "tests/support/catch.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

/// Two who are in one room, on two loops.
struct pair_in_a_room {
  quiet_node node{{}, 2};
  guest ann = node.member("user-ann", "a", 0);
  guest bob = node.member("user-bob", "a", 1);

  pair_in_a_room() {
    node.advance(50ms);
    ann.sees();
    bob.sees();
  }
};

constexpr auto types = R"({"type":"typing","roomId":"a"})";
constexpr auto stops = R"({"type":"typing","roomId":"a","isTyping":false})";

} // namespace

TEST_CASE_METHOD(pair_in_a_room, "[P-3] others see who types, the typist not") {
  ann.says(R"({"type":"typing","roomId":"a","id":1})");
  auto seen = bob.sees().only("typing");
  CHECK(seen["roomId"] == "a");
  CHECK(seen["userId"] == "user-ann");
  CHECK(seen["isTyping"] == "true");
  ann.says(stops);
  CHECK(bob.sees().only("typing")["isTyping"] == "false");
  CHECK(ann.sees().empty()); // Not even a reply.
}

TEST_CASE_METHOD(pair_in_a_room, "[P-4.5] typing ends by itself after 5 s") {
  ann.says(types);
  bob.sees();
  node.advance(4'999ms);
  CHECK(bob.sees().empty());
  node.advance(1ms);
  CHECK(bob.sees().only("typing")["isTyping"] == "false");
  node.advance(10s);
  CHECK(bob.sees().empty());
  CHECK(ann.sees().empty());
}

TEST_CASE_METHOD(pair_in_a_room, "[P-4.5] typing that goes on is renewed") {
  ann.says(types);
  node.advance(4s);
  ann.says(types);
  bob.sees();
  node.advance(4'999ms);
  CHECK(bob.sees().empty());
  node.advance(1ms);
  CHECK(bob.sees().only("typing")["isTyping"] == "false");
}

TEST_CASE_METHOD(pair_in_a_room, "[P-4.5] who leaves does not type any more") {
  ann.says(types);
  bob.sees();
  ann.says(R"({"type":"leave_room","roomId":"a"})");
  CHECK(bob.sees().only("typing")["isTyping"] == "false");
  node.advance(10s);
  CHECK(bob.sees().count("typing") == 0);
}

TEST_CASE_METHOD(pair_in_a_room, "[P-4.5] who is gone does not type any more") {
  ann.says(types);
  bob.sees();
  ann->hangs_up();
  node.run();
  CHECK(bob.sees().only("typing")["isTyping"] == "false");
}

TEST_CASE_METHOD(pair_in_a_room, "[P-4.5] a user types as long as one of its "
                                 "connections does") {
  auto ann_too = node.member("user-ann", "a", 1);
  bob.sees();
  ann.says(types);
  node.advance(1s);
  ann_too.says(types);
  CHECK(bob.sees().count("typing") == 2);
  ann.says(stops);
  CHECK(bob.sees().count("typing") == 0);
  ann.says(types);
  bob.sees();
  ann_too->hangs_up();
  node.run();
  CHECK(bob.sees().count("typing") == 0);
  node.advance(5s);
  CHECK(bob.sees().all("typing").each("isTyping") == "false");
}
