#pragma once

// What clients can say and what the node answers: one struct per "type", the
// fields as PROTOCOL.md names them. No wire format is known here.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/protocol/encoding.hpp"
#include "core/protocol/error_code.hpp"

namespace greenroom::protocol {

/// The `id` of a request: chosen by the client, repeated by the answer.
using request_id = std::variant<std::monostate, std::int64_t, std::string>;

[[nodiscard]] inline bool is_set(const request_id& id) {
  return id.index() != 0;
}

/// What a room message says: `text` (a string) or `data` (any value).
struct content {
  bool is_text = true;
  value said; ///< For `text` a string value, quotes or header included.
};

// -- client to node [P-2.2, P-3] ---------------------------------------------

struct auth {
  std::string token;
};

/// A place in a room's log: which life of the log, and where in it [P-4.3].
struct log_position {
  std::string epoch;
  std::uint64_t offset = 0;
};

struct join_room {
  std::string room_id;
  std::optional<std::string> user_id;
  std::optional<log_position> since;
  std::uint32_t history = 0; ///< So many of the newest messages first [P-3.16].
};

struct leave_room {
  std::string room_id;
};

struct message {
  std::string room_id;
  content body;
  std::string event;           ///< Empty: none.
  value timestamp;             ///< Empty: the node stamps its own [P-3.5].
  bool directed = false;       ///< `to` was given [P-3.7].
  std::vector<std::string> to; ///< User or connection ids.
  std::string traceparent;     ///< As it came [P-3.21]; empty: none.
};

struct typing {
  std::string room_id;
  std::optional<std::string> user_id;
  bool is_typing = true;
};

/// What a member list has one entry for [P-3.20].
enum class presence_by : std::uint8_t { connection, user };

struct list_presence {
  std::string room_id;
  presence_by by = presence_by::connection;
};

struct read_history {
  std::string room_id;
  std::optional<std::uint64_t> from; ///< Absent: the newest [P-3.16].
  std::uint32_t limit = 0;
};

struct set_state {
  std::string room_id;
  std::string key;
  value said;                              ///< Empty: the key is to be deleted.
  std::optional<std::uint64_t> if_version; ///< 0: only where there is none.
  std::optional<std::chrono::milliseconds> ttl;
  bool bound = false; ///< Goes away with the connection.
};

/// Goes on with what another connection had [P-3.18].
struct resume {
  std::string session;
  std::optional<std::string> user_id;
  std::map<std::string, log_position> rooms; ///< By room id.
};

struct ping {};

struct request {
  request_id id;
  std::variant<ping, auth, join_room, leave_room, message, typing,
               list_presence, read_history, set_state, resume>
      what;
};

/// Why bytes are not a request. `text` is for people and names the field.
struct refusal {
  error_code code = error_code::bad_message;
  std::string text;
  request_id id;       ///< Where it could be read.
  std::string room_id; ///< Where it could be read.
};

// -- node to client [P-2.3, P-4] ---------------------------------------------

struct auth_success {
  std::string user_id;
  std::string connection_id;
  std::string session;
  std::optional<std::int64_t> expires_at; ///< Milliseconds since the epoch.
  request_id id; ///< Where it answers an `auth` that had one.
};

/// One connection in a room's member list [P-4.4].
struct member {
  std::string connection_id;
  std::string user_id;
  std::string info_json; ///< From the token's `info` claim; empty: none.

