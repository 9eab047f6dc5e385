#include "actors/placement.hpp"

#include "core/events.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/logged.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

actors::client_hello asking_for(std::string room) {
  actors::client_hello who;
  who.rooms = {std::move(room)};
  return who;
}

settings spreading_from(std::uint32_t members) {
  auto config = anonymous();
  config.net.spread_members = members;
  return config;
}

} // namespace

TEST_CASE("who names a room lives on its loop, who names none where it came") {
  quiet_node node{anonymous(), 3};
  const auto& in = *node.context;
  for (auto name : {"a", "b", "c", "d", "e", "f"})
    for (auto here : {0u, 1u, 2u}) {
      CHECK(actors::place(in, asking_for(name), here)
            == in.home_of({room_space::protocol, name}));
      CHECK(actors::place(in, {}, here) == here);
    }
  auto raw = asking_for("a");
  raw.space = room_space::relay;
  CHECK(actors::place(in, raw, 0) == in.home_of({room_space::relay, "a"}));
}

TEST_CASE("a large room takes newcomers where it has the fewest members") {
  quiet_node node{spreading_from(4), 2};
  auto home = node.context->home_of({room_space::protocol, "a"});
  auto other = 1 - home;
  auto arrive = [&] {
    auto hello = asking_for("a");
    return node.arrive(hello, actors::place(*node.context, hello, other));
  };
  auto lives_on = [&](std::uint32_t here) {
    return actors::place(*node.context, asking_for("a"), here);
  };
  std::vector<guest> all;
  for (int i = 0; i < 4; ++i) {
    CHECK(lives_on(other) == home);
    all.push_back(arrive());
  }
  for (int i = 0; i < 4; ++i) {
    CHECK(lives_on(home) == other);
    all.push_back(arrive());
  }
  // As many here as there: nobody has to move.
  CHECK(lives_on(home) == home);
  CHECK(lives_on(other) == other);

  SECTION("it stays large until half of that many are left") {
    for (int i = 0; i < 6; ++i) {
      all[static_cast<std::size_t>(i)]->hangs_up();
      node.run();
    }
    CHECK(lives_on(other) == home); // Both who are left are on the other one.
    CHECK(lives_on(home) == home);
    all[6]->hangs_up();
    node.run();
    CHECK(lives_on(other) == home);
    auto back = arrive();
    CHECK(lives_on(other) == home);
  }
  SECTION("a room that is gone is large no more") {
    for (auto& one : all)
      one->hangs_up();
    node.advance(1h);
    CHECK_FALSE(
        node.context->crowded.emptiest_loop({room_space::protocol, "a"}, 0));
    CHECK(lives_on(other) == home);
  }
}

TEST_CASE("a room lives where its name puts it") {
  constexpr int rooms = 32;
  quiet_node node{anonymous(), 2};
  logged created{events::room_created};
  auto ann = node.connect();
  for (int i = 0; i < rooms; ++i) {
    auto name = "room-" + std::to_string(i);
    ann.joins(name);
    REQUIRE(created.lines == i + 1);
    CHECK(created.number("loop")
          == node.context->home_of({room_space::protocol, name}));
  }
}
