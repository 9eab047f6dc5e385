#include "core/protocol/msgpack.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/protocol/msgpack_pack.hpp"
#include "core/protocol/msgpack_scan.hpp"
#include "core/protocol/request_fields.hpp"
#include "core/protocol/transcode.hpp"

namespace greenroom::protocol::msgpack {

namespace {

using kind = field::kind;

/// Tells what a value is, and looks at all that is inside.
class field_visitor : public checking_visitor {
public:
  field_visitor(field& to, std::uint32_t level, std::uint32_t levels_max)
    : checking_visitor(level, levels_max), to_(to) {}

  bool visit_nil() { return is(kind::null); }

  bool visit_boolean(bool truth) {
    if (outermost())
      to_.truth = truth;
    return is(kind::boolean);
  }

  bool visit_positive_integer(std::uint64_t number) {
    if (outermost())
      to_.natural = number;
    return is(kind::natural);
  }

  bool visit_negative_integer(std::int64_t number) {
    if (number >= 0) // The signed formats can hold these too.
      return visit_positive_integer(static_cast<std::uint64_t>(number));
    if (outermost())
      to_.negative = number;
    return is(kind::negative);
  }

  bool visit_float32(float number) { return visit_float64(number); }

  bool visit_float64(double number) {
    return is(std::isfinite(number) ? kind::number : kind::other);
  }

  bool visit_str(const char* text, std::uint32_t size) {
    if (outermost() && size > 0) // msgpack-c gives no address for an empty one.
      to_.text = {text, size};
    return is(kind::string) && checking_visitor::visit_str(text, size);
  }

  bool visit_bin(const char*, std::uint32_t) { return is(kind::other); }

  bool visit_ext(const char*, std::uint32_t) { return is(kind::other); }

  bool start_array(std::uint32_t entries) {
    return is(kind::list) && checking_visitor::start_array(entries);
  }

  bool start_map(std::uint32_t entries) {
    return is(kind::map) && checking_visitor::start_map(entries);
  }

private:
  bool is(kind what) {
    if (outermost())
      to_.is = what;
    return true;
  }

  field& to_;
};

/// Reads one value after the other. A member returns false where the bytes are
/// not MessagePack as we want it, or nest too deep.
class reader {
public:
  explicit reader(const decode_limits& limits)
    : levels_max_(std::min(limits.depth, depth_max)),
      names_max_(limits.recipients),
      rooms_max_(limits.rooms) {}

  bool read(std::string_view bytes) {
    std::size_t at = 0;
    return each_field(bytes, at, 2,
                      [this](const field& name, field& what) {
                        return read_top(name, what);
                      })
           && at == bytes.size();
  }

  client_fields fields;
  bool too_deep = false;

private:
  bool read_top(const field& name, field& what) {
    // A key that is no string is as unknown as any other.
    auto* to = name.is == kind::string ? fields.find(name.text) : nullptr;
    if (!to)
      return true;
    *to = what;
    if (to == &fields.to)
      return read_names(fields.to_names = {});
    if (to == &fields.since)
      return read_position(*to, 2, fields.since_fields = {});
    if (fields.rare && to == &fields.rare->rooms)
      return read_rooms(fields.rare->rooms_list = {});
    return true;
  }

  bool read_names(name_list& names) {
    if (fields.to.is != kind::list)
      return true;
    auto bytes = fields.to.slice;
    std::size_t at = 0;
    std::size_t entries = 0;
    if (!read_head(bytes, at, 0x90, 0xdc, entries))
      return false;
    // More than may be are refused by their number alone.
    for (std::size_t i = 0; i < std::min(entries, names_max_ + 1); ++i) {
      field entry;
      if (!read_value(bytes, at, 3, entry))
        return false;
      names.add(entry, names_max_);
    }
    return true;
  }

  bool read_position(const field& from, std::uint32_t level,
                     position_fields& position) {
    std::size_t at = 0;
    return from.is != kind::map
           || each_field(from.slice, at, level + 1,
                         [&](const field& name, field& what) {
                           if (name.is == kind::string)
                             if (auto* to = position.find(name.text))
                               *to = what;
                           return true;
                         });
  }

