#include "app/log_tap.hpp"

#include <utility>

#include "app/log_line.hpp"

namespace greenroom::app {

void log_tap::keep(std::string line, std::optional<std::uint64_t> seq) {
  if (!is_open_)
    return;
  ++shown_;
  // Once one is lost, so are all behind it until somebody takes what there is:
  // so the numbers of those that are kept have no hole.
  if (kept_.lost > 0 || bytes_ + line.size() > bytes_max) {
    ++kept_.lost;
    return;
  }
  number_line(line, log_style::json, seq);
  line.pop_back(); // Its end.
  bytes_ += line.size();
  kept_.lines.push_back(std::move(line));
}

bool log_tap::lets_through(const log::event& what, time now) {
  static_cast<void>(limits_.take_over(now));
  return limits_.lets_through(what, now);
}

tapped_lines log_tap::take() {
  auto out = std::exchange(kept_, {});
  begin_anew();
  return out;
}

void log_tap::begin_anew() {
  kept_ = {};
  kept_.first = shown_ + 1;
  bytes_ = 0;
}

} // namespace greenroom::app
