#pragma once

// What every bus promises (cluster/bus.hpp), as one suite for all of them.

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cluster/bus.hpp"
#include "tests/support/catch.hpp"

namespace greenroom::test {

/// An implementation and the power over what is behind it.
class bus_world {
public:
  virtual ~bus_world() = default;
  virtual std::unique_ptr<cluster::bus> connect(std::size_t queue_bytes) = 0;

  /// What joins the buses dies without a word, and comes back.
  virtual void fail() = 0;
  virtual void restore() = 0;

  /// Lets something happen; may wait for it a little.
  virtual void turn() = 0;

  /// Turns until it is so, at most 10 s.
  bool until(const std::function<bool()>& so) {
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!so()) {
      if (std::chrono::steady_clock::now() > deadline)
        return false;
      turn();
    }
    return true;
  }
};

/// A node on a bus, as far as the bus sees it.
struct bus_user final : cluster::bus::listener {
  bus_user(bus_world& world, std::vector<std::string> channels,
           std::size_t queue_bytes = 1024 * 1024)
    : is(world.connect(queue_bytes)) {
    is->start(*this);
    for (const auto& channel : channels)
      is->subscribe(channel);
  }

  void bus_up() override {
    ++ups;
    up = true;
  }
  void bus_down(std::string_view why) override {
    ++downs;
    up = false;
    reason = why;
  }
  void bus_lost(std::string_view channel) override {
    lost.emplace_back(channel);
  }
  void bus_subscribed(std::string_view channel) override {
    subscribed.emplace_back(channel);
  }
  void bus_message(std::string_view channel, std::string_view bytes) override {
    got.push_back(std::string{channel} + '=' + std::string{bytes});
  }

  [[nodiscard]] bool has(const std::string& message) const {
    return std::ranges::find(got, message) != got.end();
  }
  [[nodiscard]] auto subscriptions_to(const std::string& channel) const {
    return std::ranges::count(subscribed, channel);
  }

  bool up = false;
  int ups = 0;
  int downs = 0;
  std::string reason;
  std::vector<std::string> subscribed;
  std::vector<std::string> lost;
  std::vector<std::string> got;
  std::unique_ptr<cluster::bus> is; ///< Goes first.
};

using messages = std::vector<std::string>;

