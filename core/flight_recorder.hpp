#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <typeinfo>

#include "core/tick_clock.hpp"

namespace greenroom {

/// What the actors of one loop did last: which handled which kind of message,
/// and when. All share one ring, so that an actor costs nothing by being there;
/// the one that crashes finds its own among the others'. One thread.
class flight_recorder {
public:
  struct entry {
    std::uint64_t actor = 0; ///< 0: none yet.
    const std::type_info* what = nullptr;
    tick_clock::ticks when = 0;
  };

  /// Gives when that was.
  tick_clock::ticks note(std::uint64_t actor,
                         const std::type_info* what) noexcept {
    auto now = tick_clock::now();
    entries_[next_++ % entries_max] = {actor, what, now};
    return now;
  }

  /// Those of one actor, the newest first, `most` at most.
  template <class Tell>
  void tell(std::uint64_t actor, std::size_t most, Tell tell) const {
    for (std::size_t back = 1; back <= entries_max && most > 0; ++back) {
      const auto& each = entries_[(next_ - back) % entries_max];
      if (each.actor != actor)
        continue;
      tell(each);
      --most;
    }
  }

  static constexpr std::size_t entries_max = 4'096;

private:
  std::array<entry, entries_max> entries_{};
  std::size_t next_ = 0;
};

} // namespace greenroom
