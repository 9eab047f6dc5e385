#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/context.hpp"
#include "actors/supervisor.hpp"
#include "actors/tree.hpp"

namespace greenroom::actors {

/// For actors of which a loop has many, that come and go and have nothing to do
/// with each other: one that goes on crashing ends alone. A message that one
/// cannot deal with costs it two crashes.
[[nodiscard]] std::shared_ptr<supervisor>
supervisor_of_many(std::string name, std::uint64_t id, std::uint64_t parent,
                   loop& home);

/// The actors that every loop has, and who starts them anew:
///
///   loop
///   ├── keeper ── rooms
///   ├── gateway ── connections, which end when they crash
///   └── audiences
///
/// Made before the loop runs; its loop's thread only while it does.
class loop_crew {
public:
  /// Spawns them and enters them into the context. `escalate` is told why, on
  /// the loop's thread, when starting them anew does not help.
  loop_crew(loop& home, const context_ptr& context, std::uint64_t parent,
            std::function<void(const std::string& why)> escalate);

  [[nodiscard]] const neighbour<gateway_actor, client_arrived>&
  clients() const {
    return gateway_;
  }
  [[nodiscard]] const neighbour<keeper_actor, join>& rooms() const {
    return keeper_;
  }

  /// For more that live on this loop.
  [[nodiscard]] const std::shared_ptr<supervisor>& by() const { return by_; }

  /// What lives on the loop, see `list_children`. On its thread.
  void list(std::size_t most, std::vector<tree_entry>& to) const;

  /// They are gone, and so are those who looked after them: for the log.
  void tell_end();

private:
  std::shared_ptr<supervisor> by_;
  std::shared_ptr<supervisor> audiences_;
  neighbour<keeper_actor, join> keeper_;
  neighbour<gateway_actor, client_arrived> gateway_;
};

} // namespace greenroom::actors
