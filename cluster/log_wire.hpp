#pragma once

// What nodes and the functions in Redis (cluster/room_functions.lua) say to
// each other about a log, and nodes about their logs: MessagePack arrays, each
// with a version in front. A later version appends elements to the head of one,
// never to what repeats behind it.
//
//   published  [version, epoch, start, first, entry…]
//              of the first one's offset; none: an epoch begins there
//              [version, epoch, number, key…]
//              changes of shared keys, and the number of the one before them
//   appended   [version, epoch, top, first, (verdict, offset)…]
//   set        [version, epoch, (verdict, number)…]
//   read       [version, epoch, top, first, prev, base, from, known, start,
//               number, whole, keys, entry…]
//              of the newest change; whether all keys follow, in one string
//   tops       [version, node, number, (room, epoch, top, number)…]
//
// An entry is four elements: stored, bytes, key, message (as
// cluster/stored_message.hpp has it). A key is an array: number, name, until,
// bytes, value (as cluster/stored_key.hpp has it). All decoders are total.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
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

/// As `set` takes it, beside its name.
[[nodiscard]] std::string pack_key(const stored_key& what);

struct published_keys {
  std::string epoch;
  std::uint64_t before = 0; ///< Number of the change before these.
  std::vector<stored_key> changes;
};

using published = std::variant<published_entries, published_keys>;

/// Of entries up to `have` in `epoch`, which nobody wants again, only the
/// places are looked at: they are left out.
[[nodiscard]] boost::system::result<published, decode_error>
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

struct keys_answer {
  struct verdict {
    /// The number is that of the change, or of the newest one that there was.
    key_answer how;
    bool is_change = false; ///< Deleting what is not there is none.
  };
  std::string epoch;
  std::vector<verdict> verdicts;
};

[[nodiscard]] boost::system::result<keys_answer, decode_error>
decode_keys_answer(std::string_view bytes);

struct read_answer {
  std::string epoch;
  std::uint64_t top = 0;
  std::uint64_t first = 1;
  std::string prev;
  std::uint64_t base = 0;
  std::uint64_t from = 0;
  bool known = false;
  std::uint64_t start = 1; ///< Offset of the first entry, if there are any.
  std::uint64_t state = 0; ///< Number of the newest change of a shared key.
  /// All of them by their numbers, where the asker has others.
  std::optional<std::vector<stored_key>> keys;
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
    std::uint64_t state = 0; ///< Number of the newest change.
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
