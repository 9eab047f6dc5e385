#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "cluster/redis_store.hpp"
#include "core/unique_fd.hpp"
#include "net/poller.hpp"
#include "tests/conformance/store_world.hpp"
#include "tests/support/redis_server.hpp"

namespace greenroom::test {

/// The loop of a node that talks to Redis, on a thread of its own.
class redis_thread final : public loop_entrance,
                           private socket_poller::watcher {
public:
  redis_thread() : bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    REQUIRE(sockets_.add(bell_.get(), *this, socket_poller::reads));
    thread_ = std::thread{[this] {
      turn_until_stopped();
    }};
  }

  ~redis_thread() {
    stop();
    sockets_.remove(bell_.get(), *this);
  }

  void call(std::function<void()> what) override {
    std::lock_guard lock{mutex_};
    waiting_.push_back(std::move(what));
    ring();
  }

  /// Runs it there and waits for it.
  void run_and_wait(const std::function<void()>& what) {
    std::atomic<bool> done = false;
    call([&] {
      what();
      done = true;
      done.notify_one();
    });
    done.wait(false);
  }

  void stop() {
    if (!thread_.joinable())
      return;
    stopped_ = true;
    ring();
    thread_.join();
  }

  [[nodiscard]] cluster::redis_loop loop() {
    return {io_, sockets_, timers_, turn_end_};
  }

private:
  void ring() {
    std::uint64_t one = 1;
    (void)!::write(bell_.get(), &one, sizeof one);
  }

  void on_readable() override {
    std::uint64_t rung = 0;
    (void)!::read(bell_.get(), &rung, sizeof rung);
  }
  void on_writable() override {}
  void on_broken() override {}
  void on_crash() override { throw; }

  void turn_until_stopped() {
    using clock = std::chrono::steady_clock;
    while (!stopped_) {
      // Asio has something to do only while it connects.
      sockets_.wait(clock::now() + std::chrono::milliseconds{2});
      sockets_.poll(steady_time::max());
      io_.restart();
      io_.poll();
      timers_.run_due(clock::now());
      std::unique_lock lock{mutex_};
      auto now = std::exchange(waiting_, {});
      lock.unlock();
      for (auto& what : now)
        what();
      turn_end_.run_all();
    }
  }

  boost::asio::io_context io_{1};
  net::poller sockets_;
  timer_queue timers_;
  run_once_queue turn_end_;
  unique_fd bell_;
  std::mutex mutex_;
  std::vector<std::function<void()>> waiting_;
  std::atomic<bool> stopped_ = false;
  std::thread thread_;
};

/// A node's store on a Redis. Ends before the server does.
class redis_node {
public:
  redis_node(
      const std::string& url, const std::string& node_id,
      const std::function<void(cluster::redis_store_options&)>& with = {},
      const std::string& ca_file = {}) {
    settings::cluster_settings how;
    how.redis = url;
    how.ca_file = ca_file;
    how.connect_timeout = std::chrono::seconds{1};
    how.backoff_min = std::chrono::milliseconds{5};
    how.backoff_max = std::chrono::milliseconds{50};
    auto link = cluster::link_options(how);
    REQUIRE(link.has_value());
    cluster::redis_store_options options;
    options.link = std::move(*link);
    options.node_id = node_id;
    if (with)
      with(options);
    thread_.run_and_wait([&] {
      is = cluster::make_redis_store(thread_.loop(), thread_, options);
    });
  }

  ~redis_node() {
    thread_.run_and_wait([&] { is.reset(); });
  }

private:
  redis_thread thread_;

public:
  std::unique_ptr<store> is;
};

/// A redis_store on a Redis that belongs to the test.
class redis_world : public store_world {
public:
  ~redis_world() override { stop(); }

  void start() override {
    is_ = std::make_unique<held>(
        std::make_unique<redis_node>(url(), "node-a", with));
  }
  [[nodiscard]] bool keeps() const override { return true; }
  [[nodiscard]] virtual std::string url() const = 0;

  std::function<void(cluster::redis_store_options&)> with;

private:
  /// The store with the loop that it is on.
  class held final : public store {
  public:
    explicit held(std::unique_ptr<redis_node> node) : node_(std::move(node)) {}
    [[nodiscard]] bool is_shared() const override {
      return node_->is->is_shared();
    }
    std::unique_ptr<room_store> open(const room_key& room,
                                     const log_bounds& bounds, std::int64_t now,
                                     loop_entrance& loop,
                                     room_store::listener& to) override {
      return node_->is->open(room, bounds, now, loop, to);
    }
    [[nodiscard]] store_statistics statistics() const override {
      return node_->is->statistics();
    }

  private:
    std::unique_ptr<redis_node> node_;
  };
};

/// On a redis-server of its own.
class redis_store_world final : public redis_world {
public:
  explicit redis_store_world(std::vector<std::string> arguments = {})
    : server(std::move(arguments)) {}
  ~redis_store_world() override { stop(); }

  [[nodiscard]] std::string url() const override { return server.url(); }

  redis_server server;
};

} // namespace greenroom::test
