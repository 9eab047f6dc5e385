#include "core/room_log.hpp"

namespace greenroom {

namespace {

std::int64_t in_ms(steady_time when) {
  return std::chrono::duration_cast<milliseconds>(when.time_since_epoch())
      .count();
}

} // namespace

room_log::appended room_log::append(const std::string& key, steady_time now) {
  if (auto before = find(key, now))
    return {*before, true};
  remember(key, ++top_, now);
  return {top_, false};
}

std::optional<std::uint64_t> room_log::find(const std::string& key,
                                            steady_time now) {
  if (key.empty())
    return std::nullopt;
  return seen_.find(key, in_ms(now));
}

void room_log::remember(const std::string& key, std::uint64_t value,
                        steady_time now) {
  seen_.remember(key, value, in_ms(now));
}

} // namespace greenroom
