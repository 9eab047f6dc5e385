#pragma once

// Frames as clients send them, good and bad.

#include <random>
#include <string>
#include <string_view>

namespace greenroom::test {

struct form {
  bool fin = true;
  int reserved = 0;
  bool masked = true;
  int length_bits = 0; ///< 0: the shortest.
};

inline std::string frame(int opcode, std::string_view payload, form how = {}) {
  static std::mt19937 random{7};
  std::string bytes;
  bytes += static_cast<char>((how.fin ? 0x80 : 0) | how.reserved << 4 | opcode);
  auto bits = how.length_bits != 0     ? how.length_bits
              : payload.size() < 126   ? 7
              : payload.size() < 65536 ? 16
                                       : 64;
  int mask_bit = how.masked ? 0x80 : 0;
  bytes += static_cast<char>(mask_bit
                             | (bits == 7    ? static_cast<int>(payload.size())
                                : bits == 16 ? 126
                                             : 127));
  if (bits != 7)
    for (int shift = bits - 8; shift >= 0; shift -= 8)
      bytes += static_cast<char>(payload.size() >> shift);
  if (!how.masked)
    return bytes.append(payload);
  auto mask = random();
  for (int i = 0; i < 4; ++i)
    bytes += static_cast<char>(mask >> (8 * i));
  for (std::size_t i = 0; i < payload.size(); ++i)
    bytes += static_cast<char>(payload[i]
                               ^ static_cast<char>(mask >> (8 * (i % 4))));
  return bytes;
}

inline constexpr form begins{false}; // More is to come
inline constexpr form goes_on{false};

} // namespace greenroom::test
