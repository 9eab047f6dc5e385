#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace greenroom {

/// Messages that their rooms could not deal with: kept for whoever looks for
/// the fault, the newest ones, up to a bound in number and bytes. Any thread.
class quarantine {
public:
  struct message {
    std::string room;
    std::string bytes; ///< As its sender said it, its beginning at least.
    std::string reason;
    std::int64_t at = 0; ///< Milliseconds since 1970.
  };

  static constexpr std::size_t messages_max = 64;
  static constexpr std::size_t bytes_max = 64 * 1'024; ///< Of each.

  void keep(message what) {
    if (what.bytes.size() > bytes_max)
      what.bytes.resize(bytes_max);
    std::lock_guard lock{guard_};
    ++count_;
    kept_.push_back(std::move(what));
    if (kept_.size() > messages_max)
      kept_.pop_front();
  }

  /// The oldest first.
  [[nodiscard]] std::vector<message> all() const {
    std::lock_guard lock{guard_};
    return {kept_.begin(), kept_.end()};
  }

  /// So many came, whether they are still kept or not.
  [[nodiscard]] std::uint64_t count() const {
    std::lock_guard lock{guard_};
    return count_;
  }

private:
  mutable std::mutex guard_;
  std::deque<message> kept_;
  std::uint64_t count_ = 0;
};

} // namespace greenroom
