#include "core/protocol/request_fields.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace greenroom::protocol {

namespace {

using kind = field::kind;

/// Writes to `to` only what is a valid id.
bool read_id(const field& from, request_id& to) {
  if (from.is == kind::absent)
    return true;
  if (from.is == kind::string && from.text.size() <= request_id_bytes_max)
    to.emplace<std::string>(from.text);
  else if (from.is == kind::natural
           && std::in_range<std::int64_t>(from.natural))
    to.emplace<std::int64_t>(static_cast<std::int64_t>(from.natural));
  else if (from.is == kind::negative)
    to.emplace<std::int64_t>(from.negative);
  return is_set(to);
}

bool is_number(const field& what) {
  return what.is == kind::natural || what.is == kind::negative
         || what.is == kind::number;
}

bool is_name_field(const field& what, std::size_t bytes_max) {
  return what.is == kind::string && is_name(what.text, bytes_max);
}

const rare_fields& no_rare_fields() {
  static const rare_fields none;
  return none;
}

/// Which member the table has under the name; null: none.
template <class Fields, std::size_t Size>
field Fields::*
member_named(std::string_view name,
             const std::array<std::pair<std::string_view, field Fields::*>,
                              Size>& table) {
  for (const auto& [known, member] : table)
    if (known == name)
      return member;
  return nullptr;
}

/// Builds one request. A member returns false once it has set `why_`.
class builder {
public:
  builder(const client_fields& from, encoding as, const decode_limits& limits)
    : from_(from),
      rare_(from.rare ? *from.rare : no_rare_fields()),
      as_(as),
      limits_(limits) {}

  decoded build() {
    request result;
    if (!read_id(from_.id, result.id))
      fail("id: must be a string of up to 128 bytes or a 64-bit integer");
    else if (from_.type.is != kind::string)
      fail("type: must be a string");
    else if (read_what(result.what))
      return result;
    return refuse(from_, code_, std::move(why_));
  }

private:
  bool fail(std::string text, error_code code = error_code::bad_message) {
    why_ = std::move(text);
    code_ = code;
    return false;
  }

  bool read_what(decltype(request::what)& to) {
    auto type = from_.type.text;
    if (type == "message")
      return read(to.emplace<message>());
    if (type == "typing")
      return read(to.emplace<typing>());
    if (type == "ping")
      return true; // What a fresh request is.
    if (type == "join_room")
      return read(to.emplace<join_room>());
    if (type == "leave_room")
      return read_room(to.emplace<leave_room>().room_id);
    if (type == "presence")
      return read(to.emplace<list_presence>());
    if (type == "auth")
      return read(to.emplace<auth>());
    if (type == "set_state")
      return read(to.emplace<set_state>());
    if (type == "history")
      return read(to.emplace<read_history>());
    if (type == "resume")
      return read(to.emplace<resume>());
    // A long name would only echo the client's own bytes.
    return fail("type: not known"
                    + (type.size() <= 64 ? ": " + std::string{type} : ""),
                error_code::unknown_type);
  }

  bool read(auth& to) {
    if (from_.token.is != kind::string || from_.token.text.empty())
      return fail("token: must be a string that is not empty");
    if (from_.token.text.size() > token_bytes_max)
      return fail("token: must have at most 16384 bytes");
    to.token = from_.token.text;
    return true;
  }

  bool read(join_room& to) {
    return read_room(to.room_id) && read_user(to.user_id)
           && read_since(to.since) && read_history_of(to);
  }

  bool read(list_presence& to) {
    const auto& by = rare_.by;
    if (!read_room(to.room_id))
      return false;
    if (by.is == kind::string && by.text == "user")
      to.by = presence_by::user;
    else if (by.is != kind::absent
             && (by.is != kind::string || by.text != "connection"))
      return fail("by: must be \"connection\" or \"user\"");
    return true;
  }

  /// Who wants more than there may be is given so many.
  bool read_history_of(join_room& to) {
    const auto& history = rare_.history;
    if (history.is != kind::absent && history.is != kind::natural)
      return fail("history: must be an integer of 0 or more");
    to.history = count_of(history.natural);
    return true;
  }

  bool read(protocol::read_history& to) {
    const auto& from = rare_.from;
    const auto& limit = rare_.limit;
    if (!read_room(to.room_id))
      return false;
    if (from.is != kind::absent && from.is != kind::natural)
      return fail("from: must be an integer of 0 or more");
    if (from.is == kind::natural)
      to.from = from.natural;
    if (limit.is == kind::absent)
      to.limit = history_messages_usual;
    else if (limit.is == kind::natural && limit.natural > 0)
      to.limit = count_of(limit.natural);
    else
      return fail("limit: must be an integer of 1 or more");
    return true;
  }

  static std::uint32_t count_of(std::uint64_t wanted) {
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(wanted, history_messages_max));
  }

