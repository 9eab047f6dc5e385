#include "core/dedupe_table.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace greenroom {

namespace {

constexpr std::size_t kept_slots = 32;

} // namespace

std::uint32_t dedupe_table::hash_of(std::string_view key) {
  auto hash = std::hash<std::string_view>{}(key);
  return static_cast<std::uint32_t>(hash) | 1; // 0 is taken.
}

std::optional<std::uint64_t> dedupe_table::find(std::string_view key,
                                                std::int64_t now) {
  forget_old(now);
  if (key.empty() || seen_.empty())
    return std::nullopt;
  auto hash = hash_of(key);
  // Bit 0 is set in all of them.
  for (auto i = hash >> 1 & mask(); index_[i].hash != 0; i = (i + 1) & mask())
    if (index_[i].hash == hash && at(index_[i]).key == key)
      return at(index_[i]).value;
  return std::nullopt;
}

void dedupe_table::remember(std::string key, std::uint64_t value,
                            std::int64_t now) {
  if (key.empty() || keys_max_ == 0)
    return;
  while (seen_.size() >= keys_max_)
    forget_oldest();
  // At most half full.
  if ((seen_.size() + 1) * 2 > index_.size())
    grow();
  auto hash = hash_of(key);
  auto number = first_number_ + static_cast<std::uint32_t>(seen_.size());
  seen_.push_back({now, value, hash, std::move(key)});
  put({hash, number});
}

void dedupe_table::clear() {
  seen_.clear();
  index_ = {};
}

void dedupe_table::put(slot what) {
  auto i = what.hash >> 1 & mask();
  while (index_[i].hash != 0)
    i = (i + 1) & mask();
  index_[i] = what;
}

/// Empties a place and moves up who stands behind it only because it was taken.
void dedupe_table::erase(std::size_t hole) {
  for (auto i = (hole + 1) & mask(); index_[i].hash != 0;
       i = (i + 1) & mask()) {
    auto home = index_[i].hash >> 1 & mask();
    if (((i - home) & mask()) < ((i - hole) & mask()))
      continue; // Its home lies behind the hole.
    index_[hole] = index_[i];
    hole = i;
  }
  index_[hole] = {};
}

void dedupe_table::grow() {
  auto old = std::move(index_);
  index_.assign(std::max<std::size_t>(old.size() * 2, 8), {});
  for (const auto& each : old)
    if (each.hash != 0)
      put(each);
}

void dedupe_table::forget_old(std::int64_t now) {
  while (!seen_.empty() && seen_.front().at + window_ <= now)
    forget_oldest();
}

void dedupe_table::forget_oldest() {
  auto i = seen_.front().hash >> 1 & mask();
  while (index_[i].number != first_number_ || index_[i].hash == 0)
    i = (i + 1) & mask();
  erase(i);
  seen_.pop_front();
  ++first_number_;
  // A quiet room gives the memory back; a table for few keys fills up at once.
  if (seen_.empty() && index_.size() > kept_slots)
    index_ = {};
}

} // namespace greenroom
