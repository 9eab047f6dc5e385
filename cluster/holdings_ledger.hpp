#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "cluster/envelope.hpp"

namespace greenroom::cluster {

/// What nodes hold in one room, by number: how far this node has told its own
/// holdings, and how far it has heard those of each peer. Decides what a peer's
/// words mean; keeps none of them but the parts of a whole that is not yet
/// complete. One thread.
class holdings_ledger {
public:
  explicit holdings_ledger(std::uint64_t stream) : own_{stream, 0} {}

  // -- own

  /// What envelopes say it in: one for a difference, as many as it takes for
  /// all. `from` and `room` are the caller's to fill in.
  [[nodiscard]] std::vector<room_holdings> tell(holdings what);

  [[nodiscard]] const holdings_place& own() const { return own_; }

  // -- peers'

  struct verdict {
    std::optional<holdings> news; ///< What is to be believed.
    bool ask = false; ///< Something was missed: the whole is wanted.
  };

  [[nodiscard]] verdict hear(room_holdings what);

  /// Whether a peer that stands there has told something that was not heard.
  /// It is asked for once; `hear` settles it.
  [[nodiscard]] bool misses(std::uint64_t incarnation,
                            const holdings_place& at);

  /// The peer is gone. Whether anything of it was believed.
  bool forget(std::uint64_t incarnation);

  /// Nothing is known of peers any more.
  void forget_all() { heard_.clear(); }

private:
  struct peer {
    holdings_place at;
    bool known = false; ///< `at` was heard in full.
    holdings parts;     ///< Of a whole.
    std::uint64_t next_part = 0;
  };

  [[nodiscard]] verdict hear_whole(peer& of, room_holdings what);
  [[nodiscard]] verdict hear_difference(peer& of, room_holdings what);

  holdings_place own_;
  std::unordered_map<std::uint64_t, peer> heard_; ///< By incarnation.
};

} // namespace greenroom::cluster
