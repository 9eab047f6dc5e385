#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

#include "core/protocol/messages.hpp"
#include "core/settings.hpp"
#include "core/timer_queue.hpp"

namespace greenroom {

/// The map of one room on this node: what is only worth knowing in its newest
/// version [P-4.6]. Every change gets the next version, so a reader is a
/// number: `changes_since` it visits each key once, however often it changed.
///
/// Deleted keys are remembered, to be told to readers, in what the living ones
/// leave of the bounds. Who is older than what was forgotten of them needs the
/// whole.
///
/// In a cluster a key's change is known by who made it (`origin`: this node or
/// a peer) and its number there. Numbers are one logical clock: whoever makes a
/// change takes one above all that it has seen, as `set` does, and begins with
/// the time: who has seen nothing yet is not to lose to what is long past. Of
/// two changes of a key the one with the larger number stays, on every node,
/// whichever came first; of equal numbers the one with the larger origin.
/// Versions are this node's own, like offsets [P-9.1].
///
/// Where a store keeps the keys that are bound to nobody, it gives their order,
/// with numbers of its own, and `keep` does as it says. A key that somebody has
/// bound hides the one in the store, which comes back when the other goes: so
/// that both orders end alike on every node.
///
/// A change costs O(log n), reading O(changes).
class room_map {
public:
  /// What living keys are refused beyond, and deleted ones forgotten.
  struct bounds {
    std::size_t keys = 0;
    /// Of keys, values in their longer encoding, and user ids.
    std::size_t bytes = 0;

    /// The whole goes to each newcomer in one go: it must not take more than
    /// this part of what may wait for one.
    static constexpr std::size_t unsent_share = 4;

    [[nodiscard]] static bounds of(const room_settings& rules,
                                   std::size_t unsent_bytes) {
      return {rules.state_keys,
              std::min<std::size_t>(rules.state_bytes,
                                    unsent_bytes / unsent_share)};
    }
  };

  /// What is to be under a key.
  struct change {
    std::string key;
    protocol::value now; ///< Empty: nothing, the key is deleted.
    std::string user_id;
    std::string connection_id;             ///< Bound to it; empty: not bound.
    std::optional<steady_time> until = {}; ///< Deleted then.
  };

  /// The origin of what a store has put into order.
  static constexpr std::string_view kept = "*";

  struct entry : change {
    std::uint64_t version = 0;
    std::string origin;       ///< Or `kept`.
    std::uint64_t number = 0; ///< Of the change, at its origin.
    std::size_t bytes = 0;    ///< What it counts.
    bool inherited = false;   ///< This node tells it, whoever its origin is.

    [[nodiscard]] bool is_kept() const { return origin == kept; }
  };

  /// Numbers go on behind `clock`.
  room_map(bounds most, std::string self, std::uint64_t clock = 0)
    : most_(most), self_(std::move(self)), version_(clock) {}

  room_map(const room_map&) = delete; // Full of views into itself.
  room_map& operator=(const room_map&) = delete;

  /// Makes a change of this node's. Gives the map's version then, or why not:
  /// `conflict` with what the key holds, `too_large`. `if_version` has to be
  /// the key's version; 0: it must hold nothing. What is bound is left to its
  /// user.
  boost::system::result<std::uint64_t, protocol::error>
  set(change what, std::optional<std::uint64_t> if_version = {});

  /// Makes a change that was made elsewhere, where its bounds were kept. False:
  /// the key has had this or a later one, whoever tells it now.
  bool apply(change what, std::string_view origin, std::uint64_t number);

  /// Makes a change that a store has put into its order.
  void keep(change what, std::uint64_t number);

  /// Number of the change that a store has of the key, hidden or not; 0: none.
  [[nodiscard]] std::uint64_t kept_number(std::string_view key) const;

  /// Keys of this node's that went and uncovered what a store has: peers are to
  /// be told that they went. Since this was asked last.
  [[nodiscard]] std::vector<entry> take_uncovered() {
    return std::exchange(uncovered_, {});
  }

  /// Deletes what stores kept, but for these keys.
  void keep_no_more_than(const std::set<std::string_view>& keys);

  /// Why `set` would not make the change; none: it would.
  [[nodiscard]] std::optional<protocol::error>
  refusal_of(const change& what, std::optional<std::uint64_t> if_version) const;

  /// What `conflict` tells of a key.
  [[nodiscard]] protocol::error conflict_on(std::string_view key) const;

  /// Deletes what is bound to a connection of this node. Gives how many.
  std::size_t drop_connection(std::string_view connection_id);

  /// Deletes what is bound to connections of a peer. It can be applied again,
  /// when the peer was only cut off.
  std::size_t drop_node(std::string_view origin);

  /// What a peer changed last and bound to nobody is this node's to tell from
  /// now on, deletions too. No change: who has it has it as it was. Gives how
  /// many.
  std::size_t inherit(std::string_view origin);

  /// Deletes what a peer, or a store, changed last and no longer has.
  std::size_t keep_only(std::string_view origin,
                        const std::set<std::string_view>& keys);

  /// A connection of a peer is this node's now, with what is bound to it.
  std::size_t adopt(std::string_view connection_id);

  /// Deletes what is due. Every node does so by itself.
  std::size_t drop_overdue(steady_time now);

  /// When the next one is due.
  [[nodiscard]] std::optional<steady_time> next() const;

  /// Null where the key holds nothing.
  [[nodiscard]] const entry* find(std::string_view key) const;

  /// Of the newest change; 0 before the first.
  [[nodiscard]] std::uint64_t version() const { return version_; }

  /// The keys that changed after a version, in the order of their versions;
  /// those without a value were deleted. Nothing: it is too old, take `whole`.
  /// The entries stay where they are until the next change.
  [[nodiscard]] std::optional<std::vector<const entry*>>
  changes_since(std::uint64_t version) const;

  /// All living keys, in the order of their versions.
  [[nodiscard]] std::vector<const entry*> whole() const;

  [[nodiscard]] std::size_t size() const { return living_.entries.size(); }

  /// What counts towards the bound: of living keys only, and of all.
  [[nodiscard]] std::size_t living_bytes() const { return living_.bytes; }
  [[nodiscard]] std::size_t bytes() const {
    return living_.bytes + deleted_.bytes;
  }

private:
  /// Entries in the order of their versions.
  struct chain {
    std::list<entry> entries;
    std::size_t bytes = 0;
  };

  using place = std::list<entry>::iterator;
  /// Origin, connection, key.
  using owned_key =
      std::tuple<std::string_view, std::string_view, std::string_view>;

  /// What a store has under a key that is bound.
  struct hidden {
    change what;
    std::uint64_t number = 0;
  };

  void put(change what, std::string_view origin, std::uint64_t number);
  std::size_t drop_owned(std::string_view origin,
                         std::optional<std::string_view> connection_id);
  void link(place at);
  void unlink(const entry& what);
  void forget_deleted();
  [[nodiscard]] chain& chain_of(const entry& what) {
    return what.now.empty() ? deleted_ : living_;
  }

  bounds most_;
  std::string self_;
  std::uint64_t version_ = 0;
  std::uint64_t forgotten_ = 0; ///< Newest version of a key that was forgotten.
  chain living_;
  chain deleted_;
  std::unordered_map<std::string_view, place> places_;
  std::set<owned_key> owned_;
  std::set<std::pair<steady_time, std::string_view>> due_;
  std::map<std::string, hidden, std::less<>> hidden_;
  std::vector<entry> uncovered_;
};

} // namespace greenroom
