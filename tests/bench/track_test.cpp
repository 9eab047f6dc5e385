#include "bench/wsload/track.hpp"

#include "tests/support/catch.hpp"

using greenroom::bench::track;
using verdict = track::verdict;

TEST_CASE("each number in order counts once") {
  track sender;
  for (std::uint32_t n = 0; n < 200; ++n)
    CHECK(sender.saw(n) == verdict::in_order);
  CHECK(sender.saw(199) == verdict::repeated);
}

TEST_CASE("a number that comes after a later one is late, once") {
  track sender;
  CHECK(sender.saw(0) == verdict::in_order);
  CHECK(sender.saw(2) == verdict::in_order);
  CHECK(sender.saw(1) == verdict::late);
  CHECK(sender.saw(1) == verdict::repeated);
  CHECK(sender.saw(2) == verdict::repeated);
  CHECK(sender.saw(3) == verdict::in_order);
}

TEST_CASE("after a jump beyond what is remembered, old numbers are repeats") {
  track sender;
  CHECK(sender.saw(0) == verdict::in_order);
  CHECK(sender.saw(100) == verdict::in_order);
  CHECK(sender.saw(37) == verdict::late);     // 63 back: the last remembered.
  CHECK(sender.saw(36) == verdict::repeated); // Not known to be new.
}
