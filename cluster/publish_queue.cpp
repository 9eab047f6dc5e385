#include "cluster/publish_queue.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "cluster/hash_slot.hpp"

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
  expendable_ += what.is_expendable ? 1 : 0;
  entries_.push_back(std::move(what));
  return lost;
}

bool publish_queue::offer(entry what) {
  auto size = cost(what);
  if (bytes_ + size > bytes_max_ / 4)
    return false;
  bytes_ += size;
  ++expendable_;
  what.is_expendable = true;
  entries_.push_back(std::move(what));
  return true;
}

const publish_queue::entry* publish_queue::take() {
  if (taken_ == entries_.size())
    return nullptr;
  const auto& what = entries_[taken_++];
  taken_bytes_ += cost(what);
  expendable_ -= what.is_expendable ? 1 : 0;
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
  for (std::size_t i = 0; i < taken_; ++i)
    bytes_ -= is_husk(entries_[i]) ? cost(entries_[i]) : 0;
  std::erase_if(entries_, is_husk);
  taken_ = 0;
  taken_bytes_ = 0;
  count_expendable();
}

std::vector<publish_queue::entry>
publish_queue::take_out(const std::function<bool(std::uint16_t slot)>& which) {
  std::vector<entry> to;
  std::deque<entry> left;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    auto& each = entries_[i];
    if (is_husk(each) || !which(hash_slot(each.channel))) {
      left.push_back(std::move(each));
      continue;
    }
    bytes_ -= cost(each);
    bool is_on_its_way = i < taken_;
    taken_bytes_ -= is_on_its_way ? cost(each) : 0;
    to.push_back(std::move(each));
    if (is_on_its_way) {
      left.push_back({{}, {}, 0});
      bytes_ += cost(left.back());
      taken_bytes_ += cost(left.back());
    }
  }
  entries_ = std::move(left);
  count_expendable();
  return to;
}

std::size_t publish_queue::cost(const entry& what) {
  return sizeof(entry) + what.channel.size() + what.bytes.size();
}

void publish_queue::count_expendable() {
  auto waiting = entries_.begin() + static_cast<std::ptrdiff_t>(taken_);
  expendable_ = static_cast<std::size_t>(
      std::count_if(waiting, entries_.end(),
                    [](const auto& each) { return each.is_expendable; }));
}

void publish_queue::drop_oldest_waiting(loss& so_far) {
  auto oldest = entries_.begin() + static_cast<std::ptrdiff_t>(taken_);
  // There are few, and only while somebody watches.
  if (expendable_ > 0) {
    oldest = std::find_if(oldest, entries_.end(),
                          [](const auto& each) { return each.is_expendable; });
    --expendable_;
  }
  so_far.messages += oldest->messages;
  so_far.bytes += oldest->bytes.size();
  bytes_ -= cost(*oldest);
  // Moves at most what is on its way, which the window bounds, or what is
  // before what is expendable.
  entries_.erase(oldest);
}

} // namespace greenroom::cluster
