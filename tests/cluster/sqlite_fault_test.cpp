// What a sqlite_store makes of a disk that is slow, full or broken, of a kill
// and of a power cut.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include <sqlite3.h>

#include "core/events.hpp"
#include "tests/conformance/store_property.hpp"
#include "tests/support/faulty_disk.hpp"
#include "tests/support/logged.hpp"
#include "tests/support/sqlite_world.hpp"

using namespace greenroom;
using namespace greenroom::test;
using id = protocol::request_id;

TEST_CASE("a store on a failing disk does what a plain model does") {
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    faulty_disk disk;
    sqlite_world world{faulty_disk::name};
    world.start();
    store_property(world, seed, 400, [&](bool on) {
      disk.syncing = on && seed % 2 == 0 ? SQLITE_IOERR_FSYNC : 0;
      disk.writing = on && seed % 2 == 1 ? SQLITE_FULL : 0;
    });
  }
}

TEST_CASE("nothing is answered before it is on the disk, and all at once") {
  hand_loop other_loop;
  faulty_disk disk;
  sqlite_world world{faulty_disk::name};
  world.start();
  {
    log_user a{world, "a"};
    log_user b{world, "b"};
    log_user far{world, other_loop, "far"};
    REQUIRE(world.until([&] {
      other_loop.turn();
      return far.is->is_open();
    }));
    disk.hold();
    a.append("first");
    REQUIRE(world.until([&] { return disk.is_holding(); }));
    // These wait for the commit after that one.
    for (int i = 0; i < 10; ++i) {
      a.append("x");
      b.append("y");
      far.append("z");
    }
    std::optional<std::size_t> read;
    b.is->read(1, 100, world.now, [&](auto found) { read = found->size(); });
    auto commits = world.is().statistics().commits;
    auto entries = world.loop.entries();
    auto far_entries = other_loop.entries();
    CHECK(world.is().statistics().waiting == 32);
    world.loop.turn();
    CHECK_FALSE(a.answers[0].has_value());
    disk.release();
    REQUIRE(world.until([&] {
      other_loop.turn();
      return a.all_answered() && b.all_answered() && far.all_answered() && read;
    }));
    CHECK(world.is().statistics().commits == commits + 2);
    CHECK(world.loop.entries() == entries + 3); // What was read comes last.
    CHECK(other_loop.entries() == far_entries + 1);
    CHECK(*a.answers.back() == appended{accepted, 11});
    CHECK(*far.answers.back() == appended{accepted, 10});
    CHECK(read == 10);
  }
}

TEST_CASE("a disk that fails is `unavailable` and nothing else is lost") {
  faulty_disk disk;
  logged failed{events::store_failed};
  logged recovered{events::store_recovered};
  sqlite_world world{faulty_disk::name};
  world.start();
  {
    log_user room{world};
    auto epoch = room.is->state().epoch;
    room.say("a", id{1});
    std::string reason;
    SECTION("it is full") {
      disk.writing = SQLITE_FULL;
      reason = "full";
    }
    SECTION("it does not write") {
      disk.writing = SQLITE_IOERR_WRITE;
      reason = "I/O";
    }
    SECTION("it does not sync") {
      disk.syncing = SQLITE_IOERR_FSYNC;
      reason = "I/O";
    }
    for (int round = 0; round < 3; ++round) {
      room.append("b", id{2});
      room.append("c", id{3});
      CHECK(room.said(room.append("b", id{2})).is == verdict::unavailable);
      // What is there can be read.
      CHECK(room.shown() == "1=a");
    }
    CHECK(room.is->state().top == 1);
    CHECK(world.is().statistics().accepted == 1);
    CHECK(world.is().statistics().unavailable == 9);
    log_user second{world, world.loop, "second"};
    REQUIRE(world.until([&] { return second.opened.has_value(); }));
    CHECK(second.refused_to_open);
    second.is.reset();

    disk.writing = 0;
    disk.syncing = 0;
    CHECK(room.say("b", id{2}) == appended{accepted, 2});
    CHECK(room.say("a", id{1}) == appended{duplicate, 1});
    CHECK(room.is->state().epoch == epoch);
    CHECK(room.shown() == "1=a 2=b");
    log_user again{world, "second"};
    CHECK(again.say("z").is == accepted);
    world.stop();
    CHECK(failed.lines == 1); // Not with every commit.
    CHECK(failed.text("reason").find(reason) != std::string::npos);
    CHECK(recovered.lines == 1);
    CHECK(recovered.number("refused") == 9);
  }
  world.start();
  log_user room{world};
  CHECK(room.shown() == "1=a 2=b");
}

