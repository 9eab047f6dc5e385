#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "actors/context.hpp"
#include "actors/interfaces.hpp"
#include "actors/supervisor.hpp"
#include "core/rate_gate.hpp"

namespace greenroom::actors {

/// The rooms whose home is one loop: opens a room for its first member, passes
/// newcomers on, ends rooms that stayed empty. All joins of a room go through
/// its keeper, so an ending room never meets a newcomer. Owned by the node.
class keeper {
public:
  using handle = keeper_actor;
  using at_once = join;

  static constexpr const char* name = "keeper";

  keeper(handle::pointer self, loop& home, context_ptr context);
  ~keeper();

  handle::behavior_type make_behavior();
  void failed(std::string_view why);

  bool take_at_once(join& msg);

  /// For its shell: what it knows of its rooms is all that there is.
  void recover() {}
  [[nodiscard]] const supervisor& crew() const { return *crew_; }

private:
  using idle_list = std::list<room_key>;

  struct entry {
    room_actor room;
    std::uint64_t joins = 0; ///< Passed on to it.
    std::optional<idle_list::iterator> idle;
  };
  using table = std::unordered_map<room_key, entry>;

  void on_join(join& msg);
  void on_withdraw(withdraw& msg);
  void on_emptied(const emptied& msg);
  void on_retire(const retire& msg);
  void on_dead(const caf::actor_addr& who);
  entry* open(const room_key& key);
  bool take_place();
  bool make_place();
  table::iterator find_unjoined(const room_key& key, caf::actor_id room,
                                std::uint64_t joins_seen);
  void end(table::iterator at);
  void forget(table::iterator at);
  void set_busy(entry& at);
  void refuse(const join& msg);

  handle::pointer self_;
  loop& home_;
  context_ptr context_;
  std::shared_ptr<supervisor> crew_; ///< Of its rooms; outlives it with them.
  table rooms_;
  idle_list idle_; ///< Empty rooms, the longest empty first.
  rate_gate refusals_told_{refusals_told_per_second};
};

} // namespace greenroom::actors
