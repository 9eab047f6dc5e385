#include "core/protocol/json_survey.hpp"

#include "core/base64.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/json_number.hpp"

namespace greenroom::protocol {

namespace {

using simdjson::ondemand::array;
using simdjson::ondemand::document;
using simdjson::ondemand::object;
using json_value = simdjson::ondemand::value;

constexpr auto ok = simdjson::SUCCESS;

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

/// A member gives nothing where the bytes are not JSON or nest too deep.
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

  std::vector<json_container> containers;

private:
  std::optional<summary> read_object(json_value from, std::uint32_t level) {
    object inside;
    if (from.get_object().get(inside) != ok)
      return std::nullopt;
    auto index = containers.size();
    containers.emplace_back();
    std::string_view key;
    summary last;
    auto each = [&](std::string_view name, json_value at) {
      key = name;
      auto entry = read(at, level + 1);
      last = entry.value_or(summary{});
      ++containers[index].entries;
      return entry.has_value();
    };
    if (!each_field(inside, each))
      return std::nullopt;
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
    auto each = [&](json_value at) {
      auto entry = read(at, level + 1);
      if (entry)
        list.add(*entry);
      return entry.has_value();
    };
    if (!each_entry(inside, each))
      return std::nullopt;
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

} // namespace

std::optional<std::vector<json_container>> survey_json(document& from) {
  survey walk;
  auto each = [&](json_value at) {
    return walk.read(at, 1).has_value();
  };
  if (!only_entry(from, each))
    return std::nullopt;
  return std::move(walk.containers);
}

bool is_json(std::string_view bytes) {
  json_scratch::lease scratch;
  document from;
  return scratch.start_wrapped(bytes, from) && survey_json(from).has_value();
}

} // namespace greenroom::protocol
