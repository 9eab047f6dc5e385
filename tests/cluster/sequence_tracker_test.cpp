#include "cluster/sequence_tracker.hpp"

#include "tests/support/catch.hpp"

using greenroom::cluster::sequence_tracker;
using verdict = sequence_tracker::verdict;

TEST_CASE("messages of a stream in order are as expected") {
  sequence_tracker room;
  CHECK(room.see(7, {1, 1}).is == verdict::first);
  CHECK(room.see(7, {1, 2}).is == verdict::next);
  CHECK(room.see(7, {1, 3}).is == verdict::next);
}

TEST_CASE("a stream that began before we listened misses nothing") {
  sequence_tracker room;
  auto found = room.see(7, {4, 100});
  CHECK(found.is == verdict::first);
  CHECK(found.missed == 0);
  CHECK(room.see(7, {4, 101}).is == verdict::next);
}

TEST_CASE("a hole in a stream is found once, with its size") {
  sequence_tracker room;
  room.see(7, {1, 1});
  auto found = room.see(7, {1, 5});
  CHECK(found.is == verdict::gap);
  CHECK(found.expected == 2);
  CHECK(found.missed == 3);
  CHECK(room.see(7, {1, 6}).is == verdict::next);
}

TEST_CASE("what comes again or too late is a duplicate") {
  sequence_tracker room;
  room.see(7, {1, 1});
  room.see(7, {1, 3});
  CHECK(room.see(7, {1, 3}).is == verdict::duplicate);
  CHECK(room.see(7, {1, 2}).is == verdict::duplicate);
  CHECK(room.see(7, {1, 4}).is == verdict::next);
}

TEST_CASE("a room that lives anew on its origin begins a new stream") {
  sequence_tracker room;
  room.see(7, {1, 9});
  CHECK(room.see(7, {2, 1}).is == verdict::first);
  CHECK(room.see(7, {1, 10}).is == verdict::duplicate);
  CHECK(room.see(7, {2, 2}).is == verdict::next);
  auto found = room.see(7, {5, 3});
  CHECK(found.is == verdict::gap);
  CHECK(found.missed == 2);
}

TEST_CASE("nodes are followed separately and can be forgotten") {
  sequence_tracker room;
  room.see(7, {1, 1});
  room.see(8, {1, 1});
  CHECK(room.see(8, {1, 2}).is == verdict::next);
  CHECK(room.origins() == 2);
  room.forget(8);
  room.forget(9);
  CHECK(room.origins() == 1);
  CHECK(room.see(7, {1, 2}).is == verdict::next);
}

TEST_CASE("a flood of nodes makes a tracker forget, not grow") {
  sequence_tracker room;
  room.see(7, {1, 1});
  for (std::uint64_t other = 1'000; other < 2'000; ++other) {
    room.see(other, {1, 1});
    room.see(7, {1, other});
  }
  CHECK(room.origins() == sequence_tracker::origins_max);
  CHECK(room.see(7, {1, 1'999}).is == verdict::duplicate);
}

TEST_CASE("several messages are judged as one by one") {
  sequence_tracker room;
  CHECK(room.see(7, {1, 1}, 3).is == verdict::first);
  auto found = room.see(7, {1, 4}, 2);
  CHECK(found.is == verdict::next);
  CHECK(found.known == 0);
  found = room.see(7, {1, 4}, 2); // Sent again.
  CHECK(found.is == verdict::duplicate);
  CHECK(found.known == 2);
  found = room.see(7, {1, 4}, 5); // Sent again, with more.
  CHECK(found.is == verdict::next);
  CHECK(found.known == 2);
  found = room.see(7, {1, 11}, 4);
  CHECK(found.is == verdict::gap);
  CHECK(found.missed == 2);
  CHECK(room.see(7, {1, 15}).is == verdict::next);
}
