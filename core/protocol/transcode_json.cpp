// JSON to MessagePack. Two walks: the first counts, because MessagePack wants
// to know how many entries follow, and finds the tags; the second writes.

#include <limits>
#include <optional>
#include <vector>

#include "core/base64.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/json_number.hpp"
#include "core/protocol/json_scan.hpp"
#include "core/protocol/msgpack_pack.hpp"
#include "core/protocol/tags.hpp"
#include "core/protocol/transcode.hpp"

namespace greenroom::protocol {

namespace {

using simdjson::ondemand::array;
using simdjson::ondemand::document;
using simdjson::ondemand::object;
using json_value = simdjson::ondemand::value;

constexpr auto ok = simdjson::SUCCESS;

/// What the second walk has to know of a list or an object, in the order of
/// their opening brackets.
struct container {
  std::uint32_t entries = 0;
  tag means = tag::none; ///< Of an object that is not meant as one.
};

bool names_float(std::string_view text) {
  return text == "nan" || text == "inf" || text == "-inf";
}

/// What an outer value has to know of an inner one to see whether it is a tag.
struct summary {
  bool is_string = false;
  bool is_type = false;       ///< An integer that an ext type may be.
  bool is_pair = false;       ///< A list of two.
  bool odd_key = false;       ///< A pair whose first entry is no string.
  bool tag_key = false;       ///< A pair whose first entry is a tag's name.
  bool is_ext = false;        ///< A list of a type and a string: in `text`.
  bool is_map = false;        ///< A list of pairs that is no plain object.
  std::string_view text = {}; ///< Of a string.
};

tag tag_of(std::string_view only_key, const summary& inside) {
  auto named = tag_named(only_key);
  bool fits = false;
  if (named == tag::bin)
    fits = inside.is_string && from_base64(inside.text).has_value();
  else if (named == tag::ext)
    fits = inside.is_ext && from_base64(inside.text).has_value();
  else if (named == tag::float_name)
    fits = inside.is_string && names_float(inside.text);
  else if (named == tag::map)
    fits = inside.is_map;
  return fits ? named : tag::none;
}

/// Sums up a list while its entries pass by.
class list_summary {
public:
  void add(const summary& entry) {
    if (entries_ == 0)
      first_ = entry;
    else if (entries_ == 1)
      second_ = entry;
    all_pairs_ = all_pairs_ && entry.is_pair;
    needs_map_ = needs_map_ || entry.odd_key;
    ++entries_;
  }

  [[nodiscard]] std::uint32_t entries() const { return entries_; }

  [[nodiscard]] summary sum() const {
    summary result;
    result.is_pair = entries_ == 2;
    result.odd_key = result.is_pair && !first_.is_string;
    result.tag_key = result.is_pair && first_.is_string
                     && tag_named(first_.text) != tag::none;
    result.is_ext = result.is_pair && first_.is_type && second_.is_string;
    if (result.is_ext)
      result.text = second_.text;
    // Pairs that make a plain object are not what this node writes, so they
    // are left as they are: then they come back as they were.
    result.is_map = entries_ > 0 && all_pairs_
                    && (needs_map_ || (entries_ == 1 && first_.tag_key));
    return result;
  }

private:
  std::uint32_t entries_ = 0;
  summary first_;
  summary second_;
  bool all_pairs_ = true;
  bool needs_map_ = false;
};

/// The first walk. A member gives nothing where the bytes are not JSON or nest
/// too deep.
class survey {
public:
  std::optional<summary> read(json_value from, std::uint32_t level) {
    auto token = token_of(from);
    switch (token.front()) {
    case '{':
      return level > depth_max ? std::nullopt : read_object(from, level);
    case '[':
      return level > depth_max ? std::nullopt : read_list(from, level);
    case '"':
      return read_text(from, token);
    default:
      return read_scalar(token);
    }
  }

  std::vector<container> containers;

private:
  std::optional<summary> read_object(json_value from, std::uint32_t level) {
    object inside;
    if (from.get_object().get(inside) != ok)
      return std::nullopt;
    auto index = containers.size();
    containers.emplace_back();
    std::string_view key;
    summary last;
    for (auto next : inside) {
      simdjson::ondemand::field at;
      if (std::move(next).get(at) != ok || at.unescaped_key().get(key) != ok)
        return std::nullopt;
      auto entry = read(at.value(), level + 1);
      if (!entry)
        return std::nullopt;
      last = *entry;
      ++containers[index].entries;
    }
    if (containers[index].entries == 1)
      containers[index].means = tag_of(key, last);
    return summary{};
  }

  std::optional<summary> read_list(json_value from, std::uint32_t level) {
    array inside;
    if (from.get_array().get(inside) != ok)
      return std::nullopt;
    auto index = containers.size();
    containers.emplace_back();
    list_summary list;
    for (auto next : inside) {
      json_value at;
      if (next.get(at) != ok)
        return std::nullopt;
      auto entry = read(at, level + 1);
      if (!entry)
        return std::nullopt;
      list.add(*entry);
    }
    containers[index].entries = list.entries();
    return list.sum();
  }

  static std::optional<summary> read_text(json_value from,
                                          std::string_view token) {
    summary result;
    result.is_string = true;
    if (!read_string(from, token, result.text))
      return std::nullopt;
    return result;
  }

