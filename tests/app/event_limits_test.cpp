#include "app/event_limits.hpp"

#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace greenroom::app;
using namespace std::chrono_literals;

namespace {

constexpr log::event one{"one.told", log::level::info, log::sampling::limited,
                         "", "One."};
constexpr log::event other{"other.told", log::level::info,
                           log::sampling::limited, "", "Another."};

int passed(event_limits& limits, const log::event& what, int times,
           steady_time now) {
  int count = 0;
  for (int i = 0; i < times; ++i)
    count += limits.lets_through(what, now) ? 1 : 0;
  return count;
}

} // namespace

TEST_CASE("each event has its own lines a second") {
  event_limits limits{3};
  steady_time now{10s};
  CHECK(passed(limits, one, 5, now) == 3);
  CHECK(passed(limits, other, 2, now) == 2);
  CHECK(passed(limits, other, 2, now + 999ms) == 1);
  CHECK(passed(limits, one, 1, now + 999ms) == 0);
}

TEST_CASE("what was held back is said once, when its second is over") {
  event_limits limits{3};
  steady_time now{10s};
  CHECK_FALSE(limits.next());
  CHECK(passed(limits, one, 5, now) == 3);
  CHECK(limits.next() == now + 1s);
  CHECK(limits.take_over(now + 999ms).empty());
  CHECK(passed(limits, one, 1, now + 999ms) == 0);
  auto said = limits.take_over(now + 1'200ms);
  REQUIRE(said.size() == 1);
  CHECK(said.front().of == "one.told");
  CHECK(said.front().lines == 3);
  CHECK(said.front().during == 1'200ms);
  CHECK_FALSE(limits.next());
  CHECK(limits.take_over(now + 5s).empty());
  CHECK(passed(limits, one, 5, now + 1'200ms) == 3);
}

TEST_CASE("a second without too many is forgotten without a word") {
  event_limits limits{3};
  steady_time now{10s};
  CHECK(passed(limits, one, 3, now) == 3);
  CHECK(limits.take_over(now + 1s).empty());
  CHECK(passed(limits, one, 3, now + 1s) == 3);
}

TEST_CASE("nothing that was held back goes untold at the end") {
  event_limits limits{1};
  steady_time now{10s};
  CHECK(passed(limits, one, 4, now) == 1);
  CHECK(passed(limits, other, 2, now) == 1);
  auto said = limits.take_all(now + 100ms);
  REQUIRE(said.size() == 2);
  CHECK(said[0].lines == 3);
  CHECK(said[0].during == 100ms);
  CHECK(said[1].lines == 1);
  CHECK(limits.take_all(now + 100ms).empty());
}
