#pragma once

// JSON numbers as text: simdjson would convert them, and refuse what no machine
// type can hold, though the grammar allows it and clients may want it.

#include <charconv>
#include <cstdint>
#include <string_view>

namespace greenroom::protocol {

/// How JSON's grammar sees a number.
enum class number_form : std::uint8_t {
  none,    ///< No number at all.
  integer, ///< Digits, maybe a minus sign.
  decimal, ///< With a fraction or an exponent.
};

[[nodiscard]] number_form form_of_number(std::string_view token);

/// Whether all of `token` is a `Number`, which is then in `to`.
template <class Number>
[[nodiscard]] bool converts(std::string_view token, Number& to) {
  auto end = token.data() + token.size();
  auto result = std::from_chars(token.data(), end, to);
  return result.ec == std::errc{} && result.ptr == end;
}

/// Which type of MessagePack holds a number without loss.
enum class number_home : std::uint8_t { nowhere, natural, negative, real, ext };

struct placed_number {
  number_home in = number_home::nowhere; ///< `nowhere`: no number at all.
  std::uint64_t natural = 0;
  std::int64_t negative = 0;
  double real = 0;
};

[[nodiscard]] placed_number place_number(std::string_view token);

} // namespace greenroom::protocol
