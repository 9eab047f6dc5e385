#pragma once

// What every store promises (core/store.hpp), as one suite for all of them.

#include "tests/conformance/store_world.hpp"

namespace greenroom::test {

using verdict = appended::verdict;

inline constexpr auto accepted = verdict::accepted;
inline constexpr auto duplicate = verdict::duplicate;
inline constexpr auto conflict = verdict::conflict;

inline void order_suite(store_world& world) {
  SECTION("[P-4.1] messages get offsets without holes, from 1") {
    log_user room{world};
    CHECK(room.is->state().top == 0);
    CHECK(room.is->state().first == 1);
    CHECK_FALSE(room.is->state().epoch.empty());
    CHECK(room.is->is_fresh());
    CHECK(room.say("a") == appended{accepted, 1});
    CHECK(room.say("b") == appended{accepted, 2});
    CHECK(room.is->state().top == 2);
    CHECK(room.is->state().first == 1);
    CHECK_FALSE(room.is->is_fresh());
    CHECK(room.shown() == "1=a 2=b");
  }

  SECTION("a message comes back as it was") {
    log_user room{world};
    world.now += 5;
    posted what;
    what.user_id = "b\xc3\xb6"
                   "b";
    what.body = {false,
                 {protocol::encoding::msgpack, std::string{"\x93\0\1\2", 4}}};
    what.event = "move";
    what.timestamp = {protocol::encoding::json, "17"};
    what.stamped = -3;
    room.say(std::make_shared<const room_event>(what),
             protocol::request_id{std::string{"a\"#\n"}});
    room.say("x", protocol::request_id{std::int64_t{-7}});
    room.say("y");
    auto found = room.read(1);
    REQUIRE(found.size() == 3);
    CHECK(found[0].offset == 1);
    CHECK(found[0].stored == world.now);
    CHECK(found[0].session == "s-ann");
    CHECK(found[0].id == protocol::request_id{std::string{"a\"#\n"}});
    const auto& back = std::get<posted>(*found[0].what);
    CHECK(back.user_id == what.user_id);
    CHECK_FALSE(back.body.is_text);
    CHECK(back.body.said.in == protocol::encoding::msgpack);
    CHECK(back.body.said.bytes == what.body.said.bytes);
    CHECK(back.event == "move");
    CHECK(back.timestamp.in == protocol::encoding::json);
    CHECK(back.timestamp.bytes == "17");
    CHECK(back.stamped == -3);
    CHECK(found[1].id == protocol::request_id{std::int64_t{-7}});
    CHECK(found[2].session == (world.is().is_shared() ? "s-ann" : ""));
    CHECK_FALSE(protocol::is_set(found[2].id));
  }

  SECTION("each room has an order and an epoch of its own") {
    log_user a{world, "a"};
    log_user b{world, "b"};
    log_user relay{world, "a", wide_bounds(), room_space::relay};
    a.say("x");
    a.say("y");
    CHECK(b.say("z") == appended{accepted, 1});
    CHECK(relay.is->is_fresh());
    CHECK(a.is->state().epoch != b.is->state().epoch);
    CHECK(a.is->state().epoch != relay.is->state().epoch);
    CHECK(a.shown() == "1=x 2=y");
    CHECK(b.shown() == "1=z");
  }

  SECTION("a message is accepted only behind the one that was expected") {
    log_user room{world};
    CHECK(room.say("a", protocol::request_id{}, 0) == appended{accepted, 1});
    CHECK(room.say("b", protocol::request_id{}, 0) == appended{conflict, 1});
    CHECK(room.say("b", protocol::request_id{}, 2) == appended{conflict, 1});
    CHECK(room.say("b", protocol::request_id{}, 1) == appended{accepted, 2});
    // Two at once: each sees what came before it.
    room.append("c", {}, 2);
    room.append("d", {}, 2);
    CHECK(room.said(4) == appended{accepted, 3});
    CHECK(room.said(5) == appended{conflict, 3});
    CHECK(room.shown() == "1=a 2=b 3=c");
  }

  SECTION("appends are answered in the order of the calls, and so are reads") {
    log_user room{world};
    std::string order;
    auto read = [&](const char* name, std::uint64_t top) {
      room.is->read(1, 100, world.now, [&, name, top](auto found) {
        REQUIRE(found.has_value());
        // All that was asked for before, and all that was answered before.
        CHECK(found->size() >= top);
        CHECK(found->size() == room.is->state().top);
        order += name;
      });
    };
    room.on_answer = [&] {
      order += 'a';
    };
    read("0", 0);
    room.append("x");
    read("1", 1);
    room.append("y");
    room.append("z");
    read("3", 3);
    REQUIRE(world.until([&] { return order.size() >= 6; }));
    CHECK(std::erase(order, 'a') == 3);
    CHECK(order == "013");
  }

  SECTION("many rooms are served at once") {
    std::vector<std::unique_ptr<log_user>> rooms;
    for (int i = 0; i < 50; ++i)
      rooms.push_back(std::make_unique<log_user>(world, world.loop,
                                                 "r" + std::to_string(i)));
    REQUIRE(world.until([&] {
      return std::ranges::all_of(
          rooms, [](auto& each) { return each->is->is_open(); });
    }));
    for (int i = 0; i < 40; ++i)
      for (auto& each : rooms)
        each->append(std::to_string(i));
    REQUIRE(world.until([&] {
      return std::ranges::all_of(
          rooms, [](auto& each) { return each->all_answered(); });
    }));
    for (auto& each : rooms) {
      for (std::uint64_t i = 0; i < 40; ++i)
        CHECK(*each->answers[i] == appended{accepted, i + 1});
      auto found = each->read(1);
      REQUIRE(found.size() == 40);
      for (std::size_t i = 0; i < 40; ++i)
        CHECK(text_of(found[i]) == std::to_string(i));
    }
    CHECK(world.is().statistics().open == 50);
    CHECK(world.is().statistics().accepted == 2'000);
  }
}

inline void dedupe_suite(store_world& world) {
  using id = protocol::request_id;

  SECTION("[P-3.4] an id that was seen gives its first offset again") {
    log_user room{world};
    CHECK(room.say("a", id{1}) == appended{accepted, 1});
    CHECK(room.say("b", id{2}) == appended{accepted, 2});
    CHECK(room.say("again", id{1}) == appended{duplicate, 1});
    CHECK(room.is->state().top == 2);
    CHECK(room.shown() == "1=a 2=b");
    CHECK(world.is().statistics().duplicates == 1);
  }

  SECTION("[P-3.4] what differs in session or kind of id is another message") {
    log_user room{world};
    CHECK(room.say("a", id{1}).is == accepted);
    CHECK(room.say("b", id{std::string{"1"}}).is == accepted);
    CHECK(room.say("c", id{1}, std::nullopt, "s-bob").is == accepted);
    CHECK(room.say("d").is == accepted);
    CHECK(room.say("d").is == accepted);
    CHECK(room.say("e", id{1}, std::nullopt, "s-bob").is == duplicate);
    log_user other{world, "other"};
    CHECK(other.say("a", id{1}).is == accepted);
  }

  SECTION("[P-3.4] two at once are one") {
    log_user room{world};
    room.append("a", id{1});
    room.append("a", id{1});
    CHECK(room.said(0) == appended{accepted, 1});
    CHECK(room.said(1) == appended{duplicate, 1});
  }

  SECTION("[P-3.4] a repeat is known whatever it expects") {
    log_user room{world};
    room.say("a", id{1}, 0);
    room.say("b");
    CHECK(room.say("a", id{1}, 0) == appended{duplicate, 1});
  }

  SECTION("[P-3.4] what was refused is not remembered") {
    log_user room{world};
    CHECK(room.say("a", id{1}, 7).is == conflict);
    CHECK(room.say("a", id{1}) == appended{accepted, 1});
  }

  SECTION("[P-3.4] ids are forgotten after the window, and beyond the count") {
    auto bounds = wide_bounds();
    bounds.dedupe_messages = 2;
    bounds.dedupe_window = milliseconds{10'000};
    log_user room{world, "lounge", bounds};
    room.say("a", id{1});
    world.now += 9'999;
    CHECK(room.say("a", id{1}).is == duplicate);
    world.now += 1;
    CHECK(room.say("a", id{1}) == appended{accepted, 2});
    world.now += 1'000;
    room.say("b", id{2});
    // A repeat pushes no other out.
    CHECK(room.say("b", id{2}).is == duplicate);
    CHECK(room.say("a", id{1}).is == duplicate);
    room.say("c", id{3});
    CHECK(room.say("a", id{1}) == appended{accepted, 5});
  }

  SECTION("[P-3.4] an id is remembered longer than its message is kept") {
    auto bounds = wide_bounds();
    bounds.messages = 1;
    log_user room{world, "lounge", bounds};
    room.say("a", id{1});
    room.say("b", id{2});
    CHECK(room.say("a", id{1}) == appended{duplicate, 1});
  }

  SECTION("[P-3.4] a room can remember no ids") {
    auto bounds = wide_bounds();
    bounds.dedupe_messages = 0;
    log_user room{world, "lounge", bounds};
    CHECK(room.say("a", id{1}).is == accepted);
    CHECK(room.say("a", id{1}).is == accepted);
  }
}

inline void history_suite(store_world& world) {
  SECTION("entries are read from an offset on, so many at most") {
    log_user room{world};
    for (auto text : {"a", "b", "c", "d"})
      room.append(text);
    CHECK(room.shown(0) == "1=a 2=b 3=c 4=d");
    CHECK(room.shown(3) == "3=c 4=d");
    CHECK(room.shown(2, 2) == "2=b 3=c");
    CHECK(room.shown(2, 0).empty());
    CHECK(room.shown(5).empty());
    CHECK(room.shown(UINT64_MAX).empty());
  }

  SECTION("one answer brings no more entries than one may") {
    log_user room{world};
    for (std::size_t i = 0; i < read_entries_max + 1; ++i)
      room.append("x");
    CHECK(room.read(1, SIZE_MAX).size() == read_entries_max);
    CHECK(room.read(3, SIZE_MAX).size() == read_entries_max - 1);
  }

  SECTION("one answer brings no more bytes than one may, but one entry") {
    log_user room{world};
    room.append(std::string(read_bytes_max / 2 - 300, 'x'));
    room.append(std::string(read_bytes_max / 2 - 300, 'y'));
    room.append(std::string(read_bytes_max + 1, 'z'));
    room.append("a");
    CHECK(room.read(1).size() == 2);
    CHECK(room.read(2).size() == 1);
    CHECK(room.read(3).size() == 1);
    CHECK(room.read(4).size() == 1);
  }

  SECTION("the oldest go beyond the number") {
    auto bounds = wide_bounds();
    bounds.messages = 2;
    log_user room{world, "lounge", bounds};
    room.append("a");
    room.append("b");
    CHECK(room.shown() == "1=a 2=b");
    room.append("c");
    CHECK(room.shown() == "2=b 3=c");
    CHECK(room.is->state().first == 2);
    CHECK(room.is->state().top == 3);
  }

  SECTION("the oldest go beyond the bytes") {
    auto bounds = wide_bounds();
    bounds.bytes = 10'000;
    log_user room{world, "lounge", bounds};
    room.append(std::string(4'000, 'a'));
    room.append(std::string(4'000, 'b'));
    CHECK(room.read(0).size() == 2);
    room.append(std::string(4'000, 'c'));
    CHECK(room.read(0).size() == 2);
    CHECK(room.is->state().first == 2);
    // One that is larger than all may be leaves nothing.
    room.append(std::string(10'000, 'd'));
    CHECK(room.read(0).empty());
    CHECK(room.is->state().first == 5);
    CHECK(room.is->state().top == 4);
    room.append("e");
    CHECK(room.shown() == "5=e");
  }

  SECTION("the oldest go with time") {
    auto bounds = wide_bounds();
    bounds.age = milliseconds{10'000};
    log_user room{world, "lounge", bounds};
    room.say("a");
    world.now += 4'000;
    room.say("b");
    world.now += 5'999;
    CHECK(room.shown() == "1=a 2=b");
    world.now += 1;
    CHECK(room.shown() == "2=b");
    CHECK(room.is->state().first == 2);
    world.now += 4'000;
    room.is->trim(world.now);
    REQUIRE(world.until([&] { return room.is->state().first == 3; }));
    CHECK(room.shown().empty());
    CHECK(room.say("c") == appended{accepted, 3});
    CHECK(room.shown() == "3=c");
  }

  SECTION("a clock that goes back loses nothing") {
    auto bounds = wide_bounds();
    bounds.age = milliseconds{10'000};
    log_user room{world, "lounge", bounds};
    room.say("a");
    world.now -= 3'600'000;
    room.say("b");
    CHECK(room.shown() == "1=a 2=b");
  }

  SECTION("a log can keep no messages, and has its order all the same") {
    auto bounds = wide_bounds();
    bounds.messages = 0;
    log_user room{world, "lounge", bounds};
    CHECK(room.say(room_event_ptr{}) == appended{accepted, 1});
    CHECK(room.say("b", protocol::request_id{1}) == appended{accepted, 2});
    CHECK(room.say("b", protocol::request_id{1}) == appended{duplicate, 2});
    CHECK(room.shown().empty());
    CHECK(room.is->state().first == 3);
    CHECK(room.is->state().top == 2);
  }
}

inline void life_suite(store_world& world) {
  SECTION("[P-4.3] a log that is opened again is the same where it is kept") {
    std::string epoch;
    {
      log_user room{world};
      epoch = room.is->state().epoch;
      room.say("a", protocol::request_id{1});
      room.append("b"); // Nobody waits for it: it happens all the same.
    }
    log_user room{world};
    if (world.keeps()) {
      CHECK(room.is->state().epoch == epoch);
      CHECK(room.is->state().top == 2);
      CHECK(room.shown() == "1=a 2=b");
      CHECK(room.say("a", protocol::request_id{1}) == appended{duplicate, 1});
      CHECK(room.say("c") == appended{accepted, 3});
    } else {
      CHECK(room.is->state().epoch != epoch);
      CHECK(room.is->is_fresh());
      CHECK(room.say("a", protocol::request_id{1}) == appended{accepted, 1});
    }
  }

  SECTION("a log in which nothing was said is gone when it closes") {
    std::string epoch;
    {
      log_user room{world};
      epoch = room.is->state().epoch;
    }
    log_user room{world};
    // Another node may have it open.
    CHECK((room.is->state().epoch == epoch) == world.is().is_shared());
  }

  SECTION("nobody hears an answer after the log was closed") {
    log_user other{world, "other"};
    log_user room{world};
    int heard = 0;
    room.on_answer = [&] {
      ++heard;
    };
    room.append("a");
    room.is->read(1, 9, world.now, [&](auto) { ++heard; });
    room.is->forget(world.now, [&](auto) { ++heard; });
    auto at_once = heard;
    room.is.reset();
    log_user opening{world, world.loop, "third"};
    opening.is.reset();
    // What is asked for later is answered later.
    other.say("x");
    CHECK(heard == at_once);
    CHECK_FALSE(opening.opened.has_value());
  }

  SECTION("a room may do anything from inside an answer") {
    log_user room{world};
    int left = 3;
    room.on_answer = [&] {
      if (left-- > 0)
        room.append("again");
    };
    room.append("first");
    REQUIRE(world.until([&] { return room.answers.size() == 4; }));
    REQUIRE(world.until([&] { return room.all_answered(); }));
    CHECK(room.shown() == "1=first 2=again 3=again 4=again");
  }

  SECTION("a room may close its log from inside an answer") {
    log_user other{world, "other"};
    log_user room{world};
    int reads = 0;
    room.is->read(1, 9, world.now, [&](auto) {
      ++reads;
      room.is.reset();
    });
    if (room.is) {
      room.is->read(1, 9, world.now, [&](auto) { ++reads; });
      room.append("x");
    }
    REQUIRE(world.until([&] { return !room.is; }));
    other.say("x");
    CHECK(reads == 1);
  }

  SECTION("[P-4.3] a log that is forgotten begins anew") {
    log_user room{world};
    auto epoch = room.is->state().epoch;
    room.say("a", protocol::request_id{1});
    room.append("b");
    room.forget();
    CHECK(room.is->is_fresh());
    CHECK(room.is->state().first == 1);
    CHECK(room.is->state().epoch != epoch);
    CHECK(room.shown().empty());
    CHECK(room.say("c", protocol::request_id{1}) == appended{accepted, 1});
    CHECK(room.shown() == "1=c");
  }
}

/// Runs in a TEST_CASE; `make` gives a fresh world for each section.
inline void
store_suite(const std::function<std::unique_ptr<store_world>()>& make) {
  auto world = make();
  world->start();
  order_suite(*world);
  dedupe_suite(*world);
  history_suite(*world);
  life_suite(*world);
}

} // namespace greenroom::test
