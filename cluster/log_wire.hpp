#pragma once

// What nodes and the functions in Redis (cluster/room_functions.lua) say to
// each other about a log, and nodes about their logs: MessagePack arrays, each
// with a version in front. A later version appends elements to the head of one,
// never to what repeats behind it.
//
//   published  [version, epoch, start, first, entry…]
//              of the first one's offset; none: an epoch begins there
//   appended   [version, epoch, top, first, (verdict, offset)…]
//   read       [version, epoch, top, first, prev, base, from, known, start,
//               entry…]
//   tops       [version, node, number, (room, epoch, top)…]
//
// An entry is four elements: stored, bytes, key, message (as
// cluster/stored_message.hpp has it). All decoders are total.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "cluster/decode_error.hpp"
#include "core/store.hpp"

namespace greenroom::cluster {

/// An entry as `append` takes it: without an array around it. No event: a log
/// that keeps no messages may say so.
[[nodiscard]] std::string pack_entry(std::int64_t stored, std::uint64_t bytes,
                                     std::string_view key,
                                     const room_event_ptr& what);

/// An entry of a log with the key that it has there. No event: it cannot be
/// read, or was not asked for.
struct keyed_entry {
  std::string key;
  log_entry is;
  std::uint64_t bytes = 0;
};

struct published_entries {
  std::string epoch;
  std::uint64_t start = 0; ///< Offset of the first entry.
  std::uint64_t first = 1; ///< That is kept.
  std::vector<keyed_entry> entries;
};

/// Of entries up to `have` in `epoch`, which nobody wants again, only the
/// places are looked at: they are left out.
[[nodiscard]] boost::system::result<published_entries, decode_error>
decode_published(std::string_view bytes, std::string_view epoch,
                 std::uint64_t have);

struct append_answer {
  std::string epoch;
  std::uint64_t top = 0;
  std::uint64_t first = 1;
  std::vector<appended> verdicts;
};

[[nodiscard]] boost::system::result<append_answer, decode_error>
decode_append_answer(std::string_view bytes);

struct read_answer {
  std::string epoch;
  std::uint64_t top = 0;
  std::uint64_t first = 1;
  std::string prev;
  std::uint64_t base = 0;
  std::uint64_t from = 0;
  bool known = false;
  std::uint64_t start = 1; ///< Offset of the first entry, if there are any.
  std::vector<keyed_entry> entries;
};

[[nodiscard]] boost::system::result<read_answer, decode_error>
decode_read_answer(std::string_view bytes);

/// Where a node's logs are: its word to the others, and to itself a sign that
/// what is published comes.
struct log_tops {
  struct at {
    std::string room; ///< As `room_name` has it.
    std::string epoch;
    std::uint64_t top = 0;
  };

  /// In one message; more go in several.
  static constexpr std::size_t logs_max = 256;

  std::string node;
  std::uint64_t number = 0; ///< Counts the node's messages.
  std::vector<at> logs;
};

[[nodiscard]] std::string encode_tops(const log_tops& what);

[[nodiscard]] boost::system::result<log_tops, decode_error>
decode_tops(std::string_view bytes);

/// `p:ID` or `r:ID`: both spaces in one name.
[[nodiscard]] std::string room_name(const room_key& room);

} // namespace greenroom::cluster
