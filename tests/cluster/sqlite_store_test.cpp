#include <fstream>

#include "core/events.hpp"
#include "tests/conformance/state_suite.hpp"
#include "tests/conformance/store_property.hpp"
#include "tests/support/logged.hpp"
#include "tests/support/sqlite_world.hpp"

using namespace greenroom;
using namespace greenroom::test;
using id = protocol::request_id;

TEST_CASE("a sqlite_store is a store", "[store]") {
  store_suite([] { return std::make_unique<sqlite_world>(); });
}

TEST_CASE("a sqlite_store keeps the state of rooms", "[store]") {
  state_suite([] { return std::make_unique<sqlite_world>(); });
}

TEST_CASE("a sqlite_store keeps keys as a plain map does, restarts included") {
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    sqlite_world world;
    world.start();
    state_property(world, seed, 300);
  }
}

TEST_CASE("a sqlite_store does what a plain model does, restarts included") {
  for (std::uint32_t seed = 1; seed <= 6; ++seed) {
    sqlite_world world;
    world.start();
    store_property(world, seed, 400);
  }
}

TEST_CASE("[P-4.3] a log is the same after the node was started again") {
  sqlite_world world;
  world.start();
  std::string epoch;
  {
    log_user room{world};
    epoch = room.is->state().epoch;
    for (int i = 1; i <= 5; ++i)
      room.append(std::to_string(i), id{std::int64_t{i}});
  }
  world.stop();
  world.start();
  log_user room{world};
  CHECK(room.is->state().epoch == epoch);
  CHECK(room.is->state().top == 5);
  CHECK(room.shown() == "1=1 2=2 3=3 4=4 5=5");
  CHECK(room.say("3", id{3}) == appended{duplicate, 3});
  // The window goes on as if nothing had been.
  world.now += 119'999;
  CHECK(room.say("5", id{5}).is == duplicate);
  world.now += 1;
  CHECK(room.say("5", id{5}) == appended{accepted, 6});
}

