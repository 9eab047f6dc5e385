#include "cluster/log_wire.hpp"

#include <utility>

#include "cluster/envelope_fields.hpp"
#include "cluster/msgpack_writer.hpp"
#include "cluster/stored_message.hpp"
#include "core/message_key.hpp"

namespace greenroom::cluster {

namespace {

constexpr std::uint64_t version = 1;

/// Redis counts in doubles.
constexpr std::uint64_t offset_max = std::uint64_t{1} << 53;

/// A session, a mark, and an id as long as clients may have them.
constexpr std::size_t key_bytes_max = 2 * text_bytes_max + 1;

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

/// Those up to offset `have` are passed over.
std::vector<keyed_entry> take_entries(fields& from, std::uint64_t first,
                                      std::uint64_t have) {
  std::vector<keyed_entry> to;
  for (auto offset = first; !from.at_end(); ++offset) {
    auto stored = from.signed_number("stored");
    auto bytes = from.number("bytes");
    auto key = from.text("key", key_bytes_max);
    auto what = from.bytes("message");
    if (offset <= have)
      continue;
    auto [session, id] = parts_of(key);
    to.push_back({std::string{key},
                  {offset, stored, std::string{session}, std::move(id),
                   take_event(what)},
                  bytes});
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
  to.entries = take_entries(from, to.start, 0);
  return to;
}

log_tops take_tops(fields from) {
  check_version(from);
  log_tops to;
  to.node = from.name("node", text_bytes_max);
  to.number = from.number("number");
  while (!from.at_end()) {
    if (to.logs.size() == log_tops::logs_max)
      refuse("logs");
    std::string room{from.text("room", room_name_bytes_max)};
    auto epoch = take_epoch(from);
    to.logs.push_back(
        {std::move(room), std::move(epoch), take_offset(from, "top")});
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

boost::system::result<published_entries, decode_error>
decode_published(std::string_view bytes, std::string_view epoch,
                 std::uint64_t have) {
  return decode_array(bytes, "publication", [&](fields from) {
    check_version(from);
    published_entries to;
    to.epoch = take_epoch(from);
    to.start = take_offset(from, "start");
    to.first = take_offset(from, "first");
    to.entries =
        take_entries(from, to.start, to.epoch == epoch ? have : offset_max);
    return to;
  });
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
  to.pack_array(static_cast<std::uint32_t>(3 + 3 * what.logs.size()));
  to.pack(version);
  put_text(to, what.node);
  to.pack(what.number);
  for (const auto& each : what.logs) {
    put_text(to, each.room);
    put_text(to, each.epoch);
    to.pack(each.top);
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
