#include "core/state_board.hpp"

namespace greenroom {

void state_board::put(std::span<const state_news_ptr> changes) {
  for (const auto& each : changes)
    put(each);
}

void state_board::put(const state_news_ptr& what) {
  if (what->version <= version_)
    return; // A newcomer's loop was told the whole meanwhile.
  if (auto before = by_key_.find(what->key); before != by_key_.end())
    forget(by_version_.at(before->second));
  version_ = what->version;
  by_version_.emplace(version_, what);
  by_key_.emplace(what->key, version_);
  if (what->now.empty())
    deleted_.emplace(version_, what);
  if (deleted_.size() > deleted_max_) {
    auto oldest = deleted_.begin()->second;
    forgotten_ = oldest->version;
    forget(oldest);
  }
}

void state_board::forget(const state_news_ptr& what) {
  auto held = what; // Its key is what the index looks by.
  by_key_.erase(held->key);
  deleted_.erase(held->version);
  by_version_.erase(held->version);
}

void state_board::replace(std::span<const state_news_ptr> whole,
                          std::uint64_t version) {
  by_key_.clear();
  by_version_.clear();
  deleted_.clear();
  version_ = 0;
  put(whole);
  version_ = version;
  forgotten_ =
      version; // Who is older knows keys of which nothing is known here.
}

state_board::reading state_board::since(std::uint64_t version) const {
  reading found;
  found.whole = version < forgotten_;
  auto from =
      found.whole ? by_version_.begin() : by_version_.upper_bound(version);
  for (; from != by_version_.end(); ++from)
    if (!found.whole || !from->second->now.empty())
      found.changes.push_back(from->second->seen());
  return found;
}

} // namespace greenroom
