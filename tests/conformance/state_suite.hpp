#pragma once

// What every store that keeps shared keys promises (core/store.hpp).

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "tests/conformance/key_user.hpp"

namespace greenroom::test {

/// Runs in a TEST_CASE; `make` gives a fresh world for each section.
inline void
state_suite(const std::function<std::unique_ptr<store_world>()>& make) {
  using enum key_answer::verdict;
  auto world = make();
  world->start();
  auto open = [&](key_user& room) {
    REQUIRE(world->until([&] { return room.opened.has_value(); }));
    REQUIRE(*room.opened);
    REQUIRE(room.is->keeps_state());
  };
  auto answered = [&](key_user& room) {
    REQUIRE(world->until([&] { return room.all_answered(); }));
  };

  SECTION("[P-3.17] a key holds what was set last") {
    key_user room{world->is(), world->loop};
    open(room);
    room.set("x", "1");
    room.set("y", "2");
    room.set("x", "3");
    answered(room);
    CHECK(room.shown() == "x=3 y=2");
    CHECK(room.keys["x"].user_id == "ann");
    CHECK(room.number("x") > room.number("y"));
    CHECK(room.answers[2].number == room.number("x"));
    CHECK(world->is().statistics().keys_set == 3);
    CHECK(room.is->state().top == 0);
  }

  SECTION("a value comes back as it was") {
    key_user room{world->is(), world->loop};
    open(room);
    stored_key what{"k\xc3\xb6\"",
                    {protocol::encoding::msgpack, std::string{"\x93\0\1\2", 4}},
                    "b\xc3\xb6"
                    "b",
                    room.now + 60'000};
    room.set(what);
    answered(room);
    auto check = [&](const key_user& in) {
      REQUIRE(in.keys.contains(what.name));
      const auto& is = in.keys.at(what.name);
      CHECK(is.now.in == what.now.in);
      CHECK(is.now.bytes == what.now.bytes);
      CHECK(is.user_id == what.user_id);
      CHECK(is.until == what.until);
    };
    check(room);
    room.is.reset();
    key_user again{world->is(), world->loop};
    open(again);
    check(again);
  }

  SECTION("a key is deleted, and deleting what is not there is no change") {
    key_user room{world->is(), world->loop};
    open(room);
    room.set("x", "");
    room.set("x", "1");
    room.set("x", "");
    room.set("x", "");
    answered(room);
    CHECK(room.shown().empty());
    CHECK(room.changes == 2);
    for (const auto& each : room.answers)
      CHECK(each.is == accepted);
  }

  SECTION("[P-4.6] a key is set only over the change that was expected") {
    key_user room{world->is(), world->loop};
    open(room);
    room.set("x", "1", 0);
    answered(room);
    auto first = room.number("x");
    room.set("x", "2", 0);
    room.set("x", "3", first + 9);
    room.set("x", "4", first);
    // Two at once: each sees what came before it.
    room.set("x", "5", first);
    room.set("x", "", first);
    answered(room);
    CHECK(room.answers[1].is == conflict);
    CHECK(room.answers[2].is == conflict);
    CHECK(room.answers[3].is == accepted);
    CHECK(room.answers[4].is == conflict);
    CHECK(room.answers[5].is == conflict);
    CHECK(room.shown() == "x=4");
    room.set("x", "", room.number("x"));
    room.set("x", "6", 0);
    answered(room);
    CHECK(room.shown() == "x=6");
    CHECK(world->is().statistics().conflicts == 4);
  }

  SECTION("[P-4.6] a key holds nothing from its end on") {
    key_user room{world->is(), world->loop};
    open(room);
    room.set("x", "1", std::nullopt, room.now + 5'000);
    answered(room);
    CHECK(room.keys["x"].until == room.now + 5'000);
    room.now += 4'999;
    room.set("x", "2", 0);
    answered(room);
    CHECK(room.answers[1].is == conflict);
    room.now += 1;
    room.set("x", "3", 0);
    answered(room);
    CHECK(room.answers[2].is == accepted);
    CHECK(room.shown() == "x=3");
  }

  SECTION("[P-4.6] a room has no more keys than it may, nor bytes") {
    auto bounds = key_user::with_state();
    bounds.state_keys = 2;
    bounds.state_bytes = 40;
    key_user room{world->is(), world->loop, "lounge", bounds};
    open(room);
    room.set("a", "1"); // 5 bytes each, with the user's name.
    room.set("b", "1", std::nullopt, room.now + 1'000);
    room.set("c", "1");
    room.set("a", '"' + std::string(30, '1') + '"');
    room.set("a", '"' + std::string(29, '1') + '"');
    room.set("a", "[1.5,1.5,1.5,1.5]"); // 37 bytes of MessagePack.
    room.set("a", "2");
    answered(room);
    CHECK(room.answers[2].is == too_large);
    CHECK(room.answers[3].is == too_large);
    CHECK(room.answers[4].is == accepted);
    CHECK(room.answers[5].is == too_large);
    CHECK(room.answers[6].is == accepted);
    CHECK(room.shown() == "a=2 b=1");
    // What is over makes place, and what is deleted.
    room.now += 1'000;
    room.set("c", "1");
    room.set("a", "");
    room.set("d", "1");
    room.set("e", "1");
    answered(room);
    CHECK(room.answers[7].is == accepted);
    CHECK(room.answers[9].is == accepted);
    CHECK(room.answers[10].is == too_large);
  }

  SECTION("who opens the room hears what there is before it is open") {
    std::string epoch;
    {
      key_user room{world->is(), world->loop};
      open(room);
      epoch = room.is->state().epoch;
      room.set("x", "1");
      room.set("y", "2");
      room.set("x", "");
      room.set("z", "3"); // Nobody waits for it: it happens all the same.
    }
    key_user room{world->is(), world->loop};
    open(room);
    CHECK(room.is->state().epoch == epoch);
    CHECK(room.wholes == 1);
    CHECK(room.shown() == "y=2 z=3");
    room.set("y", "4", room.number("y"));
    answered(room);
    CHECK(room.shown() == "y=4 z=3");
  }

  SECTION("each room has its own") {
    key_user a{world->is(), world->loop, "a"};
    key_user b{world->is(), world->loop, "b"};
    open(a);
    open(b);
    a.set("x", "1");
    b.set("x", "2");
    answered(a);
    answered(b);
    CHECK(a.shown() == "x=1");
    CHECK(b.shown() == "x=2");
  }

  SECTION("state goes with a log that is forgotten") {
    key_user room{world->is(), world->loop};
    open(room);
    room.set("x", "1");
    answered(room);
    bool done = false;
    room.is->forget(room.now, [&](store_result<void> how) {
      CHECK(how.has_value());
      done = true;
    });
    REQUIRE(world->until([&] { return done; }));
    CHECK(room.shown().empty());
    room.set("x", "2", 0);
    answered(room);
    CHECK(room.shown() == "x=2");
  }

  SECTION("messages and keys go side by side") {
    key_user room{world->is(), world->loop};
    open(room);
    for (int i = 0; i < 50; ++i) {
      CHECK_FALSE(room.is->append({text_event("m"), "s-ann", {}, room.now}));
      room.set("k" + std::to_string(i % 7), std::to_string(i));
    }
    answered(room);
    REQUIRE(world->until([&] { return room.appends == 50; }));
    CHECK(room.keys.size() == 7);
    CHECK(room.shown().ends_with("k6=48"));
  }
}

/// Does what a plain map does, restarts included.
inline void state_property(store_world& world, std::uint32_t seed, int steps) {
  using enum key_answer::verdict;
  INFO("seed " << seed);
  std::minstd_rand dice{seed};
  auto pick = [&](std::uint32_t n) {
    return static_cast<std::uint32_t>(dice()) % n;
  };
  std::map<std::string, std::string> model;
  auto room = std::make_unique<key_user>(world.is(), world.loop);
  auto open = [&] {
    REQUIRE(world.until([&] { return room->opened.has_value(); }));
    REQUIRE(*room->opened);
  };
  open();
  for (int step = 0; step < steps; ++step) {
    INFO("step " << step);
    auto name = "k" + std::to_string(pick(6));
    auto value = pick(4) == 0 ? "" : std::to_string(step);
    switch (pick(8)) {
    case 0:
      REQUIRE(world.until([&] { return room->all_answered(); }));
      room.reset();
      world.stop();
      world.start();
      room = std::make_unique<key_user>(world.is(), world.loop);
      open();
      break;
    case 1: {
      REQUIRE(world.until([&] { return room->all_answered(); }));
      auto known = room->number(name);
      auto good = pick(2) == 0;
      auto place = room->set(name, value, good ? known : known + 1);
      REQUIRE(world.until([&] { return room->all_answered(); }));
      REQUIRE(room->answers[place].is == (good ? accepted : conflict));
      if (good)
        model[name] = value;
      break;
    }
    default:
      room->set(name, value);
      model[name] = value;
      if (pick(3) == 0)
        break; // Several together.
      REQUIRE(world.until([&] { return room->all_answered(); }));
    }
    std::erase_if(model, [](const auto& each) { return each.second.empty(); });
    if (!room->all_answered())
      continue;
    std::string expected;
    for (const auto& [key, is] : model)
      expected += (expected.empty() ? "" : " ") + key + '=' + is;
    REQUIRE(room->shown() == expected);
  }
}

} // namespace greenroom::test
