#include "core/timer_queue.hpp"

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace std::chrono_literals;

namespace {

steady_time at(int ms) {
  return steady_time{} + std::chrono::milliseconds{ms};
}

} // namespace

TEST_CASE(
    "deadlines run in the order of time, those of one moment in the order "
    "of setting, whatever is set and cancelled between") {
  std::mt19937 random{7};
  auto draw = [&](int below) {
    return static_cast<int>(random() % static_cast<unsigned>(below));
  };
  timer_queue queue;
  std::deque<timer_queue::timer> timers(60);
  std::multimap<int, std::size_t> expected;
  std::vector<std::size_t> ran;
  int now = 0;
  for (int step = 0; step < 20'000; ++step) {
    auto which = static_cast<std::size_t>(draw(60));
    auto& timer = timers[which];
    bool cancels = draw(4) == 0;
    std::erase_if(expected,
                  [&](const auto& entry) { return entry.second == which; });
    if (cancels) {
      timer.cancel();
    } else {
      auto when = now + draw(30);
      queue.at(at(when), timer, [&ran, which] { ran.push_back(which); });
      expected.emplace(when, which);
      REQUIRE(timer.due() == at(when));
    }
    REQUIRE(timer.pending() != cancels);
    if (draw(3) == 0) {
      now += draw(5);
      ran.clear();
      queue.run_due(at(now));
      std::vector<std::size_t> due;
      for (auto i = expected.begin(); i != expected.end() && i->first <= now;
           i = expected.erase(i))
        due.push_back(i->second);
      REQUIRE(ran == due);
    }
    REQUIRE(queue.next().has_value() != expected.empty());
    if (!expected.empty())
      REQUIRE(*queue.next() == at(expected.begin()->first));
  }
}

TEST_CASE(
    "a deadline may be set again, and its owner destroyed, while it runs") {
  timer_queue queue;
  timer_queue::timer again;
  auto owner = std::make_unique<timer_queue::timer>();
  int runs = 0;
  queue.at(at(1), again, [&] {
    ++runs;
    queue.at(at(1), again, [&] { ++runs; });
  });
  queue.at(at(1), *owner, [&] { owner.reset(); });
  queue.run_due(at(1));
  CHECK(runs == 1); // Two were there: the third waits for the next call.
  CHECK_FALSE(owner);
  queue.run_due(at(1));
  CHECK(runs == 2);
  CHECK_FALSE(again.pending());
}
