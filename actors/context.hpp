#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "actors/crowds.hpp"
#include "actors/interfaces.hpp"
#include "actors/loop.hpp"
#include "actors/neighbour.hpp"
#include "actors/supervisor.hpp"
#include "core/memory_store.hpp"
#include "core/quarantine.hpp"
#include "core/settings.hpp"
#include "core/store.hpp"
#include "core/token.hpp"

namespace greenroom::actors {

/// Whoever is refused comes again at once: the log need not hear each time.
inline constexpr std::uint32_t refusals_told_per_second = 5;

/// What every actor of the node may look at: set up by the node before the
/// loops run, constant while they do (but for the counters).
struct node_context {
  settings config;
  token_verifier verify; ///< Empty: no token can be checked.
  std::vector<loop*> loops;
  /// One per loop, same order.
  std::vector<neighbour<keeper_actor, join>> keepers;
  /// Of the audiences on each loop; same order.
  std::vector<std::shared_ptr<supervisor>> audiences;
  cluster_actor cluster; ///< Null: no cluster.
  std::string origin;    ///< This run of this node, among those of its peers.

  /// Where rooms keep their logs that nothing below keeps.
  memory_store passing;
  /// Of a node alone, on its disk; null: nothing is.
  std::unique_ptr<store> kept;

  /// Of a cluster, in Redis; null: none is.
  store* shared = nullptr;

  [[nodiscard]] store& logs_of(const room_key& key) {
    if (key.space == room_space::relay)
      return passing; // Raw frames are never read again.
    if (shared && config.of(key.name_space()).order == room_order::total)
      return *shared;
    return kept ? *kept : passing;
  }

  /// Open rooms on this node, all loops: for `limits.rooms`.
  std::atomic<std::uint32_t> rooms{0};

  /// Open connections on this node, all loops: for `net.connections`.
  std::atomic<std::uint32_t> connections{0};

  crowds crowded;

  quarantine quarantined;

  /// Publishes that were refused because of `limits.room-mailbox`.
  std::atomic<std::uint64_t> refused_by_busy_rooms{0};

  /// Random in a node, so that nobody can work out names that all live on one
  /// loop.
  std::size_t salt = 0;

  /// The loop on which the room lives.
  [[nodiscard]] std::uint32_t home_of(const room_key& key) const {
    // MurmurHash3's last step: each bit of the result depends on all.
    std::uint64_t mixed = std::hash<room_key>{}(key) ^ salt;
    mixed = (mixed ^ (mixed >> 33)) * 0xff51afd7ed558ccd;
    mixed = (mixed ^ (mixed >> 33)) * 0xc4ceb9fe1a85ec53;
    return static_cast<std::uint32_t>((mixed ^ (mixed >> 33)) % loops.size());
  }

  /// The keeper of the room's home loop.
  [[nodiscard]] const neighbour<keeper_actor, join>&
  keeper_of(const room_key& key) const {
    return keepers[home_of(key)];
  }
};

/// Shared by all actors; outlives the loops.
using context_ptr = std::shared_ptr<node_context>;

} // namespace greenroom::actors
