#pragma once

// What an event declares about its fields, read from the table's text:
//
//   "room:text reason:text? lived_ms:count"
//
// A name, a type, and `?` where lines may come without the field. Read at
// compile time to check the table, in debug builds to check what is told, and
// for the documents.

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "core/log.hpp"

namespace greenroom::log {

enum class field_type : std::uint8_t {
  text,
  count, ///< A whole number from 0; of milliseconds where the name ends in
         ///< `_ms`, of microseconds where it ends in `_us`.
  number,
  flag,
};

struct declared_field {
  std::string_view name;
  field_type type = field_type::text;
  bool is_optional = false;
};

/// What every line has, and what the one that tells adds: no event may declare
/// a field of this name.
inline constexpr std::string_view reserved_names[] = {
    "v",    "ts",    "seq",  "level", "event",
    "node", "actor", "kind", "name",  "parent"};

class declared_fields {
public:
  static constexpr std::size_t count_max = 12;

  /// Whether the text can be read as fields, and all their rules are kept.
  [[nodiscard]] constexpr bool good() const { return good_; }

  [[nodiscard]] constexpr std::span<const declared_field> all() const {
    return {items_.data(), size_};
  }

  [[nodiscard]] constexpr const declared_field*
  find(std::string_view name) const {
    for (const auto& each : all())
      if (each.name == name)
        return &each;
    return nullptr;
  }

  constexpr explicit declared_fields(std::string_view text) {
    while (good_ && !text.empty()) {
      auto space = text.find(' ');
      add(text.substr(0, space));
      text.remove_prefix(space == text.npos ? text.size() : space + 1);
      good_ = good_ && (space == text.npos || !text.empty());
    }
  }

private:
  constexpr void add(std::string_view one) {
    declared_field made;
    if (one.ends_with('?')) {
      made.is_optional = true;
      one.remove_suffix(1);
    }
    auto colon = one.find(':');
    made.name = one.substr(0, colon);
    auto type = colon == one.npos ? "" : one.substr(colon + 1);
    if (type == "text")
      made.type = field_type::text;
    else if (type == "count")
      made.type = field_type::count;
    else if (type == "number")
      made.type = field_type::number;
    else if (type == "flag")
      made.type = field_type::flag;
    else
      good_ = false;
    good_ = good_ && size_ < count_max && is_good_name(made.name)
            && find(made.name) == nullptr
            && (!is_time(made.name) || made.type == field_type::count);
    if (good_)
      items_[size_++] = made;
  }

  static constexpr bool is_time(std::string_view name) {
    return name.ends_with("_ms") || name.ends_with("_us");
  }

  static constexpr bool is_good_name(std::string_view name) {
    for (auto taken : reserved_names)
      if (name == taken)
        return false;
    for (auto x : name)
      if (x != '_' && (x < 'a' || x > 'z') && (x < '0' || x > '9'))
        return false;
    return !name.empty() && name.front() >= 'a' && name.front() <= 'z';
  }

  std::array<declared_field, count_max> items_{};
  std::size_t size_ = 0;
  bool good_ = true;
};

/// `noun.verb`, lower case, with good fields, and a
/// meaning that is a sentence.
[[nodiscard]] constexpr bool is_well_declared(const event& what) {
  std::size_t dots = 0;
  char before = '.';
  for (auto x : what.name) {
    if (x == '.' ? before == '.' : x < 'a' || x > 'z')
      return false;
    dots += x == '.' ? 1 : 0;
    before = x;
  }
  return dots == 1 && before != '.' && what.meaning.ends_with('.')
         && declared_fields{what.fields}.good();
}

[[nodiscard]] std::string_view to_string(field_type what);

/// What is wrong with these fields for this event, in words; empty: nothing.
[[nodiscard]] std::string misfit(const event& what,
                                 std::initializer_list<field> fields);

} // namespace greenroom::log