  bool read_rooms(room_list& rooms) {
    const auto& from = fields.rare->rooms;
    std::size_t at = 0;
    auto each = [&](const field& name, field& what) {
      auto* to =
          name.is == kind::string ? rooms.add(name.text, rooms_max_) : nullptr;
      if (to == nullptr)
        return true;
      to->what = what;
      return read_position(to->what, 3, to->inside);
    };
    return from.is != kind::map || each_field(from.slice, at, 3, each);
  }

  template <class Each>
  bool each_field(std::string_view bytes, std::size_t& at, std::uint32_t level,
                  Each each) {
    std::size_t entries = 0;
    if (!read_head(bytes, at, 0x80, 0xde, entries))
      return false;
    for (; entries > 0; --entries) {
      field name;
      field what;
      if (!read_value(bytes, at, level, name)
          || !read_value(bytes, at, level, what) || !each(name, what))
        return false;
    }
    return true;
  }

  /// Reads how many entries a list or a map has. `fix` is its short header (the
  /// number in the low four bits), `wide` the one with two bytes behind it; the
  /// next number is the one with four.
  static bool read_head(std::string_view bytes, std::size_t& at,
                        unsigned int fix, unsigned int wide,
                        std::size_t& entries) {
    if (at >= bytes.size())
      return false;
    unsigned int head = static_cast<unsigned char>(bytes[at++]);
    if ((head & 0xf0) == fix) {
      entries = head & 0x0f;
      return true;
    }
    if (head != wide && head != wide + 1)
      return false;
    std::size_t width = head == wide ? 2 : 4;
    if (bytes.size() - at < width)
      return false;
    entries = 0;
    for (; width > 0; --width)
      entries = entries << 8 | static_cast<unsigned char>(bytes[at++]);
    return true;
  }

  bool read_value(std::string_view bytes, std::size_t& at, std::uint32_t level,
                  field& to) {
    auto start = at;
    field_visitor visitor{to, level, levels_max_};
    bool whole = at < bytes.size()
                 && ::msgpack::parse(bytes.data(), bytes.size(), at, visitor);
    too_deep = too_deep || visitor.too_deep();
    to.slice = bytes.substr(start, at - start);
    return whole;
  }

  std::uint32_t levels_max_;
  std::size_t names_max_;
  std::size_t rooms_max_;
};

} // namespace

decoded decode(std::string_view bytes, const decode_limits& limits) {
  reader walk{limits};
  bool valid = walk.read(bytes);
  if (walk.too_deep)
    return refuse_depth(walk.fields, std::min(limits.depth, depth_max));
  if (!valid)
    return refuse(walk.fields, error_code::bad_json,
                  "not a MessagePack map with text in UTF-8");
  return to_request(walk.fields, encoding::msgpack, limits);
}

// -- writer ------------------------------------------------------------------

std::size_t writer::begin_map() {
  auto outer = map_;
  map_ = out_.size();
  out_ += '\x80';
  return outer;
}

void writer::end_map(std::size_t outer) {
  map_ = outer;
}

void writer::key(std::string_view name) {
  assert(out_[map_] != '\x8f');
  ++out_[map_];
  string(name);
}

void writer::begin_list(std::size_t entries) {
  pack(out_, [size = static_cast<std::uint32_t>(entries)](auto& to) {
    to.pack_array(size);
  });
}

void writer::end_list() {}

void writer::begin_entry() {}

void writer::string(std::string_view text) {
  pack_text(out_, text);
}

void writer::integer(std::int64_t number) {
  pack(out_, [number](auto& to) { to.pack_int64(number); });
}

void writer::natural(std::uint64_t number) {
  pack(out_, [number](auto& to) { to.pack_uint64(number); });
}

void writer::boolean(bool truth) {
  out_ += truth ? '\xc3' : '\xc2';
}

void writer::null() {
  out_ += '\xc0';
}

void writer::any(encoding in, std::string_view bytes) {
  if (in == encoding::msgpack)
    out_ += bytes;
  else
    append_as_msgpack(out_, bytes);
}

} // namespace greenroom::protocol::msgpack
