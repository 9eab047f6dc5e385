#include "core/absentees.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace std::chrono_literals;

TEST_CASE("who does not come back in time is gone, in the order of going") {
  absentees who;
  CHECK(who.empty());
  CHECK_FALSE(who.next());
  who.add("a", steady_time{2s});
  who.add("b", steady_time{3s});
  CHECK(who.next() == steady_time{2s});
  CHECK_FALSE(who.take_overdue(steady_time{1999ms}));
  CHECK(who.take_overdue(steady_time{3s}) == "a");
  CHECK(who.take_overdue(steady_time{3s}) == "b");
  CHECK_FALSE(who.take_overdue(steady_time{9s}));
  CHECK(who.empty());
}

TEST_CASE("who comes back is waited for no longer") {
  absentees who;
  who.add("a", steady_time{2s});
  who.add("b", steady_time{2s});
  CHECK(who.remove("a"));
  CHECK_FALSE(who.remove("a"));
  CHECK(who.take_overdue(steady_time{2s}) == "b");
  CHECK_FALSE(who.next());
}

TEST_CASE("who goes again is waited for anew") {
  absentees who;
  who.add("a", steady_time{2s});
  who.add("b", steady_time{3s});
  CHECK(who.remove("a"));
  who.add("a", steady_time{4s});
  CHECK(who.next() == steady_time{3s});
  CHECK(who.take_overdue(steady_time{3s}) == "b");
  CHECK_FALSE(who.take_overdue(steady_time{3s}));
  CHECK(who.take_overdue(steady_time{4s}) == "a");
}
