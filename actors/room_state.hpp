#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "actors/interfaces.hpp"
#include "core/room_map.hpp"

namespace greenroom::actors {

/// A room's state: the map, and what its audiences and newcomers are told of
/// it. Made by the first key, so that rooms without state cost nothing.
class room_state {
public:
  room_state(const room_map::bounds& most, std::string node,
             std::uint64_t clock)
    : map_(most, std::move(node), clock), told_(clock) {}

  [[nodiscard]] room_map& map() { return map_; }
  [[nodiscard]] const room_map& map() const { return map_; }

  /// Whether something changed since audiences were told.
  [[nodiscard]] bool has_news() const { return told_ != map_.version(); }

  /// What changed since, for audiences that heard all before.
  [[nodiscard]] state_told take_news();

  /// All that it holds, for an audience that has heard nothing.
  [[nodiscard]] state_told whole() const;

  /// All that it holds, encoded: once, until something changes. Valid until
  /// then. Empty where it holds nothing.
  [[nodiscard]] std::string_view whole_in(protocol::encoding as);

  /// The same as a message of its own, likewise. There is one also where it
  /// holds nothing: who comes back may know keys that are gone.
  [[nodiscard]] slice whole_frame_in(protocol::encoding as,
                                     const std::string& room_id);

private:
  struct text {
    std::uint64_t version = 0;
    std::string bytes;
  };
  struct frame {
    std::uint64_t version = 0;
    slice bytes; ///< Empty: not yet.
  };

  room_map map_;
  std::uint64_t told_;
  std::array<text, 2> whole_; ///< By encoding.
  std::array<frame, 2> whole_frames_;
};

} // namespace greenroom::actors
