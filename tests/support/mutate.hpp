#pragma once

// Small damage to bytes, the same in every run of one seed.

#include <random>
#include <string>
#include <string_view>

namespace greenroom::test {

using random = std::mt19937;

/// From 0 to `below` - 1.
inline std::size_t pick(random& dice, std::size_t below) {
  return std::uniform_int_distribution<std::size_t>{0, below - 1}(dice);
}

/// Changes, cuts, doubles or adds a few bytes. New bytes come from `alphabet`.
inline std::string mutated(random& dice, std::string bytes,
                           std::string_view alphabet) {
  for (auto times = 1 + pick(dice, 3); times > 0; --times) {
    auto at = pick(dice, bytes.size() + 1);
    auto length = std::min(pick(dice, 8), bytes.size() - at);
    switch (pick(dice, 4)) {
    case 0:
      bytes.erase(at, length);
      break;
    case 1:
      bytes.insert(at, bytes.substr(at, length));
      break;
    case 2:
      bytes.insert(at, 1, alphabet[pick(dice, alphabet.size())]);
      break;
    default:
      if (at < bytes.size())
        bytes[at] = alphabet[pick(dice, alphabet.size())];
    }
  }
  return bytes;
}

} // namespace greenroom::test