  bool read(set_state& to) {
    return read_room(to.room_id) && read_key(to.key) && read_value(to.said)
           && read_condition(to.if_version) && read_ttl(to.ttl)
           && read_bound(to.bound);
  }

  bool read_key(std::string& to) {
    if (!is_name_field(rare_.key, state_key_bytes_max))
      return fail("key: must be a string of 1 to 128 bytes without control "
                  "characters");
    to = rare_.key.text;
    return true;
  }

  /// Null deletes: then there is nothing to keep.
  bool read_value(protocol::value& to) {
    const auto& value = rare_.value;
    if (value.is == kind::absent)
      return fail("value: must be there; null deletes");
    if (value.slice.size() > state_value_bytes_max)
      return fail("value: must have at most 16384 bytes",
                  error_code::too_large);
    if (value.is != kind::null)
      to = {as_, std::string{value.slice}};
    return true;
  }

  bool read_condition(std::optional<std::uint64_t>& to) {
    if (rare_.if_version.is == kind::absent)
      return true;
    if (rare_.if_version.is != kind::natural)
      return fail("ifVersion: must be an integer of 0 or more");
    to = rare_.if_version.natural;
    return true;
  }

  bool read_ttl(std::optional<std::chrono::milliseconds>& to) {
    constexpr auto most = static_cast<std::uint64_t>(
        std::chrono::milliseconds{state_ttl_max}.count());
    const auto& ttl = rare_.ttl;
    if (ttl.is == kind::absent)
      return true;
    if (ttl.is != kind::natural || ttl.natural == 0 || ttl.natural > most)
      return fail("ttl: must be an integer from 1 to " + std::to_string(most));
    to = std::chrono::milliseconds{ttl.natural};
    return true;
  }

  bool read_bound(bool& to) {
    if (rare_.bound.is == kind::absent)
      return true;
    if (rare_.bound.is != kind::boolean)
      return fail("bound: must be true or false");
    to = rare_.bound.truth;
    return true;
  }

  bool read(resume& to) {
    const auto& session = rare_.session;
    if (!is_name_field(session, session_bytes_max))
      return fail("session: must be a string of 1 to 128 bytes without control "
                  "characters");
    to.session = session.text;
    if (!read_user(to.user_id))
      return false;
    if (rare_.rooms.is != kind::map)
      return fail("rooms: must be a map of room ids, each with epoch and "
                  "offset");
    if (rare_.rooms_list.entries > limits_.rooms)
      return fail("rooms: more than " + std::to_string(limits_.rooms)
                      + " entries",
                  error_code::too_large);
    for (const auto& [room_id, what, inside] : rare_.rooms_list.rooms) {
      if (!is_name(room_id, room_id_bytes_max))
        return fail("rooms: a room id must have 1 to 256 bytes and no control "
                    "characters");
      log_position at;
      if (!read_position("rooms", what, inside, at))
        return false;
      to.rooms.insert_or_assign(std::string{room_id}, std::move(at));
    }
    return true;
  }

  bool read(message& to) {
    return read_room(to.room_id) && read_body(to.body) && read_event(to.event)
           && read_timestamp(to.timestamp) && read_trace(to.traceparent)
           && read_recipients(to);
  }

  bool read(typing& to) {
    if (!read_room(to.room_id) || !read_user(to.user_id))
      return false;
    if (from_.is_typing.is == kind::absent)
      return true;
    if (from_.is_typing.is != kind::boolean)
      return fail("isTyping: must be true or false");
    to.is_typing = from_.is_typing.truth;
    return true;
  }

  bool read_room(std::string& to) {
    if (!is_name_field(from_.room_id, room_id_bytes_max))
      return fail("roomId: must be a string of 1 to 256 bytes without control "
                  "characters");
    to = from_.room_id.text;
    return true;
  }

  bool read_user(std::optional<std::string>& to) {
    if (from_.user_id.is == kind::absent)
      return true;
    if (!is_name_field(from_.user_id, user_id_bytes_max))
      return fail("userId: must be a string of 1 to 256 bytes without control "
                  "characters");
    to = std::string{from_.user_id.text};
    return true;
  }

  bool read_since(std::optional<log_position>& to) {
    return from_.since.is == kind::absent
           || read_position("since", from_.since, from_.since_fields,
                            to.emplace());
  }

  bool read_position(std::string name, const field& what,
                     const position_fields& inside, log_position& to) {
    const auto& [epoch, offset] = inside;
    if (what.is != kind::map)
      return fail(name + ": must be a map with epoch and offset");
    if (epoch.is != kind::string || epoch.text.size() > epoch_bytes_max)
      return fail(name + ".epoch: must be a string of up to 128 bytes");
    if (offset.is != kind::natural)
      return fail(name + ".offset: must be an integer of 0 or more");
    to = {std::string{epoch.text}, offset.natural};
    return true;
  }

