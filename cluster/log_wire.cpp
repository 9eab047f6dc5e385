#include "cluster/log_wire.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "cluster/envelope_fields.hpp"
#include "cluster/msgpack_writer.hpp"
#include "cluster/stored_key.hpp"
#include "cluster/stored_message.hpp"
#include "core/message_key.hpp"

namespace greenroom::cluster {

namespace {

constexpr std::uint64_t version = 1;
constexpr std::uint64_t version_of_keys = 2;
constexpr std::uint64_t version_of_tops = 2;

/// Redis counts in doubles.
constexpr std::uint64_t offset_max = std::uint64_t{1} << 53;

/// A space and a room's id.
constexpr std::size_t room_name_bytes_max = 2 + protocol::room_id_bytes_max;

void check_version(fields& from) {
  if (from.number("version") != version)
    refuse("version");
}

std::uint64_t take_offset(fields& from, const char* name) {
  auto offset = from.number(name);
  if (offset > offset_max)
    refuse(name);
  return offset;
}

/// May be empty.
std::string take_text(fields& from, const char* name) {
  return std::string{from.text(name, text_bytes_max)};
}

std::string take_epoch(fields& from) {
  return std::string{from.name("epoch", text_bytes_max)};
}

room_event_ptr take_event(std::string_view bytes) {
  auto what = decode_stored(bytes);
  // Not the end of all others: who reads on tells that this one is missing.
  return what ? std::make_shared<const room_event>(std::move(*what)) : nullptr;
}

constexpr std::size_t entry_elements = 4;

keyed_entry take_entry(fields& from, std::uint64_t offset, bool wanted) {
  auto stored = from.signed_number("stored");
  auto bytes = from.number("bytes");
  auto key = from.text("key", key_bytes_max);
  auto what = from.bytes("message");
  if (!wanted)
    return {};
  auto [session, id] = parts_of(key);
  return {
      std::string{key},
      {offset, stored, std::string{session}, std::move(id), take_event(what)},
      bytes};
}

/// Those up to offset `have` are passed over. One that cannot be read has its
/// place, and no event: it must not cost the others.
std::vector<keyed_entry> take_entries(fields& from, std::uint64_t first,
                                      std::uint64_t have) {
  std::vector<keyed_entry> to;
  for (auto offset = first; !from.at_end(); ++offset) {
    auto left = from.left();
    if (left < entry_elements)
      refuse("entry");
    keyed_entry entry{{}, {offset, 0, {}, {}, nullptr}, 0};
    try {
      entry = take_entry(from, offset, offset > have);
    } catch (const bad_field&) {
      while (from.left() > left - entry_elements)
        from.skip();
    }
    if (offset > have)
      to.push_back(std::move(entry));
  }
  return to;
}

/// Those that cannot be read are left out: they must not cost the others.
std::vector<stored_key> take_keys(std::string_view bytes) {
  std::vector<stored_key> to;
  each_array(bytes, "key", [&](fields from) {
    stored_key key;
    key.number = take_offset(from, "number");
    key.name = from.text("name", protocol::state_key_bytes_max);
    key.until = from.signed_number("until");
    static_cast<void>(from.number("bytes"));
    if (decode_stored(from.bytes("value"), key))
      to.push_back(std::move(key));
  });
  std::ranges::sort(to, {}, &stored_key::number);
  return to;
}

published_entries take_entries_published(fields& from, std::string_view epoch,
                                         std::uint64_t have) {
  published_entries to;
  to.epoch = take_epoch(from);
  to.start = take_offset(from, "start");
  to.first = take_offset(from, "first");
  to.entries =
      take_entries(from, to.start, to.epoch == epoch ? have : offset_max);
  return to;
}

published_keys take_keys_published(fields& from) {
  published_keys to;
  to.epoch = take_epoch(from);
  to.before = take_offset(from, "number");
  while (!from.at_end()) {
    auto each = from.list("key");
    stored_key key;
    key.number = take_offset(each, "number");
    if (key.number != to.before + to.changes.size() + 1)
      refuse("number");
    key.name = each.text("name", protocol::state_key_bytes_max);
    key.until = each.signed_number("until");
    static_cast<void>(each.number("bytes"));
    if (!decode_stored(each.bytes("value"), key))
      refuse("value");
    to.changes.push_back(std::move(key));
  }
  return to;
}

published take_published(fields from, std::string_view epoch,
                         std::uint64_t have) {
  auto what = from.number("version");
  if (what == version_of_keys)
    return take_keys_published(from);
  if (what != version)
    refuse("version");
  return take_entries_published(from, epoch, have);
}

keys_answer take_keys_answer(fields from) {
  using enum key_answer::verdict;
  constexpr std::array said{accepted, conflict, too_large, accepted};
  constexpr std::uint64_t is_set = 0;
  check_version(from);
  keys_answer to;
  to.epoch = take_epoch(from);
  while (!from.at_end()) {
    auto verdict = from.number("verdict");
    if (verdict >= said.size())
      refuse("verdict");
    to.verdicts.push_back(
        {{said[verdict], take_offset(from, "number")}, verdict == is_set});
  }
  return to;
}

append_answer take_append_answer(fields from) {
  check_version(from);
  append_answer to;
  to.epoch = take_epoch(from);
  to.top = take_offset(from, "top");
  to.first = take_offset(from, "first");
  while (!from.at_end()) {
    auto verdict = from.number("verdict");
    if (verdict > static_cast<std::uint64_t>(appended::verdict::conflict))
      refuse("verdict");
    to.verdicts.push_back(
        {static_cast<appended::verdict>(verdict), take_offset(from, "offset")});
  }
  return to;
}

read_answer take_read_answer(fields from) {
  check_version(from);
  read_answer to;
  to.epoch = take_epoch(from);
  to.top = take_offset(from, "top");
  to.first = take_offset(from, "first");
  if (to.first == 0 || to.first > to.top + 1)
    refuse("first");
  to.prev = take_text(from, "prev");
  to.base = take_offset(from, "base");
  to.from = take_offset(from, "from");
  to.known = from.flag("known");
  to.start = take_offset(from, "start");
  to.state = take_offset(from, "number");
  auto is_whole = from.flag("whole");
  auto keys = from.bytes("keys");
  if (is_whole)
    to.keys = take_keys(keys);
  to.entries = take_entries(from, to.start, 0);
  return to;
}

log_tops take_tops(fields from) {
  if (from.number("version") != version_of_tops)
    refuse("version");
  log_tops to;
  to.node = from.name("node", text_bytes_max);
  to.number = from.number("number");
  while (!from.at_end()) {
    if (to.logs.size() == log_tops::logs_max)
      refuse("logs");
    std::string room{from.text("room", room_name_bytes_max)};
    auto epoch = take_epoch(from);
    auto top = take_offset(from, "top");
    to.logs.push_back(
        {std::move(room), std::move(epoch), top, take_offset(from, "number")});
  }
  return to;
}

} // namespace

std::string pack_entry(std::int64_t stored, std::uint64_t bytes,
                       std::string_view key, const room_event_ptr& what) {
  std::string out;
  string_sink sink{out};
  packer to{sink};
  to.pack(stored).pack(bytes);
  put_text(to, key);
  const auto* said = what ? std::get_if<posted>(what.get()) : nullptr;
  put_bytes(to, said == nullptr ? std::string{} : encode_stored(*said));
  return out;
}

std::string pack_key(const stored_key& what) {
  std::string out;
  string_sink sink{out};
  packer to{sink};
  bool is_there = !what.now.empty();
  to.pack(is_there ? what.until : std::int64_t{0});
  to.pack(is_there ? std::max<std::uint64_t>(bytes_of(what), 1) : 0);
  put_bytes(to, encode_stored(what));
  return out;
}

boost::system::result<published, decode_error>
decode_published(std::string_view bytes, std::string_view epoch,
                 std::uint64_t have) {
  return decode_array(bytes, "publication", [&](fields from) {
    return take_published(from, epoch, have);
  });
}

boost::system::result<keys_answer, decode_error>
decode_keys_answer(std::string_view bytes) {
  return decode_array(bytes, "answer to a set", take_keys_answer);
}

boost::system::result<append_answer, decode_error>
decode_append_answer(std::string_view bytes) {
  return decode_array(bytes, "answer to an append", take_append_answer);
}

boost::system::result<read_answer, decode_error>
decode_read_answer(std::string_view bytes) {
  return decode_array(bytes, "answer to a read", take_read_answer);
}

std::string encode_tops(const log_tops& what) {
  std::string bytes;
  string_sink sink{bytes};
  packer to{sink};
  to.pack_array(static_cast<std::uint32_t>(3 + 4 * what.logs.size()));
  to.pack(version_of_tops);
  put_text(to, what.node);
  to.pack(what.number);
  for (const auto& each : what.logs) {
    put_text(to, each.room);
    put_text(to, each.epoch);
    to.pack(each.top);
    to.pack(each.state);
  }
  return bytes;
}

boost::system::result<log_tops, decode_error>
decode_tops(std::string_view bytes) {
  return decode_array(bytes, "word about logs", take_tops);
}

std::string room_name(const room_key& room) {
  return (room.space == room_space::protocol ? "p:" : "r:") + room.id;
}

} // namespace greenroom::cluster