  static std::optional<summary> read_scalar(std::string_view token) {
    summary result;
    std::int8_t type = 0;
    result.is_type = token != "-0" && converts(token, type);
    if (form_of_number(token) == number_form::none && token != "null"
        && token != "true" && token != "false")
      return std::nullopt;
    return result;
  }
};

/// The second walk, over what the first found valid.
class msgpack_writer {
public:
  msgpack_writer(std::string& out, const std::vector<container>& containers)
    : out_(out), next_(containers.begin()) {}

  void write(json_value from) {
    auto token = token_of(from);
    switch (token.front()) {
    case '{':
      return write_object(from);
    case '[':
      return write_list(from);
    case '"':
      return pack_text(out_, text_of(from));
    case 'n':
      out_ += '\xc0';
      return;
    case 't':
      out_ += '\xc3';
      return;
    case 'f':
      out_ += '\xc2';
      return;
    default:
      write_number(token);
    }
  }

private:
  static std::string_view text_of(json_value from) {
    std::string_view text;
    return read_string(from, token_of(from), text) ? text : "";
  }

  void write_number(std::string_view token) {
    auto number = place_number(token);
    if (number.in == number_home::real)
      return pack_real(out_, number.real);
    pack(out_, [&](auto& to) {
      if (number.in == number_home::natural)
        to.pack_uint64(number.natural);
      else if (number.in == number_home::negative)
        to.pack_int64(number.negative);
      else
        to.pack_ext(token.size(), number_ext);
    });
    if (number.in == number_home::ext)
      out_ += token;
  }

  void write_list(json_value from) {
    pack(out_, [&](auto& to) { to.pack_array(next_->entries); });
    ++next_;
    each_entry(from, [this](json_value at) { write(at); });
  }

  void write_object(json_value from) {
    auto [entries, means] = *next_++;
    if (means == tag::none)
      pack(out_, [size = entries](auto& to) { to.pack_map(size); });
    object inside;
    if (from.get_object().get(inside) != ok)
      return;
    for (auto next : inside) {
      simdjson::ondemand::field at;
      std::string_view key;
      if (std::move(next).get(at) != ok || at.unescaped_key().get(key) != ok)
        return;
      if (means == tag::none)
        pack_text(out_, key);
      write_inside(means, at.value());
    }
  }

  void write_inside(tag means, json_value from) {
    switch (means) {
    case tag::none:
      return write(from);
    case tag::bin:
      return write_bin(text_of(from));
    case tag::ext:
      return write_ext(from);
    case tag::float_name:
      return write_float(text_of(from));
    case tag::map:
      return write_pairs(from);
    }
  }

  void write_bin(std::string_view base64) {
    auto bytes = from_base64(base64).value_or("");
    auto size = static_cast<std::uint32_t>(bytes.size());
    pack(out_, [&](auto& to) { to.pack_bin(size); });
    out_ += bytes;
  }

  void write_ext(json_value from) {
    ++next_; // The list of type and bytes.
    std::int8_t type = 0;
    each_entry(from, [&](json_value at) {
      auto token = token_of(at);
      if (token.front() != '"') {
        type = converts(token, type) ? type : std::int8_t{0};
        return;
      }
      auto bytes = from_base64(text_of(at)).value_or("");
      pack(out_, [&](auto& to) { to.pack_ext(bytes.size(), type); });
      out_ += bytes;
    });
  }

  void write_float(std::string_view name) {
    using limits = std::numeric_limits<double>;
    auto number = name == "nan"   ? limits::quiet_NaN()
                  : name == "inf" ? limits::infinity()
                                  : -limits::infinity();
    pack_real(out_, number);
  }

  void write_pairs(json_value from) {
    pack(out_, [&](auto& to) { to.pack_map(next_->entries); });
    ++next_; // The list of pairs.
    each_entry(from, [this](json_value pair) {
      ++next_; // The pair.
      each_entry(pair, [this](json_value at) { write(at); });
    });
  }

  template <class Each>
  static void each_entry(json_value from, Each each) {
    array inside;
    if (from.get_array().get(inside) != ok)
      return;
    for (auto next : inside) {
      json_value at;
      if (next.get(at) != ok)
        return;
      each(at);
    }
  }

  std::string& out_;
  std::vector<container>::const_iterator next_;
};

/// Runs `each` on the only entry of the list that `from` was wrapped into.
template <class Each>
bool only_entry(document& from, Each each) {
  array wrapping;
  std::size_t entries = 0;
  if (from.get_array().get(wrapping) != ok)
    return false;
  for (auto next : wrapping) {
    json_value at;
    if (next.get(at) != ok || ++entries > 1 || !each(at))
      return false;
  }
  return entries == 1 && at_end(from);
}

} // namespace

void append_as_msgpack(std::string& out, std::string_view bytes) {
  json_scratch::lease scratch;
  document from;
  survey found;
  bool valid = scratch.start_wrapped(bytes, from)
               && only_entry(from, [&](json_value at) {
                    return found.read(at, 1).has_value();
                  });
  if (!valid) {
    out += '\xc0';
    return;
  }
  from.rewind();
  msgpack_writer writer{out, found.containers};
  only_entry(from, [&](json_value at) {
    writer.write(at);
    return true;
  });
}

} // namespace greenroom::protocol
