#include "cluster/publish_queue.hpp"

#include <cstdint>
#include <utility>

namespace greenroom::cluster {

publish_queue::loss publish_queue::push(entry what) {
  loss lost;
  auto size = cost(what);
  // What has no place even in an otherwise empty queue costs nobody else his.
  if (taken_bytes_ + size > bytes_max_)
    return {what.messages, what.bytes.size()};
  while (bytes_ + size > bytes_max_)
    drop_oldest_waiting(lost);
  bytes_ += size;
  entries_.push_back(std::move(what));
  return lost;
}

const publish_queue::entry* publish_queue::take() {
  if (taken_ == entries_.size())
    return nullptr;
  const auto& what = entries_[taken_++];
  taken_bytes_ += cost(what);
  return &what;
}

std::size_t publish_queue::answered() {
  if (taken_ == 0)
    return 0;
  auto size = cost(entries_.front());
  auto messages = entries_.front().messages;
  bytes_ -= size;
  taken_bytes_ -= size;
  --taken_;
  entries_.pop_front();
  return messages;
}

void publish_queue::rewind() {
  taken_ = 0;
  taken_bytes_ = 0;
}

std::size_t publish_queue::cost(const entry& what) {
  return sizeof(entry) + what.channel.size() + what.bytes.size();
}

void publish_queue::drop_oldest_waiting(loss& so_far) {
  auto oldest = entries_.begin() + static_cast<std::ptrdiff_t>(taken_);
  so_far.messages += oldest->messages;
  so_far.bytes += oldest->bytes.size();
  bytes_ -= cost(*oldest);
  // Moves at most what is on its way, which the window bounds.
  entries_.erase(oldest);
}

} // namespace greenroom::cluster
