#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "actors/interfaces.hpp"
#include "core/store.hpp"

namespace greenroom::actors {

/// A message of the log as the connection sees it that asks for it: its own
/// under the id that it gave it [P-4.2.1]. A view of `entry`.
[[nodiscard]] protocol::room_message seen_by(const std::string& connection_id,
                                             const std::string& room_id,
                                             const log_entry& entry);

/// Messages of the log as frames for one member, one behind the other.
class replay {
public:
  /// Behind `frames`, which were made before.
  replay(const newcomer& to, const std::string& room_id, std::size_t bytes_max,
         std::string frames = {})
    : to_(to),
      room_id_(room_id),
      bytes_max_(bytes_max),
      frames_(std::move(frames)) {}

  /// False: it would be more than a member is given in one go.
  [[nodiscard]] bool add(const log_entry& entry);

  /// All of them.
  [[nodiscard]] std::string take() { return std::move(frames_); }

private:
  const newcomer& to_;
  const std::string& room_id_;
  std::size_t bytes_max_;
  std::string frames_;
};

/// Whether what was said in them alone is more than so many bytes.
[[nodiscard]] bool is_longer(const room_store::entries& of,
                             std::size_t bytes_max);

/// How many of the first, or of the last, messages are without a hole and take
/// together so many bytes at most in their reader's encoding; one in any case.
[[nodiscard]] std::size_t oldest_within(const room_store::entries& of,
                                        std::size_t bytes_max,
                                        protocol::encoding as);
[[nodiscard]] std::size_t newest_within(const room_store::entries& of,
                                        std::size_t bytes_max,
                                        protocol::encoding as);

} // namespace greenroom::actors
