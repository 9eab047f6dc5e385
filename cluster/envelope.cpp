#include "cluster/envelope.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "cluster/envelope_fields.hpp"
#include "cluster/msgpack_writer.hpp"
#include "cluster/posted_fields.hpp"

namespace greenroom::cluster {

namespace {

/// Below, kinds are traffic and carry a place, those of later nodes included.
constexpr std::uint64_t first_sign = 16;

// -- writing ------------------------------------------------------------------

/// Left out where there is none, and nothing comes behind it.
void put_rest(packer& to, const posted& what) {
  if (!what.key.empty() || what.trace)
    put_text(to, what.key);
  if (what.trace)
    put_trace(to, what);
}

std::uint32_t rest_elements(const posted& what) {
  return what.trace ? 2 : what.key.empty() ? 0 : 1;
}

void put_event(packer& to, const posted& what) {
  to.pack_array(posted_elements + rest_elements(what));
  put_posted(to, what);
  put_rest(to, what);
}

void put_event(packer& to, const directed& what) {
  to.pack_array(posted_elements + 1 + rest_elements(what.what));
  put_posted(to, what.what);
  to.pack_array(static_cast<std::uint32_t>(what.to.size()));
  for (const auto& whom : what.to)
    put_text(to, whom);
  put_rest(to, what.what);
}

void put_event(packer& to, const typing_event& what) {
  to.pack_array(3);
  put_text(to, what.connection_id);
  put_text(to, what.user_id);
  to.pack(what.is_typing);
}

void put_event(packer& to, const relayed& what) {
  to.pack_array(2).pack(what.is_text);
  put_bytes(to, what.bytes);
}

traffic kind_of(const posted&) {
  return traffic::posted;
}

traffic kind_of(const directed&) {
  return traffic::directed;
}

traffic kind_of(const typing_event&) {
  return traffic::typing;
}

traffic kind_of(const relayed&) {
  return traffic::relayed;
}

using cluster::likely_size;

std::size_t likely_size(const directed& what) {
  auto size = likely_size(what.what);
  for (const auto& whom : what.to)
    size += 3 + whom.size();
  return size;
}

std::size_t likely_size(const typing_event& what) {
  return 16 + what.connection_id.size() + what.user_id.size();
}

std::size_t likely_size(const relayed& what) {
  return 16 + what.bytes.size();
}

std::size_t likely_size(const room_event& what) {
  return std::visit([](const auto& event) { return likely_size(event); }, what);
}

/// How many of `events` belong into one envelope, and their bytes.
std::size_t first_few(std::span<const room_event_ptr> events,
                      std::size_t& bytes) {
  std::size_t count = 0;
  bytes = 0;
  for (const auto& each :
       events.first(std::min(events.size(), envelope_events_max))) {
    auto size = likely_size(*each);
    if (count > 0 && bytes + size > envelope_bytes_max)
      break;
    bytes += size;
    ++count;
  }
  return count;
}

void put_head(packer& to, std::uint32_t elements, std::uint8_t kind,
              const node_run& from) {
  to.pack_array(elements).pack(envelope_version).pack(kind);
  put_text(to, from.node);
  to.pack(from.incarnation);
}

void put_traffic_head(packer& to, traffic kind, const node_run& from,
                      const place& at, const room_key& room) {
  put_head(to, 9, static_cast<std::uint8_t>(kind), from);
  to.pack(at.stream).pack(at.sequence);
  to.pack(static_cast<std::uint8_t>(room.space));
  put_text(to, room.id);
}

void put_room(packer& to, const room_key& room) {
  to.pack(static_cast<std::uint8_t>(room.space));
  put_text(to, room.id);
}

/// At most, of what stands before the event.
std::size_t head_bytes(const node_run& from, const room_key& room) {
  return 48 + from.node.size() + room.id.size();
}

// -- reading ------------------------------------------------------------------

void take_rest_of(posted& to, fields& from) {
  if (!from.at_end())
    to.key = from.text("key", key_bytes_max);
  to.trace = take_trace(from);
}

posted take_whole_posted(fields& from) {
  auto to = take_posted(from);
  take_rest_of(to, from);
  return to;
}

directed take_directed(fields& from) {
  directed to{take_posted(from), {}};
  auto whom = from.list("to");
  while (!whom.at_end())
    to.to.emplace_back(whom.text("to", text_bytes_max));
  take_rest_of(to.what, from);
  return to;
}

typing_event take_typing(fields& from) {
  typing_event to;
  to.connection_id = from.text("connection", text_bytes_max);
  to.user_id = from.text("user", text_bytes_max);
  to.is_typing = from.flag("is_typing");
  return to;
}

relayed take_relayed(fields& from) {
  relayed to;
  to.is_text = from.flag("is_text");
  to.bytes = from.bytes("bytes");
  if (to.is_text && !is_utf8(to.bytes))
    refuse("bytes");
  return to;
}

/// Each space has its own events: a room of one has no words for the other's.
room_event_ptr take_event(std::uint64_t kind, room_space space, fields from) {
  if (kind > std::numeric_limits<std::uint8_t>::max())
    refuse("kind");
  auto is = static_cast<traffic>(kind);
  if ((is == traffic::relayed) != (space == room_space::relay))
    refuse("kind");
  switch (is) {
  case traffic::posted:
    return std::make_shared<const room_event>(take_whole_posted(from));
  case traffic::directed:
    return std::make_shared<const room_event>(take_directed(from));
  case traffic::typing:
    return std::make_shared<const room_event>(take_typing(from));
  case traffic::relayed:
    return std::make_shared<const room_event>(take_relayed(from));
  default:
    refuse("kind");
  }
}

std::vector<room_event_ptr> take_several(room_space space, fields from) {
  std::vector<room_event_ptr> to;
  to.reserve(from.left());
  while (!from.at_end()) {
    auto each = from.list("event");
    auto kind = each.number("kind");
    to.push_back(take_event(kind, space, each.list("event")));
  }
  if (to.empty())
    refuse("event");
  return to;
}

place take_place(fields& from) {
  place to;
  to.stream = from.number("stream");
  to.sequence = from.number("sequence");
  if (to.stream == 0 || to.sequence == 0)
    refuse("sequence");
  return to;
}

room_traffic take_traffic(node_run sender, traffic kind, fields& from) {
  room_traffic to;
  to.from = std::move(sender);
  to.at = take_place(from);
  auto space = from.number("space");
  if (space > static_cast<std::uint64_t>(room_space::relay))
    refuse("space");
  to.room.space = static_cast<room_space>(space);
  to.room.id = from.name("room", text_bytes_max);
  if (kind == traffic::several)
    to.what = take_several(to.room.space, from.list("event"));
  else
    to.what.push_back(take_event(static_cast<std::uint64_t>(kind),
                                 to.room.space, from.list("event")));
  // The last number must be one, too.
  if (to.at.sequence > UINT64_MAX - to.what.size())
    refuse("sequence");
  return to;
}

room_key take_room(fields& from) {
  auto space = from.number("space");
  if (space > static_cast<std::uint64_t>(room_space::relay))
    refuse("space");
  return {static_cast<room_space>(space),
          std::string{from.name("room", text_bytes_max)}};
}

protocol::member take_member(fields& from) {
  protocol::member who;
  who.connection_id = from.name("connection", text_bytes_max);
  who.user_id = from.name("user", text_bytes_max);
  who.info_json = from.text("info", SIZE_MAX);
  // From a node that allows more: the others of the envelope are not to pay.
  if (who.info_json.size() > protocol::info_bytes_max)
    who.info_json.clear();
  if (!who.info_json.empty()
      && !protocol::is_value({protocol::encoding::json, who.info_json}))
    refuse("info");
  return who;
}

holdings::key take_key(fields from) {
  holdings::key to;
  to.name = from.name("name", protocol::state_key_bytes_max);
  to.now = take_optional_value(from, "value");
  if (to.now.bytes.size() > protocol::state_value_bytes_max)
    refuse("value");
  to.user_id = from.text("user", text_bytes_max);
  to.connection_id = from.text("connection", text_bytes_max);
  auto ttl = from.signed_number("ttl");
  if (ttl >= 0)
    to.ttl = std::min<std::chrono::milliseconds>(std::chrono::milliseconds{ttl},
                                                 protocol::state_ttl_max);
  // As far as clients can count, so that a clock never comes to its end.
  constexpr std::uint64_t number_max = 1ULL << 53;
  to.number = from.number("number");
  if (to.number == 0 || to.number > number_max)
    refuse("number");
  return to;
}

room_holdings take_holdings(node_run sender, fields& from) {
  room_holdings to;
  to.from = std::move(sender);
  to.room = take_room(from);
  to.at.stream = from.number("stream");
  to.since = from.number("since");
  to.at.version = from.number("version");
  to.part = from.number("part");
  to.last = from.flag("last");
  to.what.whole = from.flag("whole");
  auto joined = from.list("joined");
  while (!joined.at_end()) {
    auto each = joined.list("joined");
    auto who = take_member(each);
    to.what.joined.push_back({std::move(who), each.signed_number("at")});
  }
  auto left = from.list("left");
  while (!left.at_end())
    to.what.left.emplace_back(left.name("left", text_bytes_max));
  auto keys = from.list("keys");
  while (!keys.at_end())
    to.what.keys.push_back(take_key(keys.list("key")));
  return to;
}

holdings_wanted take_wanted(node_run sender, fields& from) {
  holdings_wanted to{std::move(sender), take_room(from), 0};
  to.whose = from.number("whose");
  return to;
}

holdings_digest take_digest(node_run sender, fields& from) {
  holdings_digest to{std::move(sender), {}};
  auto rooms = from.list("rooms");
  while (!rooms.at_end()) {
    auto each = rooms.list("room");
    auto room = take_room(each);
    holdings_digest::line line{std::move(room), {}, {}};
    line.at.stream = each.number("stream");
    line.at.version = each.number("version");
    if (!each.at_end())
      line.members_sum = each.number("sum");
    to.rooms.push_back(std::move(line));
  }
  return to;
}

reports_wanted take_reports_wanted(node_run sender, fields& from) {
  reports_wanted to{std::move(sender), {}, false};
  // Who wants them for longer says so again.
  constexpr std::uint64_t lasts_max = 60'000;
  to.lasts = std::chrono::milliseconds{
      std::min(from.number("milliseconds"), lasts_max)};
  to.anew = !from.at_end() && from.flag("anew"); // The first nodes did not say.
  return to;
}

node_report take_report(node_run sender, fields& from) {
  node_report to{std::move(sender),
                 std::string{from.text("report", report_bytes_max)}};
  // One after the other: `find_first_of` is 200 times as slow.
  if (to.text.find('\n') != std::string::npos
      || to.text.find('\r') != std::string::npos)
    refuse("report");
  return to;
}

envelope take_envelope(fields from) {
  if (from.number("version") != envelope_version)
    refuse("version");
  auto kind = from.number("kind");
  node_run sender;
  sender.node = from.name("node", node_id_bytes_max);
  sender.incarnation = from.number("incarnation");
  if (kind >= static_cast<std::uint64_t>(traffic::posted)
      && kind <= static_cast<std::uint64_t>(traffic::several))
    return take_traffic(std::move(sender), static_cast<traffic>(kind), from);
  if (kind >= static_cast<std::uint64_t>(sign::hello)
      && kind <= static_cast<std::uint64_t>(sign::bye))
    return node_sign{std::move(sender), static_cast<sign>(kind),
                     from.at_end() ? 0 : from.number("reads")};
  if (kind == static_cast<std::uint64_t>(holdings_word::held))
    return take_holdings(std::move(sender), from);
  if (kind == static_cast<std::uint64_t>(holdings_word::wanted))
    return take_wanted(std::move(sender), from);
  if (kind == static_cast<std::uint64_t>(holdings_word::digest))
    return take_digest(std::move(sender), from);
  if (kind == static_cast<std::uint64_t>(watch_word::wanted))
    return take_reports_wanted(std::move(sender), from);
  if (kind == static_cast<std::uint64_t>(watch_word::report))
    return take_report(std::move(sender), from);
  std::optional<place> at;
  if (kind < first_sign)
    at = take_place(from);
  return unknown_kind{std::move(sender), kind, at};
}

} // namespace

std::string encode(const node_run& from, const place& at, const room_key& room,
                   const room_event& what) {
  std::string bytes;
  bytes.reserve(head_bytes(from, room) + likely_size(what));
  string_sink sink{bytes};
  packer to{sink};
  std::visit(
      [&](const auto& event) {
        put_traffic_head(to, kind_of(event), from, at, room);
        put_event(to, event);
      },
      what);
  return bytes;
}

std::string encode(const node_run& from, const place& at, const room_key& room,
                   std::span<const room_event_ptr> events, std::size_t& taken) {
  std::size_t size = 0;
  taken = first_few(events, size);
  if (taken == 1)
    return encode(from, at, room, *events.front());
  std::string bytes;
  bytes.reserve(head_bytes(from, room) + size);
  string_sink sink{bytes};
  packer to{sink};
  put_traffic_head(to, traffic::several, from, at, room);
  to.pack_array(static_cast<std::uint32_t>(taken));
  for (const auto& each : events.first(taken))
    std::visit(
        [&](const auto& event) {
          to.pack_array(2).pack(static_cast<std::uint8_t>(kind_of(event)));
          put_event(to, event);
        },
        *each);
  return bytes;
}

std::string encode(const node_sign& what) {
  std::string bytes;
  string_sink sink{bytes};
  packer to{sink};
  put_head(to, 5, static_cast<std::uint8_t>(what.says), what.from);
  to.pack(what.reads);
  return bytes;
}

std::string encode(const room_holdings& what) {
  std::string bytes;
  string_sink sink{bytes};
  packer to{sink};
  put_head(to, 15, static_cast<std::uint8_t>(holdings_word::held), what.from);
  put_room(to, what.room);
  to.pack(what.at.stream).pack(what.since).pack(what.at.version);
  to.pack(what.part).pack(what.last).pack(what.what.whole);
  to.pack_array(static_cast<std::uint32_t>(what.what.joined.size()));
  for (const auto& each : what.what.joined) {
    to.pack_array(4);
    put_text(to, each.who.connection_id);
    put_text(to, each.who.user_id);
    put_text(to, each.who.info_json);
    to.pack(each.at);
  }
  to.pack_array(static_cast<std::uint32_t>(what.what.left.size()));
  for (const auto& each : what.what.left)
    put_text(to, each);
  to.pack_array(static_cast<std::uint32_t>(what.what.keys.size()));
  for (const auto& each : what.what.keys) {
    to.pack_array(6);
    put_text(to, each.name);
    put_value(to, each.now);
    put_text(to, each.user_id);
    put_text(to, each.connection_id);
    to.pack(each.ttl ? each.ttl->count() : std::int64_t{-1});
    to.pack(each.number);
  }
  return bytes;
}

std::string encode(const holdings_wanted& what) {
  std::string bytes;
  string_sink sink{bytes};
  packer to{sink};
  put_head(to, 7, static_cast<std::uint8_t>(holdings_word::wanted), what.from);
  put_room(to, what.room);
  to.pack(what.whose);
  return bytes;
}

std::string encode(const holdings_digest& what) {
  std::string bytes;
  string_sink sink{bytes};
  packer to{sink};
  put_head(to, 5, static_cast<std::uint8_t>(holdings_word::digest), what.from);
  to.pack_array(static_cast<std::uint32_t>(what.rooms.size()));
  for (const auto& each : what.rooms) {
    to.pack_array(each.members_sum ? 5 : 4);
    put_room(to, each.room);
    to.pack(each.at.stream).pack(each.at.version);
    if (each.members_sum)
      to.pack(*each.members_sum);
  }
  return bytes;
}

std::string encode(const reports_wanted& what) {
  std::string bytes;
  string_sink sink{bytes};
  packer to{sink};
  put_head(to, 6, static_cast<std::uint8_t>(watch_word::wanted), what.from);
  to.pack(static_cast<std::uint64_t>(what.lasts.count()));
  to.pack(what.anew);
  return bytes;
}

std::string encode(const node_report& what) {
  std::string bytes;
  bytes.reserve(64 + what.from.node.size() + what.text.size());
  string_sink sink{bytes};
  packer to{sink};
  put_head(to, 5, static_cast<std::uint8_t>(watch_word::report), what.from);
  put_text(to, what.text);
  return bytes;
}

own_envelopes::own_envelopes(const node_run& own) {
  string_sink sink{head_};
  packer to{sink};
  put_text(to, own.node);
  to.pack(own.incarnation);
}

bool own_envelopes::has(std::string_view bytes) const {
  // An array's head, the version and the kind have one byte each.
  constexpr std::size_t before = 3;
  return bytes.size() >= before && bytes[1] == envelope_version
         && bytes.substr(before).starts_with(head_);
}

boost::system::result<envelope, decode_error> decode(std::string_view bytes) {
  return decode_array(bytes, "envelope", take_envelope);
}

} // namespace greenroom::cluster
