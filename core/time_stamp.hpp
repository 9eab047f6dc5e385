#pragma once

#include <chrono>
#include <string>

namespace greenroom {

/// RFC 3339, UTC, milliseconds: `2026-11-22T12:00:00.123Z`. Always as long as
/// this, for the years from 0 to 9999.
[[nodiscard]] std::string
time_stamp(std::chrono::sys_time<std::chrono::milliseconds> when);

/// Of now.
[[nodiscard]] inline std::string time_stamp() {
  using namespace std::chrono;
  return time_stamp(floor<milliseconds>(system_clock::now()));
}

} // namespace greenroom