  bool operator==(const member&) const = default;
};

/// One user in a room's list by user [P-3.20]. Views.
struct present_user {
  std::string_view user_id;
  std::uint64_t connections = 0;
  std::string_view info_json; ///< Empty: none of them has any.
};

enum class order_mode : std::uint8_t { total, fifo };

struct joined {
  std::string room_id;
  request_id id;
  order_mode order = order_mode::fifo;
  log_position at;
  /// Only where `since` was given, and where the epoch has changed.
  std::optional<bool> recovered;
  std::string reason; ///< Why not recovered; empty: none.
  std::uint64_t member_count = 0;
  /// By `encode_members`, in the message's encoding. Absent without the right
  /// `p`, and in rooms too big to list.
  std::optional<std::string_view> members;
  /// By `encode_state`. Absent where the room has none.
  std::optional<std::string_view> state = std::nullopt;
  /// The epoch before, and up to where it is the same log as this one [P-4.19].
  std::optional<log_position> previous = std::nullopt;
};

struct left {
  std::string room_id;
  request_id id;
  std::string reason; ///< Empty: the client asked for it.
};

/// A message as members see it. Views: encoded at once, never kept.
struct room_message {
  std::string_view room_id;
  std::string_view user_id;
  const content* body = nullptr;
  std::string_view event;
  const value* timestamp = nullptr;    ///< Null: `stamped` counts.
  std::int64_t stamped = 0;            ///< Milliseconds since the epoch.
  std::optional<std::uint64_t> offset; ///< Absent for directed messages.
  /// Of a replayed message: the reader's session sent it, under this id
  /// [P-4.2.1].
  const request_id* id = nullptr;
};

/// An answer to `read_history`; each message without its room [P-4.15].
struct history {
  std::string_view room_id;
  request_id id;
  log_position at; ///< Where the room is now.
  std::span<const room_message> messages;
};

/// One key of a room's state in its newest version. Views.
struct state_change {
  std::string_view key;
  const value* now = nullptr; ///< Null or empty: it was deleted.
  std::uint64_t version = 0;
  std::string_view user_id; ///< Who changed it.
};

struct state {
  std::string_view room_id;
  std::span<const state_change> changes;
  bool whole = false; ///< What is not in it is not in the room [P-4.17].
};

/// What became of one room of a `resume` [P-4.16].
struct resumed_room {
  std::string room_id;
  std::optional<log_position> at; ///< Where it is now; absent: not entered.
  bool recovered = false;
  std::string reason;                ///< Why not recovered; empty: none.
  std::optional<error_code> refused; ///< Why not entered.
};

struct resumed {
  request_id id;
  std::string session;       ///< Another than was asked for: that is over.
  std::string connection_id; ///< Empty: the one that `auth_success` told.
  std::string user_id;
  std::vector<resumed_room> rooms;
};

struct typing_changed {
  std::string_view room_id;
  std::string_view user_id;
  bool is_typing = true;
};

/// A whole list (`members`) or a difference (`joined`, `left`).
struct presence {
  std::string room_id;
  request_id id;
  std::uint64_t member_count = 0;
  std::optional<std::string_view> members; ///< As in `joined`.
  std::vector<member> joined;
  std::vector<member> left;
};

/// Answers `presence` by user; never a difference.
struct presence_by_user {
  std::string_view room_id;
  request_id id;
  std::uint64_t member_count = 0; ///< Connections.
  std::uint64_t user_count = 0;
  std::optional<std::string_view> users; ///< By `encode_users`.
};

struct ack {
  request_id id;
  std::string room_id;
  std::optional<log_position> at;         ///< A message in the log.
  std::optional<std::uint64_t> delivered; ///< A directed one [P-3.7].
  bool duplicate = false;
  bool degraded = false;
  std::optional<std::uint64_t> version = std::nullopt; ///< Of a `set_state`.
};

struct pong {
  request_id id;
};

struct gap {
  std::string room_id;
  std::string epoch;
  std::uint64_t from = 0; ///< First offset that was not sent.
  std::uint64_t to = 0;   ///< Last offset that was not sent.
  std::string reason;
};

struct degraded {
  std::string room_id;
};

struct healed {
  std::string room_id;
};

/// The node is about to drain.
struct go_away {
  std::int64_t reconnect_after = 0; ///< Milliseconds.
};

/// What a key holds, where `ifVersion` expected something else [P-4.6].
struct present_state {
  std::uint64_t version = 0; ///< 0: it holds nothing.
  value now;                 ///< Empty: nothing.
};

struct error {
  error_code code = error_code::internal;
  std::string text;
  request_id id;
  std::string room_id;                                 ///< Empty: none.
  std::optional<std::int64_t> retry_after;             ///< Milliseconds.
  std::optional<present_state> present = std::nullopt; ///< Of a `conflict`.
};

} // namespace greenroom::protocol
