#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "actors/caf_bridge.hpp"
#include "core/deflater.hpp"
#include "core/flight_recorder.hpp"
#include "core/loop_counters.hpp"
#include "core/message_watch.hpp"
#include "core/rate_gate.hpp"
#include "core/run_once.hpp"
#include "core/store.hpp"
#include "core/timer_queue.hpp"
#include "core/top_lists.hpp"

namespace greenroom::actors {

/// One I/O loop as its actors see it: the CAF execution unit that runs them, on
/// one thread, between the loop's socket events. `net::io_loop` gives it a
/// thread and sockets; tests turn it by hand.
///
/// A turn is: socket events, as far as the budget goes, then
/// `run_turn`: the actors that have mail, what they put off (`settle`), the
/// spreading of what rooms appended to their members, one send per connection,
/// and the dropping of what everybody has.
class loop : public caf::execution_unit, public loop_entrance {
public:
  loop(caf::actor_system& system, std::uint32_t index)
    : caf::execution_unit(&system), index_(index) {
    static_cast<void>(
        tick_clock::span_of(0)); // It learns its rate from now on.
  }
  ~loop() override;

  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  /// CAF: schedules an actor that has mail. Any thread.
  void exec_later(caf::resumable* actor) override;

  [[nodiscard]] std::uint32_t index() const { return index_; }

  /// The time of this turn: one clock reading serves all that happens in it.
  [[nodiscard]] virtual steady_time now() const = 0;

  /// Milliseconds since the Unix epoch.
  [[nodiscard]] virtual std::int64_t wall_now() const = 0;

  [[nodiscard]] timer_queue& timers() { return timers_; }

  /// What is told of an actor that takes its time, or has much to do. Set
  /// before the loop runs.
  struct patience {
    std::chrono::nanoseconds handler{std::chrono::milliseconds{50}};
    std::uint64_t mailbox = 8'192;
  };
  patience patient;

  /// So that a loop whose actors are all slow does not fill the log with that.
  [[nodiscard]] rate_gate& slow_told() { return slow_told_; }

  /// What its actors do, for the one that crashes. The loop's thread only.
  [[nodiscard]] flight_recorder& flight() { return *flight_; }

  /// Points of a turn, in this order. The loop's thread only.
  [[nodiscard]] run_once_queue& settle() { return settle_; }
  [[nodiscard]] run_once_queue& spread() { return spread_; }
  [[nodiscard]] run_once_queue& sends() { return sends_; }
  [[nodiscard]] run_once_queue& trim() { return trim_; }

  /// Compresses for the rooms of this loop; made by the first one that asks.
  [[nodiscard]] ws::deflater& deflater(int level) {
    if (!deflater_)
      deflater_.emplace(level);
    return *deflater_;
  }

  /// Everything of a turn but the socket events. The loop's thread only.
  void run_turn();

  /// Whether an actor has mail, so that the loop must not wait.
  [[nodiscard]] bool has_work();

  [[nodiscard]] std::uint64_t turns() const { return turns_.value(); }

  /// What its thread counts (`counted`). Any thread.
  [[nodiscard]] const loop_counters& counters() const { return counters_; }

  /// The latency of something that is being spread in this turn is measured: it
  /// was read then. The loop's thread only.
  void measure(message_watch of) { measured_.push_back(std::move(of)); }

  /// The busiest of the rooms and the slowest of the members on this loop. Any
  /// thread reads it.
  [[nodiscard]] const top_lists& tops() const { return tops_; }

  void said_in(std::string_view room, top_lists::list::hint& at) {
    if (!tops_.said_again(at)) [[unlikely]]
      said_anew(room, at);
  }
  void skipped(std::string_view member, std::uint64_t bytes) {
    tops_.skipped(member, bytes);
    if (tops_.is_idle())
      begin_tops();
  }

  /// Declares the calling thread the loop's own.
  void enter() {
    thread_ = std::this_thread::get_id();
    counting::mine = &counters_;
  }

  [[nodiscard]] bool is_own_thread() const {
    return std::this_thread::get_id() == thread_.load();
  }

protected:
  /// Makes a waiting loop turn. Called from other threads, once until the next
  /// turn.
  virtual void wake() = 0;

  loop_counters counters_;

private:
  /// An actor that another thread has mailed to.
  struct arrival {
    caf::resumable* actor;
    arrival* before; ///< The one that came before it.
  };

  void take_in();
  void run_actors();
  void said_anew(std::string_view room, top_lists::list::hint& at);
  void begin_tops();
  void observe_measured(message_stage reached);

  std::uint32_t index_;
  std::atomic<std::thread::id> thread_{};
  std::deque<caf::resumable*> ready_;
  std::atomic<arrival*> inbox_{nullptr}; ///< The last; taken all at once.
  timer_queue timers_;
  rate_gate slow_told_{10};
  std::unique_ptr<flight_recorder> flight_ =
      std::make_unique<flight_recorder>();
  run_once_queue settle_;
  run_once_queue spread_;
  run_once_queue sends_;
  run_once_queue trim_;
  std::optional<ws::deflater> deflater_;
  counter turns_;
  message_watches measured_; ///< In this turn.
  top_lists tops_;           ///< After the timers: it has one.
};

} // namespace greenroom::actors
