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
  /// The parts of one peer's whole take no more while they are gathered: four
  /// times what a full room takes whose members tell little beside their names.
  /// A peer that holds more is not believed, and seldom asked.
  static constexpr std::size_t staged_bytes_usual = 64 * 1024 * 1024;

  explicit holdings_ledger(std::uint64_t stream,
                           std::size_t staged_bytes_max = staged_bytes_usual)
    : own_{stream, 0}, staged_bytes_max_(staged_bytes_max) {}

  // -- own

  /// What envelopes say it in: one for a difference, as many as it takes for
  /// all. `from` and `room` are the caller's to fill in.
  [[nodiscard]] std::vector<room_holdings> tell(holdings what);

  [[nodiscard]] const holdings_place& own() const { return own_; }

  // -- peers'

  struct verdict {
    std::optional<holdings> news; ///< What is to be believed.
    bool ask = false;      ///< Something was missed: the whole is wanted.
    bool too_long = false; ///< The whole is more than is gathered.
  };

  [[nodiscard]] verdict hear(room_holdings what);

  /// Whether a peer that stands there has told something that was not heard.
  [[nodiscard]] bool misses(std::uint64_t incarnation,
                            const holdings_place& at) const;

  /// Whether it is to be asked for that: once a beat, as by `hear`, however
  /// often it is noticed meanwhile. `hear` settles it.
  [[nodiscard]] bool asks_behind(std::uint64_t incarnation,
                                 const holdings_place& at);

  /// Whether what was made of the peer's words is to be compared with its own
  /// sum: it stands where it was heard to, and that was not done lately.
  [[nodiscard]] bool is_to_be_checked(std::uint64_t incarnation,
                                      const holdings_place& at);

  /// Who did not answer may be asked again.
  void next_beat() { ++beat_; }

  /// Something may have been missed of every peer, even that it left the room.
  /// All are being asked now.
  void doubt_all();

  /// What is believed of one is wrong: it is asked until it tells the whole.
  /// Who dies before is still to be forgotten.
  void doubt(std::uint64_t incarnation);

  /// Those that were asked some beats ago and have neither told the whole nor
  /// where they stand: to be asked where also those hear it who have left the
  /// room. So many at most, the others in a later beat.
  [[nodiscard]] std::vector<std::uint64_t> silent(std::size_t most);

  /// The peer is gone. Whether anything of it was believed.
  bool forget(std::uint64_t incarnation);

  /// Nothing is known of peers any more.
  void forget_all() { heard_.clear(); }

private:
  struct peer {
    holdings_place at;       ///< How far it was heard.
    bool known = false;      ///< And nothing behind it is known to be missed.
    holdings parts;          ///< Of a whole, …
    holdings_place parts_at; ///< … and of which.
    std::size_t parts_bytes = 0;
    std::uint64_t next_part = 0;
    bool is_too_long = false;
    bool is_doubted = false;    ///< Nothing came since `doubt_all`.
    std::uint64_t asked_in = 0; ///< Which beat.
    std::uint64_t checked_in = 0;
  };

  [[nodiscard]] verdict hear_whole(peer& of, room_holdings what);
  [[nodiscard]] verdict hear_difference(peer& of, room_holdings what);
  [[nodiscard]] bool asks(peer& of) const;

  holdings_place own_;
  std::size_t staged_bytes_max_;
  std::uint64_t beat_ = 1;
  std::unordered_map<std::uint64_t, peer> heard_; ///< By incarnation.
};

} // namespace greenroom::cluster
