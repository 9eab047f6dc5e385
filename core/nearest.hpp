#pragma once

#include <span>
#include <string>
#include <string_view>

namespace greenroom {

/// The known word that takes the fewest single-character edits to reach; the
/// first of several, empty where none is known. For "did you mean …?".
[[nodiscard]] std::string nearest(std::string_view word,
                                  std::span<const std::string> known);

} // namespace greenroom
