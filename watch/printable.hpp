#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace greenroom::watch {

/// What others chose (names, reasons, whole lines), for a terminal: all that
/// does more there than show itself (control characters, escape sequences,
/// directions of writing, what has no width, bytes that are not UTF-8) stands
/// as `\x1b` or `\u{202e}`. Total.
[[nodiscard]] std::string printable(std::string_view text);

/// The same, cut to so many columns; where it is longer, it ends with `…`.
[[nodiscard]] std::string printable(std::string_view text,
                                    std::size_t columns_max);

/// A JSON text that means the same, for a terminal: in its strings such
/// characters stand as `\u009b`. What is no UTF-8 becomes U+FFFD.
[[nodiscard]] std::string printable_json(std::string_view json);

/// The columns that a printable text takes.
[[nodiscard]] std::size_t columns_of(std::string_view printable);

} // namespace greenroom::watch
