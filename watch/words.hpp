#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "watch/life.hpp"

namespace greenroom::watch {

[[nodiscard]] std::string_view to_string(life::phase what);
[[nodiscard]] std::string_view to_string(bus_link::state what);

/// `room lobby #17`, or without a name `keeper #3`. Not for a terminal yet: see
/// `printable`.
[[nodiscard]] std::string title_of(const actor& who);

/// `1 restart`, `3 restarts`.
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view what);

/// `12,345`.
[[nodiscard]] std::string grouped(std::uint64_t count);

/// `512 B`, `1.2 KiB`, `3.4 MiB`.
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

/// Of a node in one line, as of `now`: what it is, since when, and how it is.
[[nodiscard]] std::string summary_of(const life& its, utc_ms now);

/// What of an actor is no everyday matter, in words; empty: nothing is.
[[nodiscard]] std::string trouble_of(const actor& who, utc_ms now);

} // namespace greenroom::watch
