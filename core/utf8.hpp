#pragma once

#include <string_view>

#include <simdjson.h>

namespace greenroom {

/// Most names are short and ASCII: seen here without a call.
[[nodiscard]] inline bool is_utf8(std::string_view text) {
  if (text.size() <= 64) {
    unsigned char all = 0;
    for (char c : text)
      all |= static_cast<unsigned char>(c);
    if (all < 0x80)
      return true;
  }
  return simdjson::validate_utf8(text.data(), text.size());
}

} // namespace greenroom
