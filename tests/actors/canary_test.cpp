// The node's own two members, whose messages show whether others' get through.

#include "actors/canary.hpp"
#include "actors/room.hpp"
#include "core/events.hpp"
#include "core/fault_point.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/logged.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;
using actors::canary;

namespace {

struct singing_node : quiet_node {
  explicit singing_node(settings config = calm()) : quiet_node(config, 2) {
    spawn<canary>(1, context, canary::role::listener, std::ref(beat));
    spawn<canary>(0, context, canary::role::speaker, std::ref(beat));
    run();
  }
  ~singing_node() { installed_fault_hook = nullptr; }

  void advance(milliseconds by) {
    quiet_node::advance(by);
    run();
  }

  pulse beat;
};

} // namespace

TEST_CASE("what a canary says comes back, over and over") {
  singing_node node;
  node.advance(1'100ms);
  CHECK(node.beat.took());
  CHECK_FALSE(node.beat.away(node.now()));
  node.advance(10s);
  CHECK_FALSE(node.beat.away(node.now()));
}

TEST_CASE("a node's own members and rooms are not counted as clients' are") {
  singing_node node;
  node.advance(3s);
  auto members = [&] {
    std::uint64_t all = 0;
    for (const auto* each : node.context->loops)
      all += each->counters().members.value();
    return all;
  };
  CHECK(members() == 0);
  CHECK(node.context->rooms == 0);
  auto ann = node.member("user-ann", "a");
  CHECK(members() == 1);
  CHECK(node.context->rooms == 1);
  ann->hangs_up();
  node.advance(10min);
  CHECK(members() == 0);
  CHECK(node.context->rooms == 0);
}

TEST_CASE("where rooms take nothing, it stays away") {
  singing_node node;
  node.advance(3s);
  installed_fault_hook = [](std::string_view point, std::string_view) {
    if (point == "room.publish")
      throw std::runtime_error{"boom"};
  };
  node.advance(1'500ms);
  REQUIRE(node.beat.away(node.now()));
  node.advance(1'500ms);
  CHECK(node.beat.away(node.now()) > 1s); // Since the first of them.
  installed_fault_hook = nullptr;
  node.advance(2s); // The room is held for less.
  CHECK_FALSE(node.beat.away(node.now()));
}

TEST_CASE("a canary that loses its audience comes in again") {
  singing_node node;
  node.advance(3s);
  // Its audience may end only by what goes on crashing it.
  auto& audiences = *node.context->audiences[1];
  std::vector<actors::supervised*> all;
  audiences.each_child(10, [&](const actors::supervised& each) {
    all.push_back(const_cast<actors::supervised*>(&each));
  });
  REQUIRE(all.size() == 1);
  all[0]->end(true);
  node.advance(5s);
  CHECK_FALSE(node.beat.away(node.now()));
  CHECK(node.beat.took());
}

TEST_CASE("its room is nobody's business") {
  logged created{events::room_created};
  auto config = calm();
  config.limits.rooms = 1;
  singing_node node{config};
  node.advance(1s);
  CHECK(created.lines == 0);
  CHECK(node.context->rooms == 0);
  auto ann = node.member("user-ann", "a"); // There is still a place.
  CHECK(node.context->rooms == 1);
  CHECK(created.lines == 1);
}