  bool read_body(content& to) {
    bool has_text = from_.text.is != kind::absent;
    bool has_data = from_.data.is != kind::absent;
    if (has_text == has_data)
      return fail("text, data: exactly one of the two must be there");
    if (has_text && from_.text.is != kind::string)
      return fail("text: must be a string");
    to.is_text = has_text;
    to.said = {as_, std::string{(has_text ? from_.text : from_.data).slice}};
    return true;
  }

  bool read_event(std::string& to) {
    if (from_.event.is == kind::absent)
      return true;
    if (from_.event.is != kind::string
        || from_.event.text.size() > event_bytes_max)
      return fail("event: must be a string of up to 256 bytes");
    to = from_.event.text;
    return true;
  }

  /// Anything but a number is as good as none [P-3.5].
  bool read_timestamp(value& to) {
    if (is_number(from_.timestamp))
      to = {as_, std::string{from_.timestamp.slice}};
    return true;
  }

  /// Likewise [P-3.21]. What stands in it is looked at where it is used.
  bool read_trace(std::string& to) {
    const auto& from = rare_.traceparent;
    if (from.is == kind::string && from.text.size() <= traceparent_bytes_max)
      to = from.text;
    return true;
  }

  bool read_recipients(message& to) {
    if (from_.to.is == kind::absent)
      return true;
    to.directed = true;
    if (is_name_field(from_.to, user_id_bytes_max)) {
      to.to.emplace_back(from_.to.text);
      return true;
    }
    const auto& list = from_.to_names;
    // The number first: entries beyond it are not looked at in every dialect.
    if (from_.to.is == kind::list && list.entries > limits_.recipients)
      return fail("to: more than " + std::to_string(limits_.recipients)
                      + " entries",
                  error_code::too_large);
    if (from_.to.is != kind::list || list.entries == 0 || !list.only_strings)
      return fail("to: must be a name or a list of names that is not empty");
    for (auto name : list.names) {
      if (!is_name(name, user_id_bytes_max))
        return fail("to: a name must have 1 to 256 bytes and no control "
                    "characters");
      to.to.emplace_back(name);
    }
    return true;
  }

  const client_fields& from_;
  const rare_fields& rare_;
  encoding as_;
  const decode_limits& limits_;
  std::string why_;
  error_code code_ = error_code::bad_message;
};

} // namespace

void name_list::add(const field& entry, std::size_t names_max) {
  ++entries;
  if (entry.is != field::kind::string)
    only_strings = false;
  else if (names.size() < names_max)
    names.push_back(entry.text);
}

field* position_fields::find(std::string_view name) {
  return name == "epoch" ? &epoch : name == "offset" ? &offset : nullptr;
}

room_list::entry* room_list::add(std::string_view room_id,
                                 std::size_t rooms_max) {
  ++entries;
  if (rooms.size() >= rooms_max)
    return nullptr;
  rooms.push_back({room_id, {}, {}});
  return &rooms.back();
}

field* client_fields::find(std::string_view name) {
  using often = std::pair<std::string_view, field client_fields::*>;
  using seldom = std::pair<std::string_view, field rare_fields::*>;
  static constexpr std::array<often, 12> table{{
      {"type", &client_fields::type},
      {"id", &client_fields::id},
      {"roomId", &client_fields::room_id},
      {"text", &client_fields::text},
      {"data", &client_fields::data},
      {"event", &client_fields::event},
      {"to", &client_fields::to},
      {"timestamp", &client_fields::timestamp},
      {"userId", &client_fields::user_id},
      {"isTyping", &client_fields::is_typing},
      {"since", &client_fields::since},
      {"token", &client_fields::token},
  }};
  static constexpr std::array<seldom, 12> rare_table{{
      {"traceparent", &rare_fields::traceparent},
      {"key", &rare_fields::key},
      {"value", &rare_fields::value},
      {"ifVersion", &rare_fields::if_version},
      {"ttl", &rare_fields::ttl},
      {"bound", &rare_fields::bound},
      {"history", &rare_fields::history},
      {"from", &rare_fields::from},
      {"limit", &rare_fields::limit},
      {"session", &rare_fields::session},
      {"by", &rare_fields::by},
      {"rooms", &rare_fields::rooms},
  }};
  if (auto member = member_named(name, table))
    return &(this->*member);
  auto member = member_named(name, rare_table);
  if (member == nullptr)
    return nullptr;
  return &((rare ? *rare : rare.emplace()).*member);
}

decoded to_request(const client_fields& from, encoding as,
                   const decode_limits& limits) {
  return builder{from, as, limits}.build();
}

refusal refuse(const client_fields& from, error_code code, std::string text) {
  refusal result;
  result.code = code;
  result.text = std::move(text);
  read_id(from.id, result.id);
  if (is_name_field(from.room_id, room_id_bytes_max))
    result.room_id = from.room_id.text;
  return result;
}

refusal refuse_depth(const client_fields& from, std::uint32_t levels_max) {
  return refuse(from, error_code::bad_message,
                "depth: values nest deeper than " + std::to_string(levels_max)
                    + " levels");
}

} // namespace greenroom::protocol
