#include "core/pulse.hpp"

#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace std::chrono_literals;

TEST_CASE("what is away longest counts until it or a later one is back") {
  pulse beat;
  steady_time start{};
  CHECK_FALSE(beat.away(start));
  CHECK_FALSE(beat.took());
  beat.goes_out(start);
  beat.goes_out(start + 300ms); // The first is still away.
  CHECK(beat.away(start + 400ms) == 400ms);
  beat.is_back(start + 500ms);
  CHECK_FALSE(beat.away(start + 600ms));
  CHECK(beat.took() == 500ms);
}

TEST_CASE("what comes back and is not awaited says nothing") {
  pulse beat;
  steady_time start{};
  beat.is_back(start + 1s);
  CHECK_FALSE(beat.took());
  beat.goes_out(start + 2s);
  beat.is_back(start + 2s);
  beat.is_back(start + 5s);
  CHECK(beat.took() == 0ms);
}
