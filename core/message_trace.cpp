#include "core/message_trace.hpp"

#include <algorithm>

namespace greenroom {

namespace {

/// version "-" trace-id "-" parent-id "-" trace-flags
constexpr std::size_t length = 2 + 1 + 32 + 1 + 16 + 1 + 2;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool is_id(std::string_view text) {
  return std::ranges::all_of(text, is_hex)
         && text.find_first_not_of('0') != std::string_view::npos;
}

bool is_sampled(char last_digit) {
  auto value = last_digit <= '9' ? last_digit - '0' : last_digit - 'a' + 10;
  return (value & 1) != 0;
}

} // namespace

message_trace_ptr sampled_trace(std::string_view of) {
  // A later version may append to this one's fields, behind a dash.
  bool is_one =
      of.size() >= length && is_hex(of[0]) && is_hex(of[1]) && of[2] == '-'
      && is_id(of.substr(3, 32)) && of[35] == '-' && is_id(of.substr(36, 16))
      && of[52] == '-' && is_hex(of[53]) && is_hex(of[54])
      && !of.starts_with("ff")
      && (of.size() == length || (!of.starts_with("00") && of[length] == '-'));
  if (!is_one || !is_sampled(of[54]))
    return nullptr;
  return std::make_shared<const message_trace>(
      message_trace{"00" + std::string{of.substr(2, length - 2)}});
}

} // namespace greenroom