TEST_CASE("other bounds hold for what is there, and the rest is deleted") {
  sqlite_world world;
  world.options.sweep_interval = milliseconds{1};
  world.start();
  auto bounds = wide_bounds();
  {
    log_user room{world, "lounge", bounds};
    for (int i = 0; i < 2'000; ++i)
      room.append(std::to_string(i), id{std::int64_t{i}});
  }
  world.stop();
  CHECK(world.number("SELECT count(*) FROM messages") == 2'000);
  CHECK(world.number("SELECT count(*) FROM ids") == 1'000);
  bounds.messages = 3;
  bounds.dedupe_messages = 10;
  world.start();
  {
    log_user room{world, "lounge", bounds};
    CHECK(room.is->state().first == 1'998);
    CHECK(room.shown() == "1998=1997 1999=1998 2000=1999");
    CHECK(room.say("x", id{1'980}) == appended{accepted, 2'001});
    CHECK(room.say("x", id{1'999}) == appended{duplicate, 2'000});
  }
  world.stop();
  // Not at once, so that other rooms need not wait for it.
  auto left = world.number("SELECT count(*) FROM messages");
  CHECK(left >= 3);
  world.start();
  {
    log_user room{world, "lounge", bounds};
    for (int i = 0; i < 12; ++i)
      room.say("y");
  }
  world.stop();
  CHECK(world.number("SELECT count(*) FROM messages") == 3);
}

TEST_CASE("a log is open once") {
  sqlite_world world;
  world.start();
  log_user room{world};
  log_user second{world, world.loop, "lounge"};
  REQUIRE(world.until([&] { return second.opened.has_value(); }));
  CHECK(second.refused_to_open);
  CHECK_FALSE(second.is->is_open());
  second.is.reset();
  CHECK(room.say("a") == appended{accepted, 1});
}

TEST_CASE("what waits when the store ends is written, then it takes no more") {
  sqlite_world world;
  world.start();
  {
    log_user room{world};
    for (int i = 0; i < 100; ++i)
      room.append("x");
    world.stop();
    REQUIRE(world.until([&] { return room.all_answered(); }));
    CHECK(*room.answers.back() == appended{accepted, 100});
    CHECK(room.say("y").is == verdict::unavailable);
    bool refused = false;
    room.is->read(1, 10, world.now,
                  [&](auto found) { refused = found.has_error(); });
    CHECK(refused);
  }
  world.start();
  log_user room{world};
  CHECK(room.is->state().top == 100);
}

TEST_CASE("logs that nobody wants any more are deleted, little by little") {
  sqlite_world world;
  world.options.sweep_interval = milliseconds{1};
  world.wall = world.now;
  world.start();
  auto cleared = [&](std::uint64_t logs) {
    return world.until([&] { return world.is().statistics().cleared == logs; });
  };
  // Before time passes: a log that is open is left alone.
  auto open = [&](std::uint64_t logs) {
    return world.until([&] { return world.is().statistics().open == logs; });
  };
  auto bounds = wide_bounds();
  bounds.age = milliseconds{3'600'000};
  log_user busy{world, "busy", bounds};
  busy.say("x");
  std::string epoch;
  {
    log_user old{world, "old", bounds};
    epoch = old.is->state().epoch;
    for (int i = 0; i < 1'200; ++i)
      old.append("x", id{std::int64_t{i}});
    log_user forgotten{world, "forgotten"};
    forgotten.say("x");
    forgotten.forget();
    log_user kept{world, "kept"}; // For ever.
    kept.say("x");
  }
  REQUIRE(open(1));
  REQUIRE(cleared(1)); // What was forgotten.
  world.wall += 3'600'000;
  REQUIRE(cleared(2)); // What was old; but not what is open.
  {
    // Its order is kept a while longer.
    log_user old{world, "old", bounds};
    CHECK(old.is->state().epoch == epoch);
    CHECK(old.is->state().top == 1'200);
    CHECK(old.is->state().first == 1'201);
  }
  CHECK(busy.shown() == "1=x");
  busy.is.reset();
  REQUIRE(open(0));
  world.wall += 31LL * 24 * 3'600'000;
  REQUIRE(cleared(4)); // The order of the old one; what was busy.
  world.stop();
  CHECK(world.number("SELECT count(*) FROM rooms") == 2);
  CHECK(world.number("SELECT count(*) FROM rooms WHERE name = 'kept'") == 1);
  CHECK(world.number("SELECT count(*) FROM messages") == 1);
  CHECK(world.number("SELECT count(*) FROM ids") == 0);
}

// -- the file -----------------------------------------------------------------

namespace {

void spoil(const std::string& path, std::size_t at, std::size_t bytes) {
  std::fstream file{path, std::ios::binary | std::ios::in | std::ios::out};
  file.seekp(static_cast<std::streamoff>(at));
  for (std::size_t i = 0; i < bytes; ++i)
    file.put('\x5a');
  REQUIRE(file.good());
}

void fill(sqlite_world& world) {
  world.start();
  {
    log_user room{world};
    for (int i = 0; i < 500; ++i)
      room.append(std::string(500, 'x'), id{std::int64_t{i}});
  }
  world.stop();
}

} // namespace

TEST_CASE("a file that is no database is refused, and stays as it is") {
  sqlite_world world;
  std::string text = "Dear diary, today nothing happened. ";
  std::ofstream{world.options.path} << text + std::string(2'000, '.');
  CHECK(world.refusal().find("not a database") != std::string::npos);
  std::ifstream file{world.options.path};
  std::string back(text.size(), ' ');
  file.read(back.data(), static_cast<std::streamsize>(back.size()));
  CHECK(back == text);
}

TEST_CASE("the database of another program is refused") {
  sqlite_world world;
  world.run("CREATE TABLE rooms (a)");
  CHECK(world.refusal().find("of another program") != std::string::npos);
  CHECK(world.refusal().find(world.options.path) != std::string::npos);
  CHECK(world.number("SELECT count(*) FROM sqlite_schema") == 1);
}

TEST_CASE("a file of an older version is brought up to this one") {
  sqlite_world world;
  world.start();
  {
    log_user room{world};
    room.say("a", id{1});
  }
  world.stop();
  world.run("DROP TABLE keys");
  world.run("PRAGMA user_version = 1");
  world.start();
  {
    log_user room{world};
    CHECK(room.shown() == "1=a");
    key_user keys{world.is(), world.loop, "other"};
    keys.set("x", "1");
    REQUIRE(world.until([&] { return keys.all_answered(); }));
    CHECK(keys.shown() == "x=1");
  }
  world.stop();
  CHECK(world.number("PRAGMA user_version") == 2);
}

TEST_CASE("state is kept for a week, and goes then with its room") {
  constexpr std::int64_t week = 7LL * 24 * 3'600 * 1'000;
  sqlite_world world;
  world.options.sweep_interval = milliseconds{1};
  world.wall = world.now;
  world.start();
  auto keys = [&] {
    world.stop();
    auto found = world.number("SELECT count(*) FROM keys");
    world.start();
    return found;
  };
  auto swept = [&](std::uint64_t so_many) {
    return world.until(
        [&] { return world.is().statistics().cleared >= so_many; });
  };
  {
    key_user room{world.is(), world.loop};
    room.set("x", "1");
    REQUIRE(world.until([&] { return room.all_answered(); }));
    // Also while it is open for longer than that.
    world.wall = world.now + week + 1;
    log_user other{world, "other"};
    other.say("a");
  }
  CHECK(keys() == 1);
  key_user room{world.is(), world.loop};
  REQUIRE(world.until([&] { return room.opened.has_value(); }));
  CHECK(room.shown() == "x=1");
  room.is.reset();
  REQUIRE(world.until([&] { return world.is().statistics().open == 0; }));
  world.wall = world.now + 3 * week;
  CHECK(swept(1));
  CHECK(keys() == 0);
}

TEST_CASE("a file of a newer version is refused") {
  sqlite_world world;
  fill(world);
  world.run("PRAGMA user_version = 3");
  CHECK(world.refusal().find("newer version") != std::string::npos);
}

TEST_CASE("a damaged file is refused") {
  sqlite_world world;
  fill(world);
  SECTION("in its middle") {
    spoil(world.options.path, 5 * 4'096, 12'288);
  }
  SECTION("at its end") {
    std::filesystem::resize_file(world.options.path, 100'000);
  }
  auto why = world.refusal();
  INFO(why);
  CHECK((why.find("damaged") != std::string::npos
         || why.find("malformed") != std::string::npos));
}

TEST_CASE(
    "a message that cannot be read is left out and told, others are not") {
  sqlite_world world;
  world.start();
  {
    log_user room{world};
    for (int i = 1; i <= 5; ++i)
      room.append(std::to_string(i), id{std::int64_t{i}});
  }
  world.stop();
  world.run("UPDATE messages SET what = x'c1' WHERE offset IN (1, 3)");
  world.start();
  logged rejected{events::store_rejected};
  log_user room{world};
  CHECK(room.shown() == "2=2 4=4 5=5");
  CHECK(rejected.lines == 1);
  CHECK(rejected.text("room") == "lounge");
  CHECK(rejected.text("reason").starts_with("message 1: "));
  CHECK(room.shown(3, 1) == "4=4");
  CHECK(room.say("3", id{3}) == appended{duplicate, 3});
  CHECK(room.say("6", id{6}) == appended{accepted, 6});
}

TEST_CASE("a log with a hole cannot be opened, and is nobody else's trouble") {
  sqlite_world world;
  fill(world);
  logged failed{events::store_failed};
  world.run("DELETE FROM messages WHERE offset = 77");
  world.start();
  log_user other{world, "other"};
  log_user room{world, world.loop, "lounge"};
  other.append("x");
  REQUIRE(world.until([&] { return room.opened.has_value(); }));
  CHECK(room.refused_to_open);
  CHECK(other.said(0) == appended{accepted, 1});
  room.is.reset();
  other.is.reset();
  world.stop();
  CHECK(failed.lines == 1);
  CHECK(failed.text("reason").find("missing") != std::string::npos);
}

TEST_CASE("a file is one node's") {
  sqlite_world world;
  world.start();
  log_user room{world};
  room.say("a");
  CHECK(world.refusal().find("locked") != std::string::npos);
}

TEST_CASE("a place where no file can be is refused") {
  sqlite_world world;
  world.options.path = world.folder / "nothing/here.db";
  CHECK(world.refusal().find("unable to open") != std::string::npos);
}
