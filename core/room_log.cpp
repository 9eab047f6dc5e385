#include "core/room_log.hpp"

namespace greenroom {

room_log::appended room_log::append(const std::string& key, steady_time now) {
  if (key.empty() || ids_max_ == 0)
    return {++top_, false};
  forget_old(now);
  auto [entry, is_new] = offsets_.try_emplace(key, top_ + 1);
  if (!is_new)
    return {entry->second, true};
  order_.push_back({now, key});
  return {++top_, false};
}

void room_log::forget_old(steady_time now) {
  while (!order_.empty()
         && (order_.size() >= ids_max_ || order_.front().at + window_ <= now)) {
    offsets_.erase(order_.front().key);
    order_.pop_front();
  }
}

} // namespace greenroom
