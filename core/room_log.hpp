#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "core/dedupe_table.hpp"
#include "core/settings.hpp"
#include "core/timer_queue.hpp"

namespace greenroom {

/// The order of one room on this node: one life of it (`epoch`), the offset of
/// the newest message, and which ids were seen lately [P-3.4, P-4.3].
class room_log {
public:
  room_log(std::string epoch, const room_settings& bounds)
    : epoch_(std::move(epoch)),
      seen_(bounds.dedupe_messages, bounds.dedupe_window.count()) {}

  struct appended {
    std::uint64_t offset = 0;
    bool duplicate = false;
  };

  /// Gives the message its offset, or the one that it got when the same `key`
  /// (session and request id; empty: none) was appended before.
  appended append(const std::string& key, steady_time now);

  /// What was remembered under the key, within the window.
  [[nodiscard]] std::optional<std::uint64_t> find(const std::string& key,
                                                  steady_time now);

  /// Remembers a value under a key (empty: none) that was not there: for what
  /// is done once and has no offset.
  void remember(const std::string& key, std::uint64_t value, steady_time now);

  [[nodiscard]] const std::string& epoch() const { return epoch_; }

  /// Whether nothing was ever appended or remembered.
  [[nodiscard]] bool is_fresh() const { return top_ == 0 && seen_.empty(); }

  /// The newest offset; 0 before the first message.
  [[nodiscard]] std::uint64_t top() const { return top_; }

private:
  std::string epoch_;
  std::uint64_t top_ = 0;
  dedupe_table seen_;
};

} // namespace greenroom
