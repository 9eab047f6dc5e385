#pragma once

#include <string_view>
#include <unordered_map>

#include "actors/context.hpp"
#include "actors/interfaces.hpp"

namespace greenroom::actors {

/// The rooms whose home is one loop: opens a room for its first member, passes
/// newcomers on, ends rooms that stayed empty. All joins of a room go through
/// its keeper, so an ending room never meets a newcomer. Owned by the node.
class keeper {
public:
  using handle = keeper_actor;

  static constexpr const char* name = "keeper";

  keeper(handle::pointer self, loop& home, context_ptr context);
  ~keeper();

  handle::behavior_type make_behavior();
  void failed(std::string_view why);

private:
  struct entry {
    room_actor room;
    std::uint64_t joins = 0; ///< Passed on to it.
  };

  void on_join(const join& msg);
  void on_retire(const retire& msg);
  void on_dead(const caf::actor_addr& who);
  entry* open(const room_key& key);
  void refuse(const join& msg);

  handle::pointer self_;
  loop& home_;
  context_ptr context_;
  std::unordered_map<room_key, entry> rooms_;
};

} // namespace greenroom::actors
