#include "watch/event_line.hpp"

#include <simdjson.h>

namespace greenroom::watch {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

/// Nothing where it is no value of a field: an array, an object or null.
std::optional<log::field_value> value_of(const element& from) {
  switch (from.type()) {
  case element_type::STRING:
    return std::string_view{from};
  case element_type::INT64: {
    // Lines have no negative numbers; one is as good as a fraction.
    auto number = std::int64_t{from};
    if (number >= 0)
      return static_cast<std::uint64_t>(number);
    return number;
  }
  case element_type::UINT64:
    return std::uint64_t{from};
  case element_type::DOUBLE:
    return double{from};
  case element_type::BOOL:
    return bool{from};
  default:
    return {};
  }
}

/// What every line has, and who tells it. False: it is of the event.
class head_reader {
public:
  explicit head_reader(event_line& to) : to_(to) {}

  bool take(std::string_view name, const log::field_value& what) {
    if (name == "v")
      is_ours_ = what == log::field_value{log::schema_version};
    else if (name == "ts")
      take_time(what);
    else if (name == "seq")
      take_count(what, to_.seq);
    else if (name == "level")
      take_text(what, to_.level);
    else if (name == "event")
      take_text(what, to_.event);
    else if (name == "node")
      take_text(what, to_.node);
    else if (name == "actor")
      take_count(what, to_.actor);
    else if (name == "kind")
      take_text(what, to_.kind);
    else if (name == "name")
      take_text(what, to_.name);
    else if (name == "parent")
      take_count(what, to_.parent);
    else
      return false;
    return true;
  }

  [[nodiscard]] bool is_whole() const {
    return is_ours_ && has_time_ && to_.seq > 0 && !to_.event.empty()
           && !to_.node.empty();
  }

private:
  void take_time(const log::field_value& what) {
    if (const auto* text = std::get_if<std::string_view>(&what))
      if (auto when = parse_time(*text)) {
        to_.at = *when;
        has_time_ = true;
      }
  }

  static void take_text(const log::field_value& what, std::string_view& to) {
    if (const auto* text = std::get_if<std::string_view>(&what))
      to = *text;
  }

  static void take_count(const log::field_value& what, std::uint64_t& to) {
    if (const auto* number = std::get_if<std::uint64_t>(&what))
      to = *number;
  }

  event_line& to_;
  bool is_ours_ = false;
  bool has_time_ = false;
};

} // namespace

const log::field_value* event_line::find(std::string_view field) const {
  for (const auto& each : fields)
    if (each.name == field)
      return &each.what;
  return nullptr;
}

std::string_view event_line::text(std::string_view field) const {
  const auto* found = find(field);
  const auto* text = found ? std::get_if<std::string_view>(found) : nullptr;
  return text ? *text : std::string_view{};
}

std::uint64_t event_line::count(std::string_view field) const {
  const auto* found = find(field);
  const auto* number = found ? std::get_if<std::uint64_t>(found) : nullptr;
  return number ? *number : 0;
}

bool event_line::flag(std::string_view field) const {
  const auto* found = find(field);
  const auto* truth = found ? std::get_if<bool>(found) : nullptr;
  return truth && *truth;
}

struct event_reader::parser {
  simdjson::dom::parser of;
};

event_reader::event_reader() : parser_(std::make_unique<parser>()) {}

event_reader::~event_reader() = default;

const event_line* event_reader::read(std::string_view line) {
  simdjson::dom::object all;
  if (parser_->of.parse(line.data(), line.size()).get(all) != simdjson::SUCCESS)
    return nullptr;
  auto fields = std::move(line_.fields);
  line_ = {};
  line_.fields = std::move(fields);
  line_.fields.clear();
  head_reader head{line_};
  for (auto [name, value] : all)
    if (auto what = value_of(value); what && !head.take(name, *what)) {
      line_.fields.emplace_back(name, std::uint64_t{0});
      line_.fields.back().what = *what;
    }
  return head.is_whole() ? &line_ : nullptr;
}

} // namespace greenroom::watch
