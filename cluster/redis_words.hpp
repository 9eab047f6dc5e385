#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "cluster/hash_slot.hpp"

namespace greenroom::cluster {

/// What Pub/Sub is called at one server; and at a shard of a Redis Cluster,
/// where channels have slots as keys have, so that a message goes to one shard
/// and not to all of them.
struct redis_words {
  std::string_view subscribe;
  std::string_view unsubscribe;
  std::string_view publish;
  std::string_view subscribed;   ///< A pushed array begins with it.
  std::string_view unsubscribed; ///< Also unasked, where a slot goes.
  std::string_view message;

  /// Channels in one command: those of a shard have to be of one slot.
  std::size_t channels_per_command;
};

inline constexpr redis_words words_of_server{
    "SUBSCRIBE",   "UNSUBSCRIBE", "PUBLISH", "subscribe",
    "unsubscribe", "message",     512};

inline constexpr redis_words words_of_shard{
    "SSUBSCRIBE",   "SUNSUBSCRIBE", "SPUBLISH", "ssubscribe",
    "sunsubscribe", "smessage",     1};

/// The slot of which a server of a Redis Cluster says that another has it.
[[nodiscard]] inline std::optional<std::uint16_t>
moved_slot(std::string_view error) {
  constexpr std::string_view begins = "MOVED ";
  if (!error.starts_with(begins))
    return std::nullopt;
  error.remove_prefix(begins.size());
  std::uint16_t slot = 0;
  auto read = std::from_chars(error.data(), error.data() + error.size(), slot);
  if (read.ec != std::errc{} || slot >= hash_slots)
    return std::nullopt;
  return slot;
}

/// Whether a slot is on its way: what is asked of it is to be asked again.
[[nodiscard]] inline bool is_moving(std::string_view error) {
  return error.starts_with("TRYAGAIN ") || error.starts_with("ASK ");
}

} // namespace greenroom::cluster
