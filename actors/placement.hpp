#pragma once

#include <cstdint>

#include "actors/context.hpp"

namespace greenroom::actors {

/// Decides where a client that shook hands on loop `here` is to live, and notes
/// it in `who`: where its first room lives, so that a small room's messages
/// never change threads; where that room has the fewest clients, if it is
/// large; here, if it names none. Any thread. What it took, `unplace` gives
/// back when the client is gone.
[[nodiscard]] inline std::uint32_t place(node_context& node, client_hello& who,
                                         std::uint32_t here) {
  if (node.loops.size() == 1 || who.rooms.empty())
    return here;
  room_key first{who.space, who.rooms.front()};
  auto seat =
      node.crowded.enter(first, node.home_of(first), here, node.loops.size(),
                         node.config.net.spread_members);
  who.crowd = seat.in;
  return seat.loop;
}

/// `who` lived on `loop`.
inline void unplace(node_context& node, client_hello& who, std::uint32_t loop) {
  if (auto* in = std::exchange(who.crowd, nullptr))
    node.crowded.leave({loop, in});
}

} // namespace greenroom::actors
