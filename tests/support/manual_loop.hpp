#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>

#include "actors/loop.hpp"

namespace greenroom::test {

/// A loop that the test turns by hand and whose clock only the test moves.
class manual_loop final : public actors::loop {
public:
  explicit manual_loop(caf::actor_system& system, std::uint32_t index = 0)
    : loop(system, index) {
    enter();
  }

  [[nodiscard]] steady_time now() const override { return now_; }
  [[nodiscard]] std::int64_t wall_now() const override {
    return 1'700'000'000'000
           + std::chrono::duration_cast<std::chrono::milliseconds>(
                 now_.time_since_epoch())
                 .count();
  }

  /// Turns until nobody has mail, and nothing came from other threads.
  void run() {
    do {
      run_calls();
      run_turn();
    } while (is_busy());
  }

  void call(std::function<void()> what) override {
    std::lock_guard guard{lock_};
    calls_.push_back(std::move(what));
  }

  [[nodiscard]] bool is_busy() {
    std::lock_guard guard{lock_};
    return has_work() || !calls_.empty();
  }

  /// Time passes; what becomes due meanwhile runs at its own time.
  void advance(std::chrono::milliseconds by) {
    auto end = now_ + by;
    for (auto next = timers().next(); next && *next <= end;
         next = timers().next()) {
      now_ = std::max(now_, *next);
      run();
    }
    now_ = end;
    run();
  }

  /// Time passes without a turn: the thread had no CPU.
  void skip(std::chrono::milliseconds by) { now_ += by; }

protected:
  void wake() override {}

private:
  void run_calls() {
    std::unique_lock guard{lock_};
    auto due = std::exchange(calls_, {});
    guard.unlock();
    for (const auto& what : due)
      what();
  }

  steady_time now_{};
  std::mutex lock_;
  std::vector<std::function<void()>> calls_;
};

/// An actor system without threads of its own: all actors are pinned to manual
/// loops, and time is theirs.
class quiet_system {
public:
  quiet_system() : system_(config()) {}

  operator caf::actor_system&() { return system_; }

private:
  caf::actor_system_config& config() {
    config_.set("scheduler.policy", caf::atom("testing"));
    return config_;
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
};

} // namespace greenroom::test
