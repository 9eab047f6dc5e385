#include "actors/crowded_rooms.hpp"

#include <algorithm>

namespace greenroom::actors {

void crowded_rooms::set(const room_key& room,
                        const std::vector<std::uint32_t>& members) {
  std::lock_guard guard{lock_};
  rooms_[room] = members;
}

void crowded_rooms::remove(const room_key& room) {
  std::lock_guard guard{lock_};
  rooms_.erase(room);
}

std::optional<std::uint32_t>
crowded_rooms::emptiest_loop(const room_key& room, std::uint32_t here) const {
  std::lock_guard guard{lock_};
  auto found = rooms_.find(room);
  if (found == rooms_.end())
    return std::nullopt;
  const auto& members = found->second;
  auto least = std::min_element(members.begin(), members.end());
  if (here < members.size() && members[here] == *least)
    return here;
  return static_cast<std::uint32_t>(least - members.begin());
}

} // namespace greenroom::actors
