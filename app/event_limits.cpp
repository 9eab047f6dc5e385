#include "app/event_limits.hpp"

#include <algorithm>
#include <utility>

namespace greenroom::app {

namespace {

constexpr std::chrono::seconds window{1};

} // namespace

bool event_limits::lets_through(const log::event& what, steady_time now) {
  auto [found, is_first] = seconds_.try_emplace(what.name);
  auto& current = found->second;
  // What was held back in it is to be told before a new one begins.
  if (is_first || (now - current.since >= window && current.held == 0))
    current = {now, 0, 0};
  if (current.passed < per_second_) {
    ++current.passed;
    return true;
  }
  ++current.held;
  return false;
}

std::vector<event_limits::held_back> event_limits::take_over(steady_time now) {
  std::vector<held_back> out;
  for (auto& [of, current] : seconds_)
    if (current.held != 0 && now - current.since >= window) {
      auto during = now - current.since;
      out.push_back(
          {of, current.held,
           std::chrono::duration_cast<std::chrono::milliseconds>(during)});
      current = {now, 0, 0};
    }
  return out;
}

std::vector<event_limits::held_back> event_limits::take_all(steady_time now) {
  std::vector<held_back> out;
  for (auto& [of, current] : seconds_)
    if (auto held = std::exchange(current.held, 0); held != 0)
      out.push_back({of, held,
                     std::chrono::duration_cast<std::chrono::milliseconds>(
                         now - current.since)});
  return out;
}

std::optional<steady_time> event_limits::next() const {
  std::optional<steady_time> first;
  for (const auto& [of, current] : seconds_)
    if (current.held != 0)
      first =
          std::min(first.value_or(steady_time::max()), current.since + window);
  return first;
}

} // namespace greenroom::app
