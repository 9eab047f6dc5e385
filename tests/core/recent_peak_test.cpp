#include "core/recent_peak.hpp"

#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace std::chrono_literals;

TEST_CASE("a peak is the largest of its window and of the one before") {
  steady_time now{10 * recent_peak::window};
  recent_peak peak;
  CHECK(peak.value(now) == 0);
  peak.note(3, now);
  peak.note(7, now + 1s);
  peak.note(5, now + 2s);
  CHECK(peak.value(now + 3s) == 7);
  now += recent_peak::window;
  CHECK(peak.value(now) == 7);
  peak.note(2, now);
  CHECK(peak.value(now) == 7);
  now += recent_peak::window;
  CHECK(peak.value(now) == 2);
  now += recent_peak::window;
  CHECK(peak.value(now) == 0);
}

TEST_CASE("a peak that is long past is none of the window before") {
  steady_time now{10 * recent_peak::window};
  recent_peak peak;
  peak.note(7, now);
  now += 5 * recent_peak::window;
  CHECK(peak.value(now) == 0);
  peak.note(1, now);
  CHECK(peak.value(now) == 1);
}

TEST_CASE("who is behind the one that notes by a turn sees the peak") {
  steady_time now{10 * recent_peak::window};
  recent_peak peak;
  peak.note(7, now);
  CHECK(peak.value(now - 1ms) == 7);
}
