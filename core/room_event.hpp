#pragma once

// What happens in a room, before any member's encoding: what a publisher hands
// to a room, and what nodes mirror to each other.

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/message_trace.hpp"
#include "core/protocol/messages.hpp"

namespace greenroom {

/// A message to all members: in the log, with an offset.
struct posted {
  std::string user_id;
  protocol::content body;
  std::string event;
  protocol::value timestamp; ///< Empty: `stamped` counts.
  std::int64_t stamped = 0;  ///< Milliseconds since the epoch, by the origin.
  /// Of `message_key`, for peers that may be sent it twice [P-3.4]. Empty: it
  /// has no id, or there are no peers.
  std::string key = {};
  message_trace_ptr trace = {}; ///< Null: its way is not told.
};

/// A message to some members: not in the log [P-3.7].
struct directed {
  posted what;
  std::vector<std::string> to; ///< User or connection ids.
};

/// Somebody types, or stopped. Never in the log.
struct typing_event {
  std::string connection_id; ///< Unique in the cluster.
  std::string user_id;
  bool is_typing = true;
};

/// One raw frame of `/relay`, as it came.
struct relayed {
  bool is_text = true;
  std::string bytes;
};

using room_event = std::variant<posted, directed, typing_event, relayed>;

/// Shared between actors and loops, therefore immutable.
using room_event_ptr = std::shared_ptr<const room_event>;

} // namespace greenroom
