#include <algorithm>
#include <limits>
#include <type_traits>

#include "core/settings_table.hpp"

// Reading and writing one setting: a pair of overloads for each type of member.

namespace greenroom {

namespace {

/// The row's type decides: the same member may hold a plain number or a size.
setting_result<std::uint64_t> parse_bounded(const setting& what,
                                            std::string_view text) {
  auto value =
      what.type == setting_type::bytes ? parse_bytes(text) : parse_number(text);
  if (value && (*value < what.least || *value > what.most))
    return setting_error{in_quotes(text) + " is not in " + domain_of(what)};
  return value;
}

setting_error not_shaped(const setting& what, std::string_view text) {
  if (what.secret)
    return {"the value is not " + std::string{what.shape->words}};
  return {in_quotes(text) + " is not " + std::string{what.shape->words}};
}

setting_result<std::size_t> parse_choice(const setting& what,
                                         std::string_view text) {
  auto found = std::ranges::find(what.choices, text);
  if (found == what.choices.end())
    return setting_error{in_quotes(text) + " is not one of " + domain_of(what)};
  return static_cast<std::size_t>(found - what.choices.begin());
}

// -- writing ------------------------------------------------------------------

setting_result<void> write(bool& to, const setting&, std::string_view text) {
  auto value = parse_bool(text);
  if (!value)
    return value.error();
  to = *value;
  return {};
}

template <class Number>
setting_result<void> write(Number& to, const setting& what,
                           std::string_view text) {
  auto value = parse_bounded(what, text);
  if (!value)
    return value.error();
  // The bounds of every row fit its member; a test looks.
  to = static_cast<Number>(*value);
  return {};
}

setting_result<void> write(milliseconds& to, const setting& what,
                           std::string_view text) {
  auto value = parse_duration(text);
  if (!value)
    return value.error();
  if (*value < milliseconds{what.least} || *value > milliseconds{what.most})
    return setting_error{in_quotes(text) + " is not in " + domain_of(what)};
  to = *value;
  return {};
}

setting_result<void> write(std::string& to, const setting& what,
                           std::string_view text) {
  if (what.type == setting_type::choice) {
    auto value = parse_choice(what, text);
    if (!value)
      return value.error();
  } else if (!what.shape->fits(text)) {
    return not_shaped(what, text);
  }
  to = text;
  return {};
}

template <class Enum>
requires std::is_enum_v<Enum> setting_result<void>
write(Enum& to, const setting& what, std::string_view text) {
  auto value = parse_choice(what, text);
  if (!value)
    return value.error();
  to = static_cast<Enum>(*value);
  return {};
}

setting_result<void> write(std::vector<std::string>& to, const setting& what,
                           std::string_view text) {
  auto value = parse_list(text);
  for (const auto& element : value)
    if (!what.shape->fits(element))
      return not_shaped(what, element);
  to = std::move(value);
  return {};
}

// -- reading ------------------------------------------------------------------

std::string read(bool from, const setting&) {
  return from ? "true" : "false";
}

template <class Number>
std::string read(Number from, const setting& what) {
  return what.type == setting_type::bytes ? print_bytes(from)
                                          : std::to_string(from);
}

std::string read(milliseconds from, const setting&) {
  return print_duration(from);
}

std::string read(const std::string& from, const setting&) {
  return from;
}

template <class Enum>
requires std::is_enum_v<Enum> std::string read(Enum from, const setting& what) {
  return std::string{what.choices[static_cast<std::size_t>(from)]};
}

std::string read(const std::vector<std::string>& from, const setting&) {
  return print_list(from, ",");
}

} // namespace

setting_result<void> assign(settings& to, const setting& what,
                            std::string_view text) {
  return std::visit([&](auto member) { return write(member(to), what, text); },
                    what.member);
}

std::string text_of(const settings& from, const setting& what) {
  // A member function of the table only names a place, it never writes.
  auto& place = const_cast<settings&>(from);
  return std::visit([&](auto member) { return read(member(place), what); },
                    what.member);
}

std::string shown(const settings& from, const setting& what) {
  auto text = text_of(from, what);
  if (!what.secret || text.empty())
    return text;
  // The host of a Redis is worth knowing; its password is not.
  if (what.name == "cluster.redis")
    return mask_password(text);
  return std::string{secret_mask};
}

} // namespace greenroom
