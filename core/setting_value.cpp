#include "core/setting_value.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>

namespace greenroom {

namespace {

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

// From small to large: printing takes the last that divides the value.
constexpr unit size_units[] = {
    {"", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}};
constexpr unit time_units[] = {
    {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}};

struct measure {
  std::uint64_t count;
  std::string_view unit;
};

/// Splits "64KiB" into its number and the rest.
setting_result<measure> parse_measure(std::string_view text,
                                      std::string_view kind) {
  std::uint64_t count = 0;
  auto [rest, failed] =
      std::from_chars(text.data(), text.data() + text.size(), count);
  if (failed == std::errc::result_out_of_range)
    return setting_error{in_quotes(text) + " is too large"};
  if (failed != std::errc{})
    return setting_error{in_quotes(text) + " is not " + std::string{kind}};
  auto digits = static_cast<std::size_t>(rest - text.data());
  return measure{count, text.substr(digits)};
}

setting_result<std::uint64_t> scaled(measure what, std::span<const unit> units,
                                     std::string_view text,
                                     std::string_view kind) {
  auto found = std::ranges::find(units, what.unit, &unit::name);
  if (found == units.end())
    return setting_error{in_quotes(text) + " is not " + std::string{kind}};
  if (what.count > std::numeric_limits<std::int64_t>::max() / found->factor)
    return setting_error{in_quotes(text) + " is too large"};
  return what.count * found->factor;
}

std::string print_scaled(std::uint64_t value, std::span<const unit> units) {
  auto best = units.front();
  for (const auto& candidate : units)
    if (value != 0 && value % candidate.factor == 0)
      best = candidate;
  return std::to_string(value / best.factor) + std::string{best.name};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t";
  auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

} // namespace

setting_result<bool> parse_bool(std::string_view text) {
  if (text == "true")
    return true;
  if (text == "false")
    return false;
  return setting_error{in_quotes(text) + " is neither true nor false"};
}

setting_result<std::uint64_t> parse_number(std::string_view text) {
  constexpr std::string_view kind = "a whole number";
  auto what = parse_measure(text, kind);
  if (!what)
    return what.error();
  if (!what->unit.empty())
    return setting_error{in_quotes(text) + " is not " + std::string{kind}};
  return what->count;
}

setting_result<std::uint64_t> parse_bytes(std::string_view text) {
  constexpr std::string_view kind =
      "a size: write a number of bytes, or one with KiB, MiB or GiB";
  auto what = parse_measure(text, kind);
  if (!what)
    return what.error();
  return scaled(*what, size_units, text, kind);
}

setting_result<std::chrono::milliseconds>
parse_duration(std::string_view text) {
  constexpr std::string_view kind =
      "a time: write a whole number with ms, s, m or h, as in \"5s\"";
  auto what = parse_measure(text, kind);
  if (!what)
    return what.error();
  if (what->unit.empty() && what->count == 0)
    return std::chrono::milliseconds{0};
  if (what->unit.empty())
    return setting_error{in_quotes(text)
                         + " has no unit: write ms, s, m or h behind it, as in "
                           "\""
                         + std::string{text} + "s\""};
  auto count = scaled(*what, time_units, text, kind);
  if (!count)
    return count.error();
  return std::chrono::milliseconds{*count};
}

std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> elements;
  if (trimmed(text).empty())
    return elements;
  for (std::size_t from = 0; from <= text.size();) {
    auto comma = std::min(text.find(',', from), text.size());
    elements.emplace_back(trimmed(text.substr(from, comma - from)));
    from = comma + 1;
  }
  return elements;
}

std::string print_bytes(std::uint64_t bytes) {
  return print_scaled(bytes, size_units);
}

std::string print_duration(std::chrono::milliseconds time) {
  if (time.count() == 0)
    return "0s";
  return print_scaled(static_cast<std::uint64_t>(time.count()), time_units);
}

std::string print_list(const std::vector<std::string>& elements,
                       std::string_view between) {
  std::string out;
  for (const auto& element : elements) {
    if (&element != &elements.front())
      out += between;
    out += element;
  }
  return out;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t shown_bytes_max = 60;
  std::string out = "\"";
  for (auto byte : text.substr(0, shown_bytes_max))
    out += static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f ? '?' : byte;
  out += text.size() > shown_bytes_max ? "…\"" : "\"";
  return out;
}

std::string mask_password(std::string_view url) {
  auto scheme = url.find("://");
  auto user = scheme == std::string_view::npos ? 0 : scheme + 3;
  // The last @, so that a password that holds one is masked as a whole.
  auto at = url.rfind('@');
  if (at == std::string_view::npos || at < user)
    return std::string{url};
  auto colon = url.substr(user, at - user).find(':');
  auto kept = colon == std::string_view::npos ? user : user + colon + 1;
  return std::string{url.substr(0, kept)} + "***" + std::string{url.substr(at)};
}

} // namespace greenroom
