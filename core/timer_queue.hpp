#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace greenroom {

using steady_time = std::chrono::steady_clock::time_point;

/// The deadlines of one loop. One thread only. Time comes from the caller, so
/// tests own the clock.
///
/// A heap whose entries know their timers: nearly every deadline that is set
/// is the latest so far, and then nothing moves and nothing is allocated.
class timer_queue {
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
      if (queue_ == nullptr)
        return;
      std::exchange(queue_, nullptr)->remove(place_);
      then_ = nullptr;
    }

    [[nodiscard]] bool pending() const { return queue_ != nullptr; }

    /// When it is due; it is pending.
    [[nodiscard]] steady_time due() const { return queue_->heap_[place_].when; }

  private:
    friend class timer_queue;
    timer_queue* queue_ = nullptr;
    std::size_t place_ = 0;
    std::function<void()> then_;
  };

  /// Runs `then` once, when `run_due` is given a time not before `when`.
  /// `into` is the owner's timer: what it held is cancelled.
  void at(steady_time when, timer& into, std::function<void()> then) {
    into.cancel();
    into.queue_ = this;
    into.then_ = std::move(then);
    heap_.emplace_back();
    rise(heap_.size() - 1, {when, count_++, &into});
  }

  /// Runs what is due, those of one moment in the order of setting. A deadline
  /// set meanwhile that is due as well may run in this call too, which ends
  /// after as many as there were deadlines when it began, due or not.
  void run_due(steady_time now) {
    for (auto n = heap_.size(); n > 0 && !heap_.empty(); --n) {
      if (heap_.front().when > now)
        return;
      // No longer pending: the owner may set it again inside, or destroy it.
      auto& first = *heap_.front().owner;
      auto run = std::exchange(first.then_, nullptr);
      first.cancel();
      run();
    }
  }

  /// Whether `run_due` would run anything.
  [[nodiscard]] bool has_due(steady_time now) const {
    return !heap_.empty() && heap_.front().when <= now;
  }

  [[nodiscard]] std::optional<steady_time> next() const {
    if (heap_.empty())
      return std::nullopt;
    return heap_.front().when;
  }

private:
  struct entry {
    steady_time when;
    std::uint64_t number; ///< Of setting.
    timer* owner;

    [[nodiscard]] bool before(const entry& other) const {
      return when != other.when ? when < other.when : number < other.number;
    }
  };

  void put(std::size_t place, const entry& what) {
    heap_[place] = what;
    what.owner->place_ = place;
  }

  /// Puts `what` at `place`, which is free, or nearer to the front.
  void rise(std::size_t place, const entry& what) {
    while (place > 0) {
      auto parent = (place - 1) / 2;
      if (!what.before(heap_[parent]))
        break;
      put(place, heap_[parent]);
      place = parent;
    }
    put(place, what);
  }

  /// The same, or farther from it.
  void sink(std::size_t place, const entry& what) {
    for (auto child = 2 * place + 1; child < heap_.size();
         child = 2 * place + 1) {
      if (child + 1 < heap_.size() && heap_[child + 1].before(heap_[child]))
        ++child;
      if (!heap_[child].before(what))
        break;
      put(place, heap_[child]);
      place = child;
    }
    put(place, what);
  }

  void remove(std::size_t place) {
    auto last = heap_.back();
    heap_.pop_back();
    if (place == heap_.size())
      return;
    if (place > 0 && last.before(heap_[(place - 1) / 2]))
      rise(place, last);
    else
      sink(place, last);
  }

  std::vector<entry> heap_;
  std::uint64_t count_ = 0;
};

} // namespace greenroom