/// Runs in a TEST_CASE; `make` gives a fresh world for each section.
inline void bus_suite(const std::function<std::unique_ptr<bus_world>()>& make) {
  auto made = make();
  auto& world = *made;
  bus_user ann{world, {"a", "both"}};
  bus_user bob{world, {"b", "both"}};
  REQUIRE(world.until([&] { return ann.up && bob.up; }));

  SECTION("is up once every channel is subscribed") {
    CHECK(ann.subscriptions_to("a") == 1);
    CHECK(ann.subscriptions_to("both") == 1);
    CHECK(ann.ups == 1);
    CHECK(ann.downs == 0);
  }

  SECTION("brings what is published to everybody subscribed, in order") {
    for (int i = 0; i < 100; ++i)
      ann.is->publish("both", std::to_string(i));
    ann.is->publish("b", "for bob");
    REQUIRE(world.until(
        [&] { return bob.has("b=for bob") && ann.got.size() >= 100; }));
    REQUIRE(bob.got.size() == 101);
    REQUIRE(ann.got.size() == 100); // The sender hears itself.
    for (std::size_t i = 0; i < 100; ++i) {
      CHECK(bob.got[i] == "both=" + std::to_string(i));
      CHECK(ann.got[i] == bob.got[i]);
    }
  }

  SECTION("brings any bytes as they are") {
    auto odd = std::string("\0\r\n$5\r\n\xff*", 9);
    ann.is->publish("b", odd);
    ann.is->publish("b", "");
    ann.is->publish("b", std::string(3'000'000, 'x')); // Beyond its queue.
    ann.is->publish("b", std::string(700'000, 'x'));
    REQUIRE(world.until([&] { return bob.got.size() == 3; }));
    CHECK(bob.got[0] == "b=" + odd);
    CHECK(bob.got[1] == "b=");
    CHECK(bob.got[2].size() == 700'002);
    CHECK(ann.is->stats().dropped == 1);
  }

  SECTION("brings what is offered where there is room to spare") {
    CHECK(ann.is->offer("b", "1"));
    ann.is->publish("b", "2");
    CHECK_FALSE(ann.is->offer("b", std::string(300'000, 'x')));
    CHECK(ann.is->offer("b", std::string(200'000, 'y')));
    ann.is->publish("b", "3");
    REQUIRE(world.until([&] { return bob.has("b=3"); }));
    CHECK(bob.got
          == messages{"b=1", "b=2", "b=" + std::string(200'000, 'y'), "b=3"});
    CHECK(ann.is->stats().dropped == 0);
  }

  SECTION("brings nothing of a channel that was left") {
    bob.is->unsubscribe("both");
    bob.is->subscribe("end");
    REQUIRE(world.until([&] { return bob.subscriptions_to("end") == 1; }));
    ann.is->publish("both", "x");
    ann.is->publish("end", "");
    REQUIRE(world.until([&] { return bob.has("end="); }));
    CHECK_FALSE(bob.has("both=x"));
  }

  SECTION("subscribes once however often it is asked") {
    bob.is->subscribe("both");
    bob.is->subscribe("late");
    bob.is->subscribe("late");
    bob.is->unsubscribe("never");
    bob.is->subscribe("end");
    REQUIRE(world.until([&] { return bob.subscriptions_to("end") == 1; }));
    CHECK(bob.subscriptions_to("both") == 1);
    CHECK(bob.subscriptions_to("late") == 1);
  }

  SECTION("is subscribed after going and coming back in one breath") {
    bob.is->unsubscribe("both");
    bob.is->subscribe("both");
    bob.is->unsubscribe("both");
    bob.is->subscribe("both");
    REQUIRE(world.until([&] { return bob.subscriptions_to("both") >= 2; }));
    CHECK(bob.subscriptions_to("both") == 2);
    // From the confirmation on, nothing is missed.
    ann.is->publish("both", "x");
    CHECK(world.until([&] { return bob.has("both=x"); }));
  }

  SECTION("comes back after an outage with all channels") {
    world.fail();
    REQUIRE(world.until([&] { return !ann.up && !bob.up; }));
    CHECK_FALSE(ann.reason.empty());
    bob.is->subscribe("during");
    bob.is->unsubscribe("b");
    world.restore();
    REQUIRE(world.until([&] { return ann.up && bob.up; }));
    CHECK(bob.downs == 1);
    CHECK(bob.ups == 2);
    CHECK(bob.subscriptions_to("both") == 2);
    CHECK(bob.subscriptions_to("during") == 1);
    CHECK(bob.subscriptions_to("b") == 1);
    CHECK(bob.is->stats().reconnects == 1);
    ann.is->publish("b", "x");
    ann.is->publish("both", "x");
    ann.is->publish("during", "x");
    REQUIRE(world.until([&] { return bob.has("during=x"); }));
    CHECK(bob.got == messages{"both=x", "during=x"});
  }

  SECTION("sends what was published during an outage when it is over") {
    world.fail();
    REQUIRE(world.until([&] { return !ann.up && !bob.up; }));
    ann.is->publish("a", "1");
    ann.is->publish("a", "2");
    world.restore();
    REQUIRE(world.until([&] { return ann.up; }));
    ann.is->publish("a", "3");
    REQUIRE(world.until([&] { return ann.has("a=3"); }));
    // The queue may reach Redis before the subscription does; order holds.
    CHECK(std::ranges::is_sorted(ann.got));
    CHECK(ann.is->stats().dropped == 0);
  }

  SECTION("can be told to subscribe anew") {
    bob.is->reconnect("all", "a test");
    REQUIRE(world.until([&] { return bob.downs == 1 && bob.up; }));
    CHECK(bob.reason == "a test");
    ann.is->publish("both", "x");
    CHECK(world.until([&] { return bob.has("both=x"); }));
  }

  SECTION("sends what is queued before it closes") {
    for (int i = 0; i < 1'000; ++i)
      ann.is->publish("b", std::to_string(i));
    bool done = false;
    ann.is->close([&] { done = true; });
    CHECK_FALSE(done);
    REQUIRE(world.until([&] { return done && bob.got.size() == 1'000; }));
    CHECK(ann.downs == 0);
  }

  SECTION("closes during an outage") {
    world.fail();
    REQUIRE(world.until([&] { return !ann.up; }));
    ann.is->publish("b", "x");
    bool done = false;
    ann.is->close([&] { done = true; });
    CHECK(world.until([&] { return done; }));
  }

  SECTION("can be destroyed at any time") {
    bob.is->subscribe("more");
    bob.is->publish("both", "x");
    bob.is->reconnect("all", "a test");
    bob.is.reset();
    ann.is->publish("a", "end");
    CHECK(world.until([&] { return ann.has("a=end"); }));
  }

  SECTION("drops the oldest when its queue is full") {
    bus_user cid{world, {"c"}, 2'000};
    REQUIRE(world.until([&] { return cid.up; }));
    world.fail();
    REQUIRE(world.until([&] { return !cid.up && !ann.up && !bob.up; }));
    for (int i = 10; i < 100; ++i)
      cid.is->publish("c", std::to_string(i));
    auto dropped = cid.is->stats().dropped;
    CHECK(dropped > 60);
    CHECK(dropped < 90);
    world.restore();
    REQUIRE(world.until([&] { return cid.up; }));
    cid.is->publish("c", "end");
    REQUIRE(world.until([&] { return cid.has("c=end"); }));
    CHECK(cid.got.size() <= 91 - dropped);
    CHECK_FALSE(cid.has("c=10"));
  }
}

} // namespace greenroom::test
