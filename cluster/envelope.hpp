#pragma once

// What nodes say to each other: every message on the bus is one envelope.
//
// An envelope is a MessagePack array whose first element is the version:
//
//   [version, kind, node, incarnation, …]                       all kinds
//   [1, 1…15, node, incarnation, stream, sequence, space, id, event]  traffic
//   [1, 16…, node, incarnation]                                       signs
//   [1, 19, node, incarnation, space, id, stream, since, version, part, last,
//    whole, joined, left, keys]                                    holdings
//       each joined [connection, user, info, at], each left a connection, each
//       key [name, value, user, connection, ttl (-1: none), number]
//   [1, 20, node, incarnation, space, id, incarnation or 0]          wanted
//   [1, 21, node, incarnation, [[space, id, stream, version, sum], …]] digest
//   [1, 22, node, incarnation, milliseconds, anew]              reports wanted
//   [1, 23, node, incarnation, report]                          report
//
//   event of posted   [user, is_text, said, event, timestamp, stamped, key?,
//                      trace?]
//            directed [user, …, stamped, to, key?, trace?]
//            typing   [connection, user, is_typing]
//            relayed  [is_text, bytes]
//            several  [[kind, event], …], the first with the number that the
//                     envelope names, each with the next
//   a sign ends with the highest kind of traffic that its node reads
//
// and a value that a client gave is [encoding, bytes]. Places are never reused.
// A later node appends elements, which an older one ignores; a new kind is
// skipped by older nodes; only a change that both would misread takes a new
// version. So nodes can be upgraded one by one: `several` is sent only while
// all peers say that they read it.

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/system/result.hpp>

#include "cluster/decode_error.hpp"
#include "core/holdings.hpp"
#include "core/room_event.hpp"
#include "core/room_key.hpp"

namespace greenroom::cluster {

inline constexpr std::uint64_t envelope_version = 1;

/// Node ids: 1 to 128 bytes of UTF-8 with no control character.
inline constexpr std::size_t node_id_bytes_max = 128;

/// One run of a node. The incarnation is a random number of the process start,
/// so that a restarted node is not taken for its former life.
struct node_run {
  std::string node;
  std::uint64_t incarnation = 0;

  auto operator<=>(const node_run&) const = default;
};

/// Where a message stands. A stream is one life of a room on its origin, from
/// `watch` to `unwatch`; streams of one run are numbered in the order of their
/// beginning, the messages of one stream from 1 without a hole.
struct place {
  std::uint64_t stream = 0;
  std::uint64_t sequence = 0;
};

/// The numbers of the kinds: a contract between nodes, never renumbered.
enum class traffic : std::uint8_t {
  posted = 1,
  directed = 2,
  typing = 3,
  relayed = 4,
  several = 5,
};

/// Things that happened in a room on the node that says it.
struct room_traffic {
  node_run from;
  place at; ///< Of the first; each has the next number.
  room_key room;
  std::vector<room_event_ptr> what; ///< One at least.
};

/// Events in one envelope: beyond, a node begins another.
inline constexpr std::size_t envelope_events_max = 256;
/// Their bytes, about: small beside what may be on its way to Redis, so that a
/// full queue drops little at a time. A larger event goes alone.
inline constexpr std::size_t envelope_bytes_max = 32 * 1024;

enum class sign : std::uint8_t { hello = 16, beat = 17, bye = 18 };

/// A node tells that it lives, or that it leaves.
struct node_sign {
  node_run from;
  sign says = sign::beat;
  /// The highest kind of traffic that it reads, as far as it says so.
  std::uint64_t reads = static_cast<std::uint64_t>(traffic::several);
};

/// The numbers of what nodes say of their holdings: a contract like the others.
enum class holdings_word : std::uint8_t { held = 19, wanted = 20, digest = 21 };

/// Where a node's holdings of a room stand: in which life of the room there,
/// and after how many differences.
struct holdings_place {
  std::uint64_t stream = 0;
  std::uint64_t version = 0;

  auto operator<=>(const holdings_place&) const = default;
};

/// What a node holds in a room: a difference from version `since` on, or, in as
/// many parts as it takes, the whole.
struct room_holdings {
  node_run from;
  room_key room;
  holdings_place at;       ///< With this.
  std::uint64_t since = 0; ///< Of a difference.
  std::uint64_t part = 0;
  bool last = true;
  holdings what;
};

/// The peers, or one of them, are to tell the whole. On the nodes' channel, one
/// also answers that it has left the room.
struct holdings_wanted {
  node_run from;
  room_key room;
  std::uint64_t whose = 0; ///< Incarnation; 0: everybody's.
};

/// Where a node's holdings stand, of some of its rooms: for who missed the
/// latest difference.
struct holdings_digest {
  struct line {
    room_key room;
    holdings_place at;
    /// What the members come to, see roster; none from older nodes, and of a
    /// room that was left.
    std::optional<std::uint64_t> members_sum = {};
  };

  node_run from;
  std::vector<line> rooms;
};

/// The numbers of what is said because somebody watches the whole cluster
/// (docs/dashboard.md): a contract like the others.
enum class watch_word : std::uint8_t { wanted = 22, report = 23 };

/// The peers are to report to the node that says this, over its own channel,
/// for so long; 0: no longer. On the nodes' channel.
struct reports_wanted {
  node_run from;
  std::chrono::milliseconds lasts{};
  bool anew = false; ///< Somebody there has seen nothing yet.
};

/// Of the node that says it, one line of JSON: the cluster only carries it.
struct node_report {
  node_run from;
  std::string text;
};

inline constexpr std::size_t report_bytes_max = 64 * 1024;

/// In one envelope, of each kind of what is held.
inline constexpr std::size_t holdings_part_max = 256;
inline constexpr std::size_t digest_lines_max = 256;

/// An envelope of a version that this node knows and a kind that it does not:
/// a newer node sent it. To be counted and skipped.
struct unknown_kind {
  node_run from;
  std::uint64_t kind = 0;
  std::optional<place> at; ///< Traffic: its number counts, or a gap is seen.
};

using envelope =
    std::variant<room_traffic, node_sign, room_holdings, holdings_wanted,
                 holdings_digest, reports_wanted, node_report, unknown_kind>;

[[nodiscard]] std::string encode(const node_run& from, const place& at,
                                 const room_key& room, const room_event& what);

/// As many of `events` as belong into one envelope, from the first on; gives
/// their number in `taken`.
[[nodiscard]] std::string encode(const node_run& from, const place& at,
                                 const room_key& room,
                                 std::span<const room_event_ptr> events,
                                 std::size_t& taken);

[[nodiscard]] std::string encode(const node_sign& what);
[[nodiscard]] std::string encode(const room_holdings& what);
[[nodiscard]] std::string encode(const holdings_wanted& what);
[[nodiscard]] std::string encode(const holdings_digest& what);
[[nodiscard]] std::string encode(const reports_wanted& what);
[[nodiscard]] std::string encode(const node_report& what);

/// Whether `bytes` are an envelope of the run `own`. False says nothing.
class own_envelopes {
public:
  explicit own_envelopes(const node_run& own);
  [[nodiscard]] bool has(std::string_view bytes) const;

private:
  std::string head_; ///< What all of them have behind their kind.
};

/// Reads one envelope. Total: any bytes give an envelope or an error. Values
/// are checked as a client's own are: what a peer, or whoever else writes to
/// Redis, says must not end the connections of ours.
[[nodiscard]] boost::system::result<envelope, decode_error>
decode(std::string_view bytes);

} // namespace greenroom::cluster
