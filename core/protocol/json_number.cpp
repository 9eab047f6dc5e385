#include "core/protocol/json_number.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace greenroom::protocol {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes the digits off the front of `text`. False: there are none.
bool take_digits(std::string_view& text) {
  auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  auto count = static_cast<std::size_t>(end - text.begin());
  text.remove_prefix(count);
  return count > 0;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos)
    return false;
  text.remove_prefix(1);
  return true;
}

constexpr std::size_t digits_max = 17; ///< No double needs more.

/// A number as 0.DIGITS times ten to the `exponent`, without zeros at the ends.
struct decimal {
  std::string digits;
  std::int64_t exponent = 0;

  bool operator==(const decimal&) const = default;
};

/// False: the exponent is beyond everything, or there are too many digits.
bool read_decimal(std::string_view token, decimal& to) {
  bool after_point = false;
  std::size_t i = token.front() == '-' ? 1 : 0;
  std::size_t zeros = 0; // Seen since the last other digit.
  for (; i < token.size() && token[i] != 'e' && token[i] != 'E'; ++i) {
    if (token[i] == '.') {
      after_point = true;
      continue;
    }
    if (!after_point)
      ++to.exponent;
    if (token[i] == '0') {
      ++zeros;
      continue;
    }
    if (to.digits.empty())
      to.exponent -= static_cast<std::int64_t>(zeros);
    else
      to.digits.append(std::min(zeros, digits_max), '0');
    zeros = 0;
    to.digits += token[i];
    if (to.digits.size() > digits_max)
      return false;
  }
  if (to.digits.empty()) {
    to.exponent = 0; // Zero is zero, whatever the exponent.
    return true;
  }
  if (i == token.size())
    return true;
  auto exponent = token.substr(token[i + 1] == '+' ? i + 2 : i + 1);
  std::int64_t shift = 0;
  if (!converts(exponent, shift) || std::abs(shift) > 1'000'000)
    return false;
  to.exponent += shift;
  return true;
}

/// Whether `number`, written with as many digits as `token` has, is `token`. So
/// the digits that any program printed for a double come back as that double,
/// and digits that a double cannot hold do not.
bool holds(double number, std::string_view token) {
  decimal wanted;
  if (!read_decimal(token, wanted))
    return false;
  if (wanted.digits.empty())
    return number == 0;
  std::array<char, 32> text;
  auto digits = static_cast<int>(wanted.digits.size());
  auto end = std::to_chars(text.data(), text.data() + text.size(), number,
                           std::chars_format::scientific, digits - 1)
                 .ptr;
  decimal printed;
  std::size_t size = static_cast<std::size_t>(end - text.data());
  return read_decimal({text.data(), size}, printed) && printed == wanted;
}

} // namespace

number_form form_of_number(std::string_view token) {
  take(token, "-");
  if (!take(token, "0") && !take_digits(token))
    return number_form::none;
  auto form = number_form::integer;
  if (take(token, ".")) {
    form = number_form::decimal;
    if (!take_digits(token))
      return number_form::none;
  }
  if (take(token, "eE")) {
    form = number_form::decimal;
    take(token, "+-");
    if (!take_digits(token))
      return number_form::none;
  }
  return token.empty() ? form : number_form::none;
}

placed_number place_number(std::string_view token) {
  placed_number result;
  auto form = form_of_number(token);
  if (form == number_form::none)
    return result;
  if (form == number_form::integer && token != "-0") {
    result.in = converts(token, result.natural)    ? number_home::natural
                : converts(token, result.negative) ? number_home::negative
                                                   : number_home::ext;
    return result;
  }
  bool real = converts(token, result.real) && holds(result.real, token);
  result.in = real ? number_home::real : number_home::ext;
  return result;
}

} // namespace greenroom::protocol
