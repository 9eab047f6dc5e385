#pragma once

// The one door to the wire dialects: core/protocol/json.cpp and
// core/protocol/msgpack.cpp stand behind it.

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "core/protocol/encoding.hpp"
#include "core/protocol/messages.hpp"

namespace greenroom::protocol {

/// The bounds that decoding keeps [P-7]. Fields in bytes unless named
/// otherwise.
struct decode_limits {
  std::uint32_t depth = 64;      ///< Nesting levels of one message.
  std::uint32_t recipients = 64; ///< Entries of `to`.
  std::uint32_t rooms = 128;     ///< Entries of `rooms` in `resume`.
};

/// Room ids are 1 to 256 bytes of UTF-8 with no control character [P-3.1].
inline constexpr std::size_t room_id_bytes_max = 256;
/// User ids: the same rule as for room ids.
inline constexpr std::size_t user_id_bytes_max = 256;
inline constexpr std::size_t event_bytes_max = 256;
/// Longer ones are none [P-3.21].
inline constexpr std::size_t traceparent_bytes_max = 256;
inline constexpr std::size_t request_id_bytes_max = 128;
inline constexpr std::size_t epoch_bytes_max = 128;
inline constexpr std::size_t token_bytes_max = 16 * 1024;
/// Of a token, as JSON: member lists repeat it to everybody [P-2.16].
inline constexpr std::size_t info_bytes_max = 4 * 1024;
inline constexpr std::size_t session_bytes_max = 128;

/// Keys of a room's state: the same rule as for room ids, and shorter, as each
/// is told again with each change.
inline constexpr std::size_t state_key_bytes_max = 128;

/// A value of a room's state goes whole to every member with each change: what
/// is larger belongs into several keys.
inline constexpr std::size_t state_value_bytes_max = 16 * 1024;

/// The longest `ttl`. What is to stay longer needs none, it can be deleted.
inline constexpr std::chrono::hours state_ttl_max{30 * 24};

/// One `history`, and the `history` of a `join_room`, give no more messages;
/// who asks for more is given so many.
inline constexpr std::uint32_t history_messages_max = 1'000;

/// What one `history` gives where the client does not say.
inline constexpr std::uint32_t history_messages_usual = 100;

/// `decode_limits::depth` above this counts as this: what is nested is read by
/// recursion, and the stack is finite.
inline constexpr std::uint32_t depth_max = 512;

/// Whether `name` may name a room or a user: 1 to `bytes_max` bytes of UTF-8
/// with no control character (U+0000 to U+001F, U+007F to U+009F).
[[nodiscard]] bool is_name(std::string_view name, std::size_t bytes_max);

using decoded = boost::system::result<request, refusal>;

/// Reads one client message. Total: any bytes give a request or a refusal.
[[nodiscard]] decoded decode(encoding as, std::string_view bytes,
                             const decode_limits& limits);

/// Writes one message (the payload of one WebSocket frame).
[[nodiscard]] std::string encode(encoding as, const auth_success& what);
[[nodiscard]] std::string encode(encoding as, const joined& what);
[[nodiscard]] std::string encode(encoding as, const left& what);
[[nodiscard]] std::string encode(encoding as, const room_message& what);
[[nodiscard]] std::string encode(encoding as, const history& what);
[[nodiscard]] std::string encode(encoding as, const state& what);
[[nodiscard]] std::string encode(encoding as, const resumed& what);
[[nodiscard]] std::string encode(encoding as, const typing_changed& what);
[[nodiscard]] std::string encode(encoding as, const presence& what);
[[nodiscard]] std::string encode(encoding as, const presence_by_user& what);
[[nodiscard]] std::string encode(encoding as, const ack& what);
[[nodiscard]] std::string encode(encoding as, const pong& what);
[[nodiscard]] std::string encode(encoding as, const gap& what);
[[nodiscard]] std::string encode(encoding as, const degraded& what);
[[nodiscard]] std::string encode(encoding as, const healed& what);
[[nodiscard]] std::string encode(encoding as, const go_away& what);
[[nodiscard]] std::string encode(encoding as, const error& what);

/// A whole member list, for `joined::members` and `presence::members`.
[[nodiscard]] std::string encode_members(encoding as,
                                         std::span<const member* const> list);

/// A whole list by user, for `presence_by_user::users`.
[[nodiscard]] std::string encode_users(encoding as,
                                       std::span<const present_user> list);

/// A whole state, for `joined::state`.
[[nodiscard]] std::string encode_state(encoding as,
                                       std::span<const state_change> whole);

/// About how many bytes a member takes in such a list.
[[nodiscard]] std::size_t likely_size(const member& who);

/// The same value in the other dialect, without loss [P-3.6]. What JSON cannot
/// say (binary, extension types, NaN, maps with keys that are no strings) and
/// what MessagePack cannot (integers beyond 64 bits) is tagged as
/// docs/protocol.md tells. `from` is valid, as `decode` left it.
[[nodiscard]] std::string transcode(const value& from, encoding to);

/// How long it is in an encoding.
[[nodiscard]] std::size_t size_in(encoding as, const value& what);

/// How long it is in the encoding in which it is longer. What is bounded for
/// members of either counts so: a few bytes of one may be several times as many
/// of the other.
[[nodiscard]] std::size_t longer_size(const value& what);

/// Whether `what` is what its encoding promises, as `decode` leaves values: for
/// those that came from elsewhere.
[[nodiscard]] bool is_value(const value& what);

/// Whether it is a value, and a string.
[[nodiscard]] bool is_string_value(const value& what);

} // namespace greenroom::protocol
