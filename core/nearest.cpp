#include "core/nearest.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

namespace greenroom {

namespace {

/// Levenshtein's distance, one row of his table at a time.
std::size_t edits_between(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      auto replace = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replace, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

/// A quarter of a million cells at most, whatever a command line holds.
constexpr std::size_t word_bytes_max = 256;

} // namespace

std::string nearest(std::string_view word, std::span<const std::string> known) {
  std::string best;
  auto fewest = std::numeric_limits<std::size_t>::max();
  word = word.substr(0, word_bytes_max);
  for (const auto& candidate : known) {
    auto edits = edits_between(word, candidate);
    if (edits < fewest) {
      fewest = edits;
      best = candidate;
    }
  }
  return best;
}

} // namespace greenroom
