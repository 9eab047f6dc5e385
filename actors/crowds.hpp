#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "core/room_key.hpp"

namespace greenroom::actors {

/// The clients of each room that named it in their URL, by loop, from their
/// upgrade to their end. Any thread; asked and told once for each client, while
/// no message passes here.
class crowds {
public:
  /// One room's; stays where it is while somebody is in.
  struct crowd {
    const room_key* room;
    std::vector<std::uint32_t> on_loop;
    std::uint32_t all = 0;
  };

  struct seat {
    std::uint32_t loop;
    crowd* in; ///< For `leave`.
  };

  /// Counts a client that came on loop `here` in, on the loop where it is to
  /// live: the room's `home` while it has fewer than `spread_from` clients,
  /// then the loop with the fewest of them.
  seat enter(const room_key& room, std::uint32_t home, std::uint32_t here,
             std::size_t loops, std::uint32_t spread_from);

  void leave(const seat& from);

private:
  std::mutex lock_;
  std::unordered_map<room_key, crowd> rooms_;
};

} // namespace greenroom::actors
