#pragma once

// The values that a setting can have, as people write them. Total: any text
// gives a value or an error that says what to write instead.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

namespace greenroom {

/// What is wrong, in one line without the setting's name: who reports it knows
/// where it came from (file and line, variable, option) and says so in front.
struct setting_error {
  std::string text;
};

template <class T>
using setting_result = boost::system::result<T, setting_error>;

/// `true` or `false`.
[[nodiscard]] setting_result<bool> parse_bool(std::string_view text);

/// Digits only.
[[nodiscard]] setting_result<std::uint64_t> parse_number(std::string_view text);

/// Digits, or digits and `KiB`, `MiB` or `GiB`.
[[nodiscard]] setting_result<std::uint64_t> parse_bytes(std::string_view text);

/// Digits and `ms`, `s`, `m` or `h`; only 0 needs no unit.
[[nodiscard]] setting_result<std::chrono::milliseconds>
parse_duration(std::string_view text);

/// Separated by commas; spaces around an element do not count.
[[nodiscard]] std::vector<std::string> parse_list(std::string_view text);

/// The shortest text that the parser above reads as the same value.
[[nodiscard]] std::string print_bytes(std::uint64_t bytes);
[[nodiscard]] std::string print_duration(std::chrono::milliseconds time);
[[nodiscard]] std::string print_list(const std::vector<std::string>& elements,
                                     std::string_view between);

/// In quotes, on one line and not too long, for error messages.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// A URL without its password: `redis://user:***@host`.
[[nodiscard]] std::string mask_password(std::string_view url);

} // namespace greenroom
