#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/timer_queue.hpp"

namespace greenroom {

/// Lets so many through in each second: what a flood may write to the log.
class rate_gate {
public:
  explicit rate_gate(std::uint32_t per_second) : per_second_(per_second) {}

  bool opens(steady_time now) {
    if (!since_ || now - *since_ >= std::chrono::seconds{1}) {
      since_ = now;
      passed_ = 0;
    }
    return passed_++ < per_second_;
  }

private:
  std::uint32_t per_second_;
  std::uint32_t passed_ = 0;
  std::optional<steady_time> since_;
};

} // namespace greenroom
