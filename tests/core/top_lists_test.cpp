#include "core/top_lists.hpp"

#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace std::chrono_literals;

namespace {

struct world {
  steady_time now{1h};
  timer_queue timers;
  top_lists lists;
  top_lists::list::hint at;

  void say(std::string_view room) {
    lists.said(room, at);
    if (lists.is_idle())
      lists.begin(timers, [this] { return now; });
  }
  void pass(std::chrono::milliseconds time) {
    for (auto end = now + time; now < end;) {
      now += 100ms;
      timers.run_due(now);
    }
  }
};

} // namespace

TEST_CASE("what is said shows within a second, and is the last window's") {
  world w;
  w.say("lobby");
  CHECK(w.lists.read(w.now).rooms.empty());
  w.pass(1s);
  CHECK(w.lists.read(w.now).rooms.size() == 1);
  w.say("lobby");
  w.pass(9s);
  auto whole = w.lists.read(w.now);
  REQUIRE(whole.rooms.size() == 1);
  CHECK(whole.rooms[0].name == "lobby");
  CHECK(whole.rooms[0].count == 2);
  CHECK(whole.ended - whole.began == 10s);
  // The next one has said nothing yet.
  w.pass(1s);
  CHECK(w.lists.read(w.now).rooms.size() == 1);
}

TEST_CASE("where nothing is said any more, nothing shows and no timer runs") {
  world w;
  w.say("lobby");
  w.lists.skipped("c-1 lobby", 100);
  w.pass(40s);
  CHECK(w.lists.read(w.now).rooms.empty());
  CHECK(w.lists.read(w.now).members.empty());
  CHECK(w.lists.is_idle());
  CHECK_FALSE(w.timers.next());
  w.say("lobby");
  w.pass(1s);
  CHECK(w.lists.read(w.now).rooms.size() == 1);
}

TEST_CASE("members that are not sent what rooms say are listed by bytes") {
  world w;
  w.say("lobby");
  w.lists.skipped("c-1 lobby", 100);
  w.lists.skipped("c-2 lobby", 300);
  w.pass(1s);
  auto told = w.lists.read(w.now).members;
  REQUIRE(told.size() == 2);
  CHECK(told[0].name == "c-2 lobby");
  CHECK(told[0].count == 300);
}
