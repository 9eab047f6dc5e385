#include "core/event_fields.hpp"

#include <algorithm>

namespace greenroom::log {

namespace {

bool fits(field_type type, const field_value& what) {
  switch (type) {
  case field_type::text:
    return std::holds_alternative<std::string_view>(what);
  case field_type::flag:
    return std::holds_alternative<bool>(what);
  case field_type::number:
    return !std::holds_alternative<std::string_view>(what)
           && !std::holds_alternative<bool>(what);
  case field_type::count: {
    // Durations count in signed numbers.
    const auto* integer = std::get_if<std::int64_t>(&what);
    return std::holds_alternative<std::uint64_t>(what)
           || (integer != nullptr && *integer >= 0);
  }
  }
  return false;
}

std::string in_words(std::string_view name, std::string_view complaint) {
  return '`' + std::string{name} + "` " + std::string{complaint};
}

} // namespace

std::string_view to_string(field_type what) {
  switch (what) {
  case field_type::text:
    return "text";
  case field_type::count:
    return "count";
  case field_type::number:
    return "number";
  case field_type::flag:
    return "flag";
  }
  return "";
}

std::string misfit(const event& what, std::initializer_list<field> fields) {
  declared_fields declared{what.fields};
  if (!declared.good())
    return "its declaration cannot be read";
  for (const auto* given = fields.begin(); given != fields.end(); ++given) {
    const auto* as = declared.find(given->name);
    if (as == nullptr)
      return in_words(given->name, "is not declared");
    if (!fits(as->type, given->what))
      return in_words(given->name, "is no " + std::string{to_string(as->type)});
    if (std::any_of(fields.begin(), given, [&](const auto& other) {
          return other.name == given->name;
        }))
      return in_words(given->name, "is given twice");
  }
  for (const auto& each : declared.all())
    if (!each.is_optional
        && std::ranges::none_of(
            fields, [&](const auto& given) { return given.name == each.name; }))
      return in_words(each.name, "is missing");
  return {};
}

} // namespace greenroom::log
