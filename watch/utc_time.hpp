#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace greenroom::watch {

/// Milliseconds since the Unix epoch.
using utc_ms = std::int64_t;

/// RFC 3339, as in `ts` of a line, or with less or more of a second's fraction
/// (what is finer than a millisecond is cut off), a blank for the `T`, or
/// another offset than `Z`. Nothing where it is no such time.
[[nodiscard]] std::optional<utc_ms> parse_time(std::string_view text);

/// As `ts` of a line has it: `2026-11-22T12:00:00.123Z`.
[[nodiscard]] std::string format_time(utc_ms when);

/// In two units at most, for a person: `350ms`, `4.2s`, `3m12s`, `5h01m`,
/// `12d03h`.
[[nodiscard]] std::string format_span(utc_ms span);

} // namespace greenroom::watch
