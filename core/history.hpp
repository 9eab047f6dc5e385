#pragma once

#include <cstdint>
#include <utility>

#include "core/ring.hpp"
#include "core/store.hpp"

namespace greenroom {

/// The newest messages of a log, within its bounds. `Kept` is what is kept of
/// each, with `stored` (when) and `bytes`. Offsets have no holes, so the place
/// of each is known.
template <class Kept>
class history {
public:
  explicit history(const log_bounds& bounds) : bounds_(bounds) {}

  /// Whether it keeps anything at all: else there is nothing to make a `Kept`
  /// for.
  [[nodiscard]] bool keeps() const { return bounds_.messages != 0; }

  /// The next one. Those for which there is no room any more go, it among them
  /// where it is larger than all may be.
  void push(Kept what, std::int64_t now) {
    bytes_ += what.bytes;
    kept_.push_back(std::move(what));
    trim(now);
  }

  /// The number of messages that went.
  std::size_t trim(std::int64_t now) {
    auto before = kept_.size();
    while (!kept_.empty()
           && (kept_.size() > bounds_.messages || bytes_ > bounds_.bytes
               || is_old(kept_.front(), now))) {
      bytes_ -= kept_.front().bytes;
      kept_.pop_front();
    }
    return before - kept_.size();
  }

  void clear() {
    kept_.clear();
    bytes_ = 0;
  }

  [[nodiscard]] std::size_t size() const { return kept_.size(); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] const Kept& operator[](std::size_t n) const { return kept_[n]; }

  [[nodiscard]] const log_bounds& bounds() const { return bounds_; }

private:
  [[nodiscard]] bool is_old(const Kept& what, std::int64_t now) const {
    return bounds_.age.count() != 0 && what.stored + bounds_.age.count() <= now;
  }

  log_bounds bounds_;
  ring<Kept> kept_;
  std::uint64_t bytes_ = 0;
};

} // namespace greenroom
