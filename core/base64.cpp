#include "core/base64.hpp"

#include <array>
#include <cstdint>

namespace greenroom {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::uint8_t no_digit = 0xff;

constexpr auto digits = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(no_digit);
  for (std::uint8_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = i;
  return table;
}();

std::uint32_t byte_at(std::string_view bytes, std::size_t i) {
  return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
}

} // namespace

void append_base64(std::string& out, std::string_view bytes) {
  auto begin = out.size();
  out.resize(begin + (bytes.size() + 2) / 3 * 4);
  auto* at = out.data() + begin;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    auto group = byte_at(bytes, i) << 16 | byte_at(bytes, i + 1) << 8
                 | byte_at(bytes, i + 2);
    *at++ = alphabet[group >> 18];
    *at++ = alphabet[group >> 12 & 0x3f];
    *at++ = i + 1 < bytes.size() ? alphabet[group >> 6 & 0x3f] : '=';
    *at++ = i + 2 < bytes.size() ? alphabet[group & 0x3f] : '=';
  }
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0)
    return std::nullopt;
  auto padding = text.ends_with("==") ? 2U : text.ends_with('=') ? 1U : 0U;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    auto pads = i + 4 == text.size() ? padding : 0U;
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      auto digit = j < 4 - pads ? digits[byte_at(text, i + j)] : 0;
      if (digit == no_digit)
        return std::nullopt;
      group = group << 6 | digit;
    }
    // Bits that the padding cuts off are zero in the one right spelling.
    if (pads > 0 && (group & ((1U << (8 * pads)) - 1)) != 0)
      return std::nullopt;
    for (std::size_t j = 0; j < 3 - pads; ++j)
      bytes += static_cast<char>(group >> (16 - 8 * j) & 0xff);
  }
  return bytes;
}

} // namespace greenroom
