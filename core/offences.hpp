#pragma once

#include <chrono>
#include <cstdint>

#include "core/timer_queue.hpp"

namespace greenroom {

/// How often a client broke a rule lately: who goes on after it was told is
/// closed [P-7].
class offences {
public:
  offences(std::uint32_t most, std::chrono::milliseconds window)
    : most_(most), window_(window) {}

  struct finding {
    bool first;    ///< In this window: worth a line in the log.
    bool too_many; ///< More than may be in one window.
  };

  finding count(steady_time now) {
    if (now - since_ > window_) {
      since_ = now;
      count_ = 0;
    }
    ++count_;
    return {count_ == 1, count_ > most_};
  }

private:
  std::uint32_t most_;
  std::chrono::milliseconds window_;
  std::uint32_t count_ = 0;
  steady_time since_{};
};

} // namespace greenroom
