#include "core/room_log.hpp"

namespace greenroom {

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
  forget_old(now);
  auto found = values_.find(key);
  if (found == values_.end())
    return std::nullopt;
  return found->second;
}

void room_log::remember(const std::string& key, std::uint64_t value,
                        steady_time now) {
  if (key.empty() || ids_max_ == 0)
    return;
  while (order_.size() >= ids_max_)
    forget_oldest();
  values_.emplace(key, value);
  order_.push_back({now, key});
}

void room_log::forget_old(steady_time now) {
  while (!order_.empty() && order_.front().at + window_ <= now)
    forget_oldest();
}

void room_log::forget_oldest() {
  values_.erase(order_.front().key);
  order_.pop_front();
}

} // namespace greenroom
