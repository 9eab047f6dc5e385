#include "core/json_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/utf8.hpp"

namespace greenroom {

namespace {

bool is_plain(char c) {
  auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte != '"' && byte != '\\';
}

void append_escape(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (c) {
  case '"':
    out += "\\\"";
    break;
  case '\\':
    out += "\\\\";
    break;
  case '\n':
    out += "\\n";
    break;
  case '\r':
    out += "\\r";
    break;
  case '\t':
    out += "\\t";
    break;
  default:
    out += "\\u00";
    out += hex[static_cast<unsigned char>(c) >> 4];
    out += hex[static_cast<unsigned char>(c) & 0x0f];
  }
}

void append_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain]))
      ++plain;
    out.append(text.substr(0, plain));
    if (plain == text.size())
      return;
    append_escape(out, text[plain]);
    text.remove_prefix(plain + 1);
  }
}

/// How many bytes the character at the front of `text` has by its first byte.
std::size_t length_of_first(std::string_view text) {
  auto lead = static_cast<unsigned char>(text.front());
  std::size_t length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return std::min(length, text.size());
}

void append_repaired(std::string& out, std::string_view text) {
  while (!text.empty()) {
    auto length = length_of_first(text);
    if (is_utf8(text.substr(0, length))) {
      append_escaped(out, text.substr(0, length));
      text.remove_prefix(length);
    } else {
      out += "\xef\xbf\xbd"; // U+FFFD
      text.remove_prefix(1);
    }
  }
}

template <class... T>
void append_chars(std::string& out, T... number) {
  std::array<char, 32> digits; // The longest double has 24 characters.
  auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), number...)
          .ptr;
  out.append(digits.data(), end);
}

} // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  if (is_utf8(text))
    append_escaped(out, text);
  else
    append_repaired(out, text);
  out += '"';
}

void append_json_integer(std::string& out, std::int64_t number) {
  append_chars(out, number);
}

void append_json_natural(std::string& out, std::uint64_t number) {
  append_chars(out, number);
}

void append_json_double(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  auto start = out.size();
  // From here on to_chars would write all digits of the integer that the double
  // happens to be, more than it takes to tell it from its neighbours.
  if (std::abs(number) >= 1e16)
    append_chars(out, number, std::chars_format::scientific);
  else
    append_chars(out, number);
  if (out.find_first_of(".e", start) == std::string::npos)
    out += ".0";
}

} // namespace greenroom
