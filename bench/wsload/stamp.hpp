#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace greenroom::bench {

/// What each message carries: `~WL`, then run, time, sender and number in hex.
/// Printable and of fixed size, so it survives in any protocol's text and can
/// be found without knowing the protocol.
struct stamp {
  std::uint64_t run = 0; ///< 16 bits.
  std::uint64_t time = 0;
  std::uint64_t sender = 0;
  std::uint64_t number = 0;

  static constexpr std::size_t bytes = 3 + 4 + 16 + 8 + 8;

  void write(char* into) const {
    std::memcpy(into, "~WL", 3);
    put_hex(into + 3, run, 4);
    put_hex(into + 7, time, 16);
    put_hex(into + 23, sender, 8);
    put_hex(into + 31, number, 8);
  }

  /// Takes the next stamp out of `text`: drops everything up to and including
  /// it. False: there is none, or none any more.
  bool take_from(std::string_view& text) {
    while (text.size() >= bytes) {
      const auto* at =
          static_cast<const char*>(std::memchr(text.data(), '~', text.size()));
      if (at == nullptr)
        return false;
      text.remove_prefix(static_cast<std::size_t>(at - text.data()));
      if (read(text)) {
        text.remove_prefix(bytes);
        return true;
      }
      text.remove_prefix(1);
    }
    return false;
  }

private:
  bool read(std::string_view text) {
    const char* from = text.data();
    return text.size() >= bytes && from[1] == 'W' && from[2] == 'L'
           && get_hex(from + 3, 4, run) && get_hex(from + 7, 16, time)
           && get_hex(from + 23, 8, sender) && get_hex(from + 31, 8, number);
  }

  static void put_hex(char* into, std::uint64_t value, int digits) {
    for (int i = digits - 1; i >= 0; --i, value >>= 4)
      into[i] = "0123456789abcdef"[value & 15];
  }

  static bool get_hex(const char* from, int digits, std::uint64_t& value) {
    value = 0;
    for (int i = 0; i < digits; ++i) {
      const char c = from[i];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                               : -1;
      if (digit < 0)
        return false;
      value = (value << 4) | static_cast<unsigned>(digit);
    }
    return true;
  }
};

} // namespace greenroom::bench
