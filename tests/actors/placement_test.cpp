#include "actors/placement.hpp"

#include <algorithm>
#include <array>
#include <set>

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

} // namespace

TEST_CASE("who names a room lives on its loop, who names none where it came") {
  quiet_node node{anonymous(), 3};
  auto& in = *node.context;
  for (auto name : {"a", "b", "c", "d", "e", "f"})
    for (auto here : {0u, 1u, 2u}) {
      auto who = asking_for(name);
      CHECK(actors::place(in, who, here)
            == in.home_of({room_space::protocol, name}));
      actors::client_hello nobody;
      CHECK(actors::place(in, nobody, here) == here);
    }
  auto raw = asking_for("a");
  raw.space = room_space::relay;
  CHECK(actors::place(in, raw, 0) == in.home_of({room_space::relay, "a"}));
}

TEST_CASE("a room's home cannot be told from outside the node") {
  quiet_node node{anonymous(), 2};
  std::set<std::string> patterns;
  for (std::size_t salt : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u}) {
    node.context->salt = salt;
    std::string homes;
    for (int i = 0; i < 32; ++i)
      homes += static_cast<char>(
          '0' + node.context->home_of({room_space::relay, std::to_string(i)}));
    patterns.insert(homes);
  }
  CHECK(patterns.size() == 8);
}

TEST_CASE("a large room's clients are spread, though all come before one has "
          "joined") {
  constexpr std::uint32_t many = 500;
  auto config = anonymous();
  config.net.spread_members = 8;
  quiet_node node{config, 3};
  auto home = node.context->home_of({room_space::protocol, "a"});
  std::vector<actors::client_hello> all;
  std::vector<std::uint32_t> lives_on;
  std::array<std::uint32_t, 3> here{};
  for (std::uint32_t i = 0; i < many; ++i) {
    all.push_back(asking_for("a"));
    lives_on.push_back(actors::place(*node.context, all.back(), i % 3));
    CHECK((i >= 8 || lives_on.back() == home));
    ++here[lives_on.back()];
  }
  auto [least, most] = std::minmax_element(here.begin(), here.end());
  CHECK(*most - *least <= 1);

  for (std::uint32_t i = 0; i < many; ++i)
    actors::unplace(*node.context, all[i], lives_on[i]);
  auto again = asking_for("a");
  CHECK(actors::place(*node.context, again, 1 - home % 2) == home);
}

TEST_CASE("a client's place is given back however it ends") {
  auto config = anonymous();
  config.net.spread_members = 2;
  config.net.connections = 1;
  quiet_node node{config, 2};
  auto home = node.context->home_of({room_space::protocol, "a"});
  auto come = [&] {
    auto hello = asking_for("a");
    auto loop = actors::place(*node.context, hello, home);
    CHECK(loop == home); // It is empty.
    return node.arrive(hello, loop);
  };
  for (int i = 0; i < 3; ++i) {
    auto ann = come();
    CHECK(ann->is_open());
    auto eve = come(); // Refused.
    CHECK(eve->closed);
    ann->hangs_up();
    node.run();
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
