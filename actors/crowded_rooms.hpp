#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/room_key.hpp"

namespace greenroom::actors {

/// The rooms with so many members here that newcomers are spread over all
/// loops, and where their members are. Any thread. Told at each coming and
/// going of such a room, asked at each upgrade; no message passes here.
class crowded_rooms {
public:
  /// `members`: how many the room has on each loop.
  void set(const room_key& room, const std::vector<std::uint32_t>& members);

  /// It is not crowded any more.
  void remove(const room_key& room);

  /// The loop with the fewest members of the room, `here` before others that
  /// have as few; nothing: the room is not crowded.
  [[nodiscard]] std::optional<std::uint32_t>
  emptiest_loop(const room_key& room, std::uint32_t here) const;

private:
  mutable std::mutex lock_;
  std::unordered_map<room_key, std::vector<std::uint32_t>> rooms_;
};

} // namespace greenroom::actors
