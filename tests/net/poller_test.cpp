#include "net/poller.hpp"

#include <sys/eventfd.h>

#include <functional>
#include <thread>
#include <vector>

#include "tests/support/catch.hpp"

using namespace greenroom::net;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

constexpr auto never = steady_clock::time_point::max();
constexpr auto at_once = steady_clock::time_point::min();

/// Watches a descriptor that is readable from the start.
class ready final : public poller::watcher {
public:
  explicit ready(poller& in) : in_(in), event_(::eventfd(1, EFD_CLOEXEC)) {
    REQUIRE(in.add(fd(), *this, poller::reads));
  }

  void on_readable() override {
    ++told;
    if (then)
      then();
  }
  void on_writable() override { ++writable; }
  void on_broken() override { ++broken; }
  void on_crash() override { throw; }

  void leave() { in_.remove(fd(), *this); }
  [[nodiscard]] int fd() const { return event_.get(); }

  int told = 0;
  int writable = 0;
  int broken = 0;
  std::function<void()> then;

private:
  poller& in_;
  greenroom::unique_fd event_;
};

} // namespace

TEST_CASE("a wait ends with what is ready, which the next poll tells once") {
  poller in;
  ready one{in};
  CHECK(in.wait(never));
  CHECK(in.wait(never)); // Still not told.
  CHECK(one.told == 0);
  CHECK(in.poll(never) == 1);
  CHECK(one.told == 1);
}

TEST_CASE("a wait ends at its time, not before") {
  poller in;
  CHECK_FALSE(in.wait(at_once));
  auto until = steady_clock::now() + 3ms;
  CHECK_FALSE(in.wait(until));
  CHECK(steady_clock::now() >= until);
}

TEST_CASE("who is removed is told nothing, though it was ready") {
  poller in;
  ready one{in};
  ready two{in};
  // Whoever of them is told first removes the other.
  one.then = [&] {
    two.leave();
  };
  two.then = [&] {
    one.leave();
  };
  CHECK(in.wait(never));
  in.poll(never);
  CHECK(one.told + two.told == 1);
}

TEST_CASE("a watcher that removes itself while told is told nothing more") {
  poller in;
  ready one{in};
  REQUIRE(in.change(one.fd(), one, poller::reads | poller::writes));
  one.then = [&] {
    one.leave();
  };
  CHECK(in.wait(never));
  in.poll(never);
  CHECK(one.writable == 1);
  CHECK(one.told == 1);
  CHECK_FALSE(in.wait(at_once));
  CHECK(in.poll(at_once) == 0);
}

TEST_CASE("a descriptor that is passed on is its new watcher's, and what was "
          "ready is told to that one") {
  poller in;
  ready one{in};
  ready two{in};
  two.leave();
  CHECK(in.wait(never));
  REQUIRE(in.pass_on(one.fd(), one, two, poller::reads));
  in.poll(never); // Forgets what it had.
  CHECK(one.told == 0);
  CHECK(in.wait(never));
  in.poll(never);
  CHECK(one.told == 0);
  CHECK(two.told >= 1);
}

TEST_CASE("a poll that takes too long leaves the rest to the next") {
  poller in;
  std::vector<std::unique_ptr<ready>> many;
  for (int i = 0; i < 40; ++i)
    many.push_back(std::make_unique<ready>(in));
  CHECK(in.wait(never));
  auto first = in.poll(at_once);
  CHECK(first < many.size());
  in.poll(never);
  for (const auto& one : many)
    CHECK(one->told == 1);
}
