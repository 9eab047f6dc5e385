#include "core/protocol/codec.hpp"

#include "core/protocol/fields.hpp"
#include "core/protocol/json.hpp"
#include "core/protocol/msgpack.hpp"
#include "core/utf8.hpp"

namespace greenroom::protocol {

namespace {

/// About how much a message takes, so that most are written with one
/// allocation. A wrong guess only costs another one.
template <class Message>
std::size_t likely_size(const Message&) {
  return 256;
}

std::size_t likely_size(const room_message& what) {
  return 160 + what.room_id.size() + what.user_id.size() + what.event.size()
         + (what.body ? what.body->said.bytes.size() : 0);
}

std::size_t likely_size(std::span<const state_change> changes) {
  constexpr std::size_t names_of_fields = 48;
  std::size_t size = 16;
  for (const auto& each : changes)
    size += names_of_fields + each.key.size() + each.user_id.size()
            + (each.now ? each.now->bytes.size() : 0);
  return size;
}

std::size_t likely_size(const state& what) {
  return 64 + what.room_id.size() + likely_size(what.changes);
}

std::size_t likely_size(const history& what) {
  std::size_t size = 256;
  for (const auto& each : what.messages)
    size += likely_size(each);
  return size;
}

std::size_t likely_size(const std::vector<member>& members) {
  std::size_t size = 0;
  for (const auto& who : members)
    size += likely_size(who);
  return size;
}

std::size_t likely_size(const joined& what) {
  return 256 + (what.members ? what.members->size() : 0)
         + (what.state ? what.state->size() : 0);
}

std::size_t likely_size(const presence& what) {
  return 256 + (what.members ? what.members->size() : 0)
         + likely_size(what.joined) + likely_size(what.left);
}

std::size_t likely_size(const presence_by_user& what) {
  return 256 + what.room_id.size() + (what.users ? what.users->size() : 0);
}

template <class Message>
std::string written(encoding as, const Message& what) {
  std::string out;
  out.reserve(likely_size(what));
  if (as == encoding::json)
    write(json::writer{out}, what);
  else
    write(msgpack::writer{out}, what);
  return out;
}

/// U+0000 to U+001F, U+007F to U+009F. `text` is UTF-8.
bool has_control_character(std::string_view text) {
  unsigned char before = 0;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (before == 0xc2 && byte < 0xa0))
      return true;
    before = byte;
  }
  return false;
}

} // namespace

bool is_name(std::string_view name, std::size_t bytes_max) {
  return !name.empty() && name.size() <= bytes_max && is_utf8(name)
         && !has_control_character(name);
}

std::size_t likely_size(const member& who) {
  constexpr std::size_t names_of_fields = 48;
  return names_of_fields + who.connection_id.size() + who.user_id.size()
         + who.info_json.size();
}

decoded decode(encoding as, std::string_view bytes,
               const decode_limits& limits) {
  return as == encoding::json ? json::decode(bytes, limits)
                              : msgpack::decode(bytes, limits);
}

#define GREENROOM_ENCODE(type)                                                 \
  std::string encode(encoding as, const type& what) {                          \
    return written(as, what);                                                  \
  }
GREENROOM_ENCODE(auth_success)
GREENROOM_ENCODE(joined)
GREENROOM_ENCODE(left)
GREENROOM_ENCODE(room_message)
GREENROOM_ENCODE(history)
GREENROOM_ENCODE(state)
GREENROOM_ENCODE(resumed)
GREENROOM_ENCODE(typing_changed)
GREENROOM_ENCODE(presence)
GREENROOM_ENCODE(presence_by_user)
GREENROOM_ENCODE(ack)
GREENROOM_ENCODE(pong)
GREENROOM_ENCODE(gap)
GREENROOM_ENCODE(degraded)
GREENROOM_ENCODE(healed)
GREENROOM_ENCODE(go_away)
GREENROOM_ENCODE(error)
#undef GREENROOM_ENCODE

std::string encode_members(encoding as,
                           std::span<const member* const> members) {
  std::size_t size = 16;
  for (const auto* who : members)
    size += likely_size(*who);
  std::string out;
  out.reserve(size);
  if (as == encoding::json)
    write_members(json::writer{out}, members);
  else
    write_members(msgpack::writer{out}, members);
  return out;
}

std::string encode_users(encoding as, std::span<const present_user> list) {
  constexpr std::size_t names_of_fields = 40;
  std::size_t size = 16;
  for (const auto& each : list)
    size += names_of_fields + each.user_id.size() + each.info_json.size();
  std::string out;
  out.reserve(size);
  if (as == encoding::json)
    write_users(json::writer{out}, list);
  else
    write_users(msgpack::writer{out}, list);
  return out;
}

std::string encode_state(encoding as, std::span<const state_change> whole) {
  std::string out;
  out.reserve(likely_size(whole));
  if (as == encoding::json)
    write_changes(json::writer{out}, whole);
  else
    write_changes(msgpack::writer{out}, whole);
  return out;
}

} // namespace greenroom::protocol
