#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string_view>
#include <vector>

#include "core/space_saving.hpp"
#include "core/timer_queue.hpp"

namespace greenroom {

/// The busiest rooms and the slowest members of one loop, window by window: so
/// many, however many there are. Its thread counts; any thread reads what is
/// shown, which is a second old at most.
class top_lists {
public:
  using list = space_saving<64>;

  static constexpr std::chrono::seconds window{10};
  static constexpr std::chrono::seconds shown_every{1};

  /// What was counted in a part of the time.
  struct part {
    steady_time began{};
    steady_time ended{};
    std::vector<list::entry> rooms;   ///< By messages.
    std::vector<list::entry> members; ///< By bytes that they were not sent.
  };

  void said(std::string_view room, list::hint& at) { rooms_.count(room, at); }

  /// The same of a room that is being counted in this window: it is not idle.
  /// False: it is none, and nothing was done.
  [[nodiscard]] bool said_again(const list::hint& at) {
    return rooms_.count_again(at);
  }

  void skipped(std::string_view member, std::uint64_t bytes) {
    members_.count(member, bytes);
  }

  /// Something was counted, and nothing would show it yet.
  [[nodiscard]] bool is_idle() const { return !timer_.pending(); }
  void begin(timer_queue& timers, std::function<steady_time()> clock);

  /// The last whole window, or of the present one what there is, whichever says
  /// more; nothing, where that is long past.
  [[nodiscard]] part read(steady_time now) const;

private:
  void show();

  list rooms_;
  list members_;
  steady_time began_{};
  timer_queue* timers_ = nullptr;
  std::function<steady_time()> clock_;
  timer_queue::timer timer_;

  mutable std::mutex shown_lock_;
  part present_;
  part last_;
};

} // namespace greenroom
