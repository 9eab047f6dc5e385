#pragma once

// Buses and stores of a test whose Redis moves.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "cluster/redis_bus.hpp"
#include "tests/cluster/bus_suite.hpp"
#include "tests/conformance/shared_user.hpp"
#include "tests/support/redis_store_world.hpp"

namespace greenroom::test {

/// Servers that look after each other do so every second or two.
inline constexpr std::chrono::seconds failover{30};

template <class Turn>
bool turn_until(Turn turn, const std::function<bool()>& so,
                std::chrono::milliseconds at_most = failover) {
  auto deadline = std::chrono::steady_clock::now() + at_most;
  while (!so()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    turn();
  }
  return true;
}

/// Buses on a loop of the test.
struct buses {
  explicit buses(const std::string& url) {
    how.redis = url;
    how.beat = std::chrono::milliseconds{50};
    how.peer_timeout = std::chrono::milliseconds{300};
    how.connect_timeout = std::chrono::seconds{1};
    how.backoff_min = std::chrono::milliseconds{5};
    how.backoff_max = std::chrono::milliseconds{50};
  }

  struct world final : bus_world {
    explicit world(buses& in) : of(in) {}
    std::unique_ptr<cluster::bus> connect(std::size_t queue_bytes) override {
      auto with = of.how;
      with.queue_bytes = static_cast<std::uint32_t>(queue_bytes);
      auto made = cluster::make_redis_bus(of.loop, with, "tester");
      REQUIRE(made.has_value());
      return std::move(*made);
    }
    void fail() override {}
    void restore() override {}
    void turn() override {
      of.sockets.wait(std::chrono::steady_clock::now()
                      + std::chrono::milliseconds{1});
      of.sockets.poll(steady_time::max());
      of.io.restart();
      of.io.poll();
      of.timers.run_due(std::chrono::steady_clock::now());
      of.turn_end.run_all();
    }
    buses& of;
  };

  bool until(const std::function<bool()>& so) {
    return turn_until([this] { is.turn(); }, so);
  }

  boost::asio::io_context io{1};
  net::poller sockets;
  timer_queue timers;
  run_once_queue turn_end;
  cluster::redis_loop loop{io, sockets, timers, turn_end};
  settings::cluster_settings how;
  world is{*this};
};

inline bool crosses(buses& in, bus_user& from, bus_user& to,
                    const std::string& text) {
  auto heard = to.got.size();
  from.is->publish("all", text);
  return in.until(
      [&] { return to.got.size() > heard && to.got.back() == "all=" + text; });
}

/// Two nodes' stores, with rooms on the test's loop.
struct stores {
  explicit stores(const std::string& url) : a(url, "a"), b(url, "b") {}

  bool until(const std::function<bool()>& so) {
    return turn_until([this] { loop.turn(); }, so);
  }

  template <class... Users>
  bool open(Users&... users) {
    return until([&] {
      return ((users.opened.value_or(false) && users.linked) && ...);
    });
  }

  hand_loop loop;
  redis_node a;
  redis_node b;
};

} // namespace greenroom::test
