#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "watch/printable.hpp"

namespace greenroom::watch {

enum class style : std::uint8_t { plain, dim, bold, good, warn, bad, chosen };

/// A line of the screen: texts that are printable, each in its style.
class screen_line {
public:
  struct part {
    std::string text;
    style how = style::plain;
  };

  /// Behind what is there. `text` may be anything.
  screen_line& add(std::string_view text, style how = style::plain) {
    return add_printable(printable(text), how);
  }

  screen_line& add_printable(std::string text, style how = style::plain) {
    if (!text.empty())
      parts_.push_back({std::move(text), how});
    return *this;
  }

  /// Exactly so wide: cut, or filled up with blanks.
  void fit(std::size_t columns);

  /// All of it in this style.
  void paint(style how);

  screen_line& append(screen_line other);

  [[nodiscard]] const std::vector<part>& parts() const { return parts_; }
  [[nodiscard]] std::string text() const; ///< Without styles or last blanks.

private:
  std::vector<part> parts_;
};

} // namespace greenroom::watch
