#include "core/setting_shapes.hpp"

#include <algorithm>

#include <simdjson.h>

namespace greenroom::setting_shapes {

namespace {

constexpr std::size_t name_bytes_max = 64;

// Not <cctype>, which asks the locale.
constexpr bool is_alnum(char x) {
  return (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z')
         || (x >= '0' && x <= '9');
}

bool is_made_of(std::string_view text, std::string_view punctuation) {
  return std::ranges::all_of(text, [&](char x) {
    return is_alnum(x) || punctuation.find(x) != std::string_view::npos;
  });
}

/// What a TOML string can hold, so that every value can be printed as TOML.
bool is_one_line(std::string_view text) {
  return simdjson::validate_utf8(text)
         && std::ranges::none_of(text, [](char x) {
              return static_cast<unsigned char>(x) < 0x20 || x == 0x7f;
            });
}

/// Who knows networks says whether it is an address (app/load_settings.cpp).
bool is_word(std::string_view text) {
  return !text.empty() && is_one_line(text)
         && text.find(' ') == std::string_view::npos;
}

bool is_word_or_empty(std::string_view text) {
  return text.empty() || is_word(text);
}

/// A browser's `Origin` never ends in a slash; one here would never match.
bool is_origin(std::string_view text) {
  if (text == "*")
    return true;
  auto scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0)
    return false;
  auto host = text.substr(scheme + 3);
  return is_word(host)
         && host.find_first_of("/?#@,*") == std::string_view::npos;
}

bool is_rights(std::string_view text) {
  constexpr std::string_view letters = "rwspa";
  for (std::size_t i = 0; i < text.size(); ++i)
    if (letters.find(text[i]) == std::string_view::npos
        || text.find(text[i], i + 1) != std::string_view::npos)
      return false;
  return true;
}

/// A token of RFC 9110, or nothing.
bool is_cookie_name(std::string_view text) {
  return is_made_of(text, "!#$%&'*+-.^_`|~");
}

bool is_node_id(std::string_view text) {
  return text.size() <= name_bytes_max && is_made_of(text, "._-");
}

/// No character that Redis' patterns or hash slots give a meaning.
bool is_prefix(std::string_view text) {
  return !text.empty() && text.size() <= name_bytes_max
         && is_made_of(text, "._:-");
}

bool is_namespace_name(std::string_view text) {
  return !text.empty() && text.size() <= name_bytes_max
         && is_made_of(text, "_-");
}

} // namespace

const setting_shape one_line{"text on one line", is_one_line};
const setting_shape address{"an IP address or localhost", is_word};
const setting_shape address_or_none{"an IP address or localhost, or empty",
                                    is_word_or_empty};
const setting_shape origin{
    "origins, as https://host or https://host:port, or *", is_origin};
const setting_shape cookie_name{"the name of a cookie", is_cookie_name};
const setting_shape rights{"letters of rwspa, each at most once", is_rights};
const setting_shape node_id{"up to 64 letters, digits, '.', '_' and '-'",
                            is_node_id};
const setting_shape prefix{"1 to 64 letters, digits, '.', '_', ':' and '-'",
                           is_prefix};
const setting_shape namespace_name{"1 to 64 letters, digits, '_' and '-'",
                                   is_namespace_name};

} // namespace greenroom::setting_shapes
