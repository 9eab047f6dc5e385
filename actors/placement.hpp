#pragma once

#include <cstdint>

#include "actors/context.hpp"

namespace greenroom::actors {

/// The loop on which a client that shook hands on `here` is to live: where its
/// first room lives, so that a small room's messages never change threads;
/// where that room has the fewest members, if it is large; here, if it names no
/// room. Any thread.
[[nodiscard]] inline std::uint32_t
place(const node_context& node, const client_hello& who, std::uint32_t here) {
  if (node.loops.size() == 1 || who.rooms.empty())
    return here;
  room_key first{who.space, who.rooms.front()};
  return node.crowded.emptiest_loop(first, here).value_or(node.home_of(first));
}

} // namespace greenroom::actors
