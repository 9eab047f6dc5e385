#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <utility>

namespace greenroom {

using steady_time = std::chrono::steady_clock::time_point;

/// The deadlines of one loop. One thread only. Time comes from the caller, so
/// tests own the clock.
class timer_queue {
  using entries = std::multimap<steady_time, std::function<void()>>;

public:
  /// A deadline, pending or not; destroying it cancels it. It stays where it
  /// is (the queue points at it) and must not outlive the queue.
  class timer {
  public:
    timer() = default;
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;
    ~timer() { cancel(); }

    void cancel() {
      if (queue_ != nullptr)
        std::exchange(queue_, nullptr)->entries_.erase(at_);
    }

    [[nodiscard]] bool pending() const { return queue_ != nullptr; }

  private:
    friend class timer_queue;
    timer_queue* queue_ = nullptr;
    entries::iterator at_{};
  };

  /// Runs `then` once, when `run_due` is given a time not before `when`.
  /// `into` is the owner's timer: what it held is cancelled.
  void at(steady_time when, timer& into, std::function<void()> then) {
    into.cancel();
    auto* owner = &into;
    auto entry = entries_.emplace(when, std::function<void()>{});
    // Fired means no longer pending: the owner may arm it again inside.
    entry->second = [owner, run = std::move(then)] {
      owner->queue_ = nullptr;
      run();
    };
    into.queue_ = this;
    into.at_ = entry;
  }

  /// Runs what is due. A deadline set meanwhile waits for the next call.
  void run_due(steady_time now) {
    for (auto n = entries_.size(); n > 0 && !entries_.empty(); --n) {
      auto first = entries_.begin();
      if (first->first > now)
        return;
      auto run = std::move(first->second);
      entries_.erase(first);
      run();
    }
  }

  [[nodiscard]] std::optional<steady_time> next() const {
    if (entries_.empty())
      return std::nullopt;
    return entries_.begin()->first;
  }

private:
  entries entries_;
};

} // namespace greenroom
