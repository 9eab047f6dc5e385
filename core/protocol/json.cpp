#include "core/protocol/json.hpp"

#include <algorithm>

#include "core/json_writer.hpp"
#include "core/protocol/json_number.hpp"
#include "core/protocol/json_scan.hpp"
#include "core/protocol/request_fields.hpp"
#include "core/protocol/transcode.hpp"

namespace greenroom::protocol::json {

namespace {

using simdjson::ondemand::array;
using simdjson::ondemand::document;
using simdjson::ondemand::object;
using simdjson::ondemand::value;
using kind = field::kind;

constexpr auto ok = simdjson::SUCCESS;

bool read_number(std::string_view token, field& to) {
  auto form = form_of_number(token);
  if (form == number_form::none)
    return false;
  to.is = kind::number;
  if (form == number_form::decimal)
    return true;
  if (converts(token, to.natural))
    to.is = kind::natural;
  else if (token == "-0")
    to.is = kind::natural;
  else if (converts(token, to.negative))
    to.is = kind::negative;
  return true;
}

bool read_word(std::string_view token, field& to) {
  to.is = token == "null" ? kind::null : kind::boolean;
  to.truth = token == "true";
  return to.is == kind::null || to.truth || token == "false";
}

/// Walks one document. A member returns false where the bytes are not JSON.
class reader {
public:
  explicit reader(const decode_limits& limits)
    : depth_max_(std::min(limits.depth, depth_max)),
      names_max_(limits.recipients),
      rooms_max_(limits.rooms) {}

  bool read(document& from) {
    object top;
    auto each = [this](std::string_view name, value at) {
      return read_top(name, at);
    };
    return from.get_object().get(top) == ok && each_field(top, each)
           && at_end(from);
  }

  client_fields fields;
  bool too_deep = false;

private:
  bool read_top(std::string_view name, value from) {
    field ignored;
    auto* to = fields.find(name);
    if (!to)
      return read_value(from, 2, ignored);
    *to = {};
    if (to == &fields.to)
      return read_names(from, fields.to_names = {});
    if (to == &fields.since)
      return read_position(from, 2, *to, fields.since_fields = {});
    if (fields.rare && to == &fields.rare->rooms)
      return read_rooms(from, fields.rare->rooms_list = {});
    return read_value(from, 2, *to);
  }

  bool read_names(value from, name_list& names) {
    if (token_of(from).front() != '[')
      return read_value(from, 2, fields.to);
    return read_list(from, 2, fields.to, [&](value at) {
      field entry;
      bool valid = read_value(at, 3, entry);
      names.add(entry, names_max_);
      return valid;
    });
  }

  bool read_position(value from, std::uint32_t level, field& what,
                     position_fields& position) {
    if (token_of(from).front() != '{')
      return read_value(from, level, what);
    auto each = [&](std::string_view name, value at) {
      field ignored;
      auto* to = position.find(name);
      return read_value(at, level + 1, to ? *to = {} : ignored);
    };
    return read_map(from, level, what, each);
  }

  bool read_rooms(value from, room_list& rooms) {
    if (token_of(from).front() != '{')
      return read_value(from, 2, fields.rare->rooms);
    auto each = [&](std::string_view name, value at) {
      field ignored;
      if (auto* to = rooms.add(name, rooms_max_))
        return read_position(at, 3, to->what, to->inside);
      return read_value(at, 3, ignored);
    };
    return read_map(from, 2, fields.rare->rooms, each);
  }

  /// `level`: the depth that `from` has if it is a list or a map.
  bool read_value(value from, std::uint32_t level, field& to) {
    auto token = token_of(from);
    to.slice = token;
    switch (token.front()) {
    case '{':
      return read_map(from, level, to, [&](std::string_view, value at) {
        field ignored;
        return read_value(at, level + 1, ignored);
      });
    case '[':
      return read_list(from, level, to, [&](value at) {
        field ignored;
        return read_value(at, level + 1, ignored);
      });
    case '"':
      to.is = kind::string;
      return read_string(from, token, to.text);
    case 't':
    case 'f':
    case 'n':
      return read_word(token, to);
    default:
      return read_number(token, to);
    }
  }

  template <class Each>
  bool read_map(value from, std::uint32_t level, field& to, Each each) {
    object inside;
    to.is = kind::map;
    to.slice = token_of(from);
    return skips(level)
           || (from.get_object().get(inside) == ok && each_field(inside, each)
               && ends(from, to));
  }

  template <class Each>
  bool read_list(value from, std::uint32_t level, field& to, Each each) {
    array inside;
    to.is = kind::list;
    to.slice = token_of(from);
    return skips(level)
           || (from.get_array().get(inside) == ok && each_entry(inside, each)
               && ends(from, to));
  }

  /// What is too deep stays unread, simdjson steps over it: the refusal wants
  /// the `id` that may come behind it.
  bool skips(std::uint32_t level) {
    too_deep = too_deep || level > depth_max_;
    return level > depth_max_;
  }

  /// The parser now stands at the token behind the container.
  static bool ends(value& from, field& to) {
    const char* next = nullptr;
    if (from.current_location().get(next) != ok)
      return false;
    const char* start = to.slice.data();
    to.slice =
        without_trailing_space({start, static_cast<std::size_t>(next - start)});
    return true;
  }

  std::uint32_t depth_max_;
  std::size_t names_max_;
  std::size_t rooms_max_;
};

} // namespace

decoded decode(std::string_view bytes, const decode_limits& limits) {
  json_scratch::lease scratch;
  document from;
  reader walk{limits};
  if (!scratch.start(bytes, from) || !walk.read(from))
    return refuse(walk.fields, error_code::bad_json,
                  "not a JSON object in UTF-8");
  if (walk.too_deep)
    return refuse_depth(walk.fields, std::min(limits.depth, depth_max));
  return to_request(walk.fields, encoding::json, limits);
}

// -- writer ------------------------------------------------------------------

// No value ends in an opening bracket, so the last character tells whether a
// comma is due.

std::size_t writer::begin_map() {
  out_ += '{';
  return 0;
}

void writer::end_map(std::size_t) {
  out_ += '}';
}

void writer::key(std::string_view name) {
  out_ += out_.back() == '{' ? "\"" : ",\"";
  out_ += name;
  out_ += "\":";
}

void writer::begin_list(std::size_t) {
  out_ += '[';
}

void writer::end_list() {
  out_ += ']';
}

void writer::begin_entry() {
  if (out_.back() != '[')
    out_ += ',';
}

void writer::string(std::string_view text) {
  append_json_string(out_, text);
}

void writer::integer(std::int64_t number) {
  append_json_integer(out_, number);
}

void writer::natural(std::uint64_t number) {
  append_json_natural(out_, number);
}

void writer::boolean(bool truth) {
  out_ += truth ? "true" : "false";
}

void writer::null() {
  out_ += "null";
}

void writer::any(encoding in, std::string_view bytes) {
  if (in == encoding::json)
    out_ += bytes;
  else
    append_as_json(out_, bytes);
}

} // namespace greenroom::protocol::json