TEST_CASE("what cannot be read is `unavailable`, and later it can") {
  faulty_disk disk;
  sqlite_world world{faulty_disk::name};
  world.start();
  {
    log_user room{world};
    for (int i = 0; i < 300; ++i)
      room.append(std::string(10'000, 'x')); // More than SQLite keeps.
    REQUIRE(world.until([&] { return room.all_answered(); }));
  }
  world.stop();
  world.start();
  log_user room{world};
  disk.reading = SQLITE_IOERR_READ;
  std::optional<bool> refused;
  room.is->read(1, 100, world.now,
                [&](auto found) { refused = found.has_error(); });
  REQUIRE(world.until([&] { return refused.has_value(); }));
  CHECK(*refused);
  disk.reading = 0;
  CHECK(room.read(1, 100).size() == 100);
}

TEST_CASE("no more calls wait for the disk than may") {
  faulty_disk disk;
  sqlite_world world{faulty_disk::name};
  world.options.waiting_max = 10;
  world.options.waiting_bytes_max = 10'000;
  world.start();
  log_user room{world};
  disk.hold();
  room.append("0");
  REQUIRE(world.until([&] { return disk.is_holding(); }));
  SECTION("in number") {
    for (int i = 1; i < 10; ++i)
      room.append("x");
    CHECK_FALSE(room.answers.back().has_value());
    room.append("too many");
    REQUIRE(room.answers.back().has_value());
    CHECK(room.answers.back()->is == verdict::unavailable);
    CHECK(world.is().statistics().unavailable == 1);
    // A room can always be opened and closed.
    log_user other{world, world.loop, "other"};
    disk.release();
    REQUIRE(world.until([&] { return room.all_answered(); }));
    REQUIRE(world.until([&] { return other.is->is_open(); }));
    CHECK(*room.answers[9] == appended{accepted, 10});
    // Who is answered may be counted for a moment longer.
    REQUIRE(world.until([&] { return world.is().statistics().waiting == 0; }));
    CHECK(room.say("again") == appended{accepted, 11});
  }
  SECTION("in bytes") {
    room.append(std::string(9'000, 'x'));
    CHECK_FALSE(room.answers.back().has_value());
    room.append(std::string(1'000, 'x'));
    REQUIRE(room.answers.back().has_value());
    CHECK(room.answers.back()->is == verdict::unavailable);
    disk.release();
    CHECK(room.said(1) == appended{accepted, 2});
  }
}

TEST_CASE("no number of reads keeps out or holds up a message") {
  faulty_disk disk;
  sqlite_world world{faulty_disk::name};
  world.options.waiting_max = 4;
  world.options.reads_max = 6;
  world.options.reads_at_once = 2;
  world.start();
  log_user room{world};
  room.say("0");
  disk.hold();
  room.append("1");
  REQUIRE(world.until([&] { return disk.is_holding(); }));
  std::size_t found = 0;
  std::size_t refused = 0;
  for (int i = 0; i < 8; ++i)
    room.is->read(1, 9, world.now,
                  [&](auto what) { ++(what.has_error() ? refused : found); });
  CHECK(refused == 2);
  CHECK(world.is().statistics().reads_refused == 2);
  std::size_t found_before = 0;
  room.on_answer = [&] {
    found_before += found;
  };
  for (auto text : {"2", "3", "4"})
    room.append(text);
  CHECK(world.is().statistics().waiting == 10);
  auto entries = world.loop.entries();
  disk.release();
  REQUIRE(world.until([&] { return room.all_answered() && found == 6; }));
  CHECK(*room.answers.back() == appended{accepted, 5});
  CHECK(found_before == 0);
  // Two times messages, and the reads two by two.
  CHECK(world.loop.entries() == entries + 5);
  CHECK(world.is().statistics().waiting == 0);
  CHECK(room.is->state().top == 5);
  // There is room for others, and what is asked for when it stops is answered.
  CHECK(room.read(1).size() == 5);
}

TEST_CASE("a read finds all that was answered before it") {
  faulty_disk disk;
  sqlite_world world{faulty_disk::name};
  world.start();
  log_user room{world};
  room.say("0");
  // Both wait for the same commit: the room is told of the message first, and
  // would have to read again and again if that were not found.
  disk.hold();
  room.append("1");
  REQUIRE(world.until([&] { return disk.is_holding(); }));
  std::optional<std::uint64_t> found;
  std::uint64_t top = 0;
  room.is->read(1, 9, world.now, [&](auto what) {
    found = what->back().offset;
    top = room.is->state().top;
  });
  room.append("2");
  disk.release();
  REQUIRE(world.until([&] { return room.all_answered() && found; }));
  CHECK(*found == 3);
  CHECK(top == 3);
}

TEST_CASE("a log that cannot be read again costs others nothing") {
  faulty_disk disk;
  sqlite_world world{faulty_disk::name};
  world.start();
  log_user damaged{world, "damaged"};
  log_user room{world, "room"};
  CHECK(room.say("a") == appended{accepted, 1});
  for (int i = 0; i < 300; ++i)
    damaged.append(std::string(10'000, 'x')); // More than SQLite keeps.
  REQUIRE(world.until([&] { return damaged.all_answered(); }));
  for (std::uint64_t from : {1, 101, 201}) // What is read last stays there.
    CHECK(damaged.read(from, 100).size() == 100);
  // A commit that fails has both be read anew from the file.
  disk.syncing = SQLITE_IOERR_FSYNC;
  damaged.append("b");
  room.append("b");
  REQUIRE(world.until(
      [&] { return damaged.all_answered() && room.all_answered(); }));
  CHECK(room.answers.back()->is == verdict::unavailable);
  disk.syncing = 0;
  disk.hold();
  room.append("c");
  // Whatever is read then, so that the next ones are decided together.
  REQUIRE(world.until([&] { return disk.is_holding(); }));
  disk.failing_reads = 1;
  disk.reading = SQLITE_IOERR_READ;
  damaged.append("d");
  room.append("d");
  disk.release();
  REQUIRE(world.until(
      [&] { return damaged.all_answered() && room.all_answered(); }));
  CHECK(damaged.answers.back()->is == verdict::unavailable);
  CHECK(*room.answers.back() == appended{accepted, 3});
  disk.reading = 0;
  CHECK(damaged.say("e") == appended{accepted, 301});
}

TEST_CASE("a power cut loses nothing that was acknowledged") {
  faulty_disk disk;
  sqlite_world after;
  {
    sqlite_world world{faulty_disk::name};
    world.start();
    log_user room{world};
    for (int i = 1; i <= 50; ++i)
      room.say(std::to_string(i), id{std::int64_t{i}});
    // What comes now is not yet acknowledged, so it may go.
    disk.hold();
    room.append("51");
    REQUIRE(world.until([&] { return disk.is_holding(); }));
    for (const auto* part : {"", "-wal"}) {
      const auto* left = disk.after_power_cut(world.options.path + part);
      if (left != nullptr)
        std::ofstream{after.options.path + part, std::ios::binary} << *left;
    }
    disk.release();
  }
  after.start();
  log_user room{after};
  REQUIRE(room.is->state().top == 50);
  auto found = room.read(1);
  REQUIRE(found.size() == 50);
  for (std::size_t i = 0; i < 50; ++i)
    CHECK(text_of(found[i]) == std::to_string(i + 1));
  CHECK(room.say("50", id{50}) == appended{duplicate, 50});
}

// -- SIGKILL ------------------------------------------------------------------

namespace {

/// What the child tells of each message that was acknowledged.
struct told {
  std::uint64_t number = 0; ///< Its text and its id.
  std::uint64_t offset = 0;
};

/// Appends without end, some rooms at a time, and tells what was acknowledged.
[[noreturn]] void append_until_killed(sqlite_world& world, int pipe,
                                      std::uint64_t number) {
  try {
    world.start();
    log_user room{world};
    std::vector<std::uint64_t> numbers;
    std::size_t told_up_to = 0;
    while (true) {
      while (room.answers.size() < told_up_to + 40) {
        numbers.push_back(number);
        room.append(std::to_string(number),
                    id{static_cast<std::int64_t>(number)});
        ++number;
      }
      world.loop.turn();
      while (told_up_to < room.answers.size() && room.answers[told_up_to]) {
        auto answer = *room.answers[told_up_to];
        told what{numbers[told_up_to], answer.offset};
        if (answer.is != accepted
            || ::write(pipe, &what, sizeof what) != sizeof what)
          ::_exit(2);
        ++told_up_to;
      }
    }
  } catch (...) {
    ::_exit(3);
  }
}

/// A child that is killed once it has acknowledged so many; gives all that it
/// has acknowledged.
std::vector<told> run_and_kill(sqlite_world& world, std::uint64_t number,
                               std::size_t after) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    append_until_killed(world, ends[1], number);
  }
  ::close(ends[1]);
  std::vector<told> all;
  told each;
  while (::read(ends[0], &each, sizeof each) == sizeof each) {
    all.push_back(each);
    if (all.size() == after)
      ::kill(child, SIGKILL);
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  return all;
}

} // namespace

TEST_CASE("a killed node loses nothing that it has acknowledged") {
  sqlite_world world;
  std::string epoch;
  std::uint64_t number = 1;
  for (std::size_t round = 1; round <= 6; ++round) {
    auto all = run_and_kill(world, number, round * 97);
    REQUIRE(all.size() >= round * 97);
    world.start();
    {
      log_user room{world};
      if (epoch.empty())
        epoch = room.is->state().epoch;
      CHECK(room.is->state().epoch == epoch);
      REQUIRE(room.is->state().top >= all.back().offset);
      auto found = room.read(all.front().offset, all.size());
      REQUIRE(found.size() == all.size());
      for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(found[i].offset == all[i].offset);
        CHECK(text_of(found[i]) == std::to_string(all[i].number));
      }
      // Who was not told says it again: it is there once, or not yet.
      for (const auto& each : all)
        room.append("again", id{static_cast<std::int64_t>(each.number)});
      REQUIRE(world.until([&] { return room.all_answered(); }));
      for (std::size_t i = 0; i < all.size(); ++i)
        CHECK(*room.answers[i] == appended{duplicate, all[i].offset});
      number = room.is->state().top + 1;
    }
    world.stop();
  }
}
