#pragma once

#include <atomic>
#include <string_view>

namespace greenroom {

/// Where tests have the code throw: they install a hook, which is told the
/// point's name and something of what is at hand. A node installs none, and
/// passes a point at the price of one load.
using fault_hook = void (*)(std::string_view point, std::string_view at_hand);

inline std::atomic<fault_hook> installed_fault_hook{nullptr};

/// `at_hand` gives what is at hand, and is asked only where there is a hook.
template <class AtHand>
inline void fault_point(std::string_view point, AtHand at_hand) {
  if (auto* hook = installed_fault_hook.load(std::memory_order_relaxed))
      [[unlikely]]
    hook(point, at_hand());
}

} // namespace greenroom
