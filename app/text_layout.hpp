#pragma once

#include <string>
#include <string_view>

namespace greenroom::app {

/// Breaks the text at spaces, so that lines with `indent` in front are at most
/// 80 columns wide (a longer word stays whole). Ends with a line end.
[[nodiscard]] std::string wrapped(std::string_view text,
                                  std::string_view indent);

/// The text without the backticks that Markdown wants.
[[nodiscard]] std::string plain(std::string_view text);

/// A basic string of TOML, quotes included. The text has to be UTF-8.
[[nodiscard]] std::string toml_string(std::string_view text);

} // namespace greenroom::app
