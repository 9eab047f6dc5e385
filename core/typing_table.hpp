#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/timer_queue.hpp"

namespace greenroom {

/// Who types in a room [P-4.5]: a user types as long as one of its connections
/// does. Deadlines come in the order of `start`, as all wait equally long, so
/// the next one is always at hand.
class typing_table {
public:
  struct typist {
    std::string connection_id;
    std::string user_id;
    std::uint64_t member = 0; ///< 0: on another node.
    steady_time until{};
  };

  /// The connection types, until it stops or `until`, which is not before any
  /// earlier one. Gives who typed there before, if that was another user: an
  /// anonymous client takes its name once.
  std::optional<typist> start(typist who);

  /// The connection does not type (any more). Gives who it was, if it did.
  std::optional<typist> stop(const std::string& connection_id);

  /// Takes out the next one whose time is over.
  std::optional<typist> take_overdue(steady_time now);

  [[nodiscard]] bool types(const std::string& user_id) const {
    return connections_.contains(user_id);
  }

  [[nodiscard]] std::optional<steady_time> next() const;

private:
  using order = std::list<typist>;

  typist take(order::iterator at);

  order order_; ///< Earliest deadline first.
  std::unordered_map<std::string, order::iterator> by_connection_;
  std::unordered_map<std::string, std::uint32_t> connections_; ///< By user.
};

} // namespace greenroom
