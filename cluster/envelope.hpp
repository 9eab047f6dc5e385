#pragma once

// What nodes say to each other: every message on the bus is one envelope.
//
// An envelope is a MessagePack array whose first element is the version:
//
//   [version, kind, node, incarnation, …]                       all kinds
//   [1, 1…15, node, incarnation, stream, sequence, space, id, event]  traffic
//   [1, 16…, node, incarnation]                                       signs
//
//   event of posted   [user, is_text, said, event, timestamp, stamped]
//            directed [… as posted, to]
//            typing   [connection, user, is_typing]
//            relayed  [is_text, bytes]
//
// and a value that a client gave is [encoding, bytes]. Places are never reused.
// A later node appends elements, which an older one ignores; a new kind is
// skipped by older nodes; only a change that both would misread takes a new
// version. So nodes can be upgraded one by one.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <boost/system/result.hpp>

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

/// Something that happened in a room on the node that says it.
struct room_traffic {
  node_run from;
  place at;
  room_key room;
  room_event what;
};

enum class sign : std::uint8_t { hello = 16, beat = 17, bye = 18 };

/// A node tells that it lives, or that it leaves.
struct node_sign {
  node_run from;
  sign says = sign::beat;
};

/// An envelope of a version that this node knows and a kind that it does not:
/// a newer node sent it. To be counted and skipped.
struct unknown_kind {
  node_run from;
  std::uint64_t kind = 0;
  std::optional<place> at; ///< Traffic: its number counts, or a gap is seen.
};

using envelope = std::variant<room_traffic, node_sign, unknown_kind>;

/// Why bytes are no envelope, for the log. Holds nothing of the bytes.
struct envelope_error {
  std::string text;
};

[[nodiscard]] std::string encode(const node_run& from, const place& at,
                                 const room_key& room, const room_event& what);

[[nodiscard]] std::string encode(const node_sign& what);

/// Reads one envelope. Total: any bytes give an envelope or an error. Values
/// are checked as a client's own are: what a peer, or whoever else writes to
/// Redis, says must not end the connections of ours.
[[nodiscard]] boost::system::result<envelope, envelope_error>
decode(std::string_view bytes);

} // namespace greenroom::cluster
