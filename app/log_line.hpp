#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "core/log.hpp"

namespace greenroom::app {

enum class log_style : std::uint8_t { json, text, coloured_text };

/// What a line says beside its event.
struct line_head {
  std::chrono::system_clock::time_point when{};
  std::string_view node_id;
  const log::speaker* who = nullptr; ///< Null: no actor tells it.
};

/// One line of the log, line end included, but for its number. Total: any bytes
/// in a field give valid UTF-8 without control characters.
[[nodiscard]] std::string log_line(log_style style, const line_head& head,
                                   const log::event& what,
                                   std::initializer_list<log::field> fields);

/// Gives a line of `log_line` its `seq`, which is known only where lines have
/// their order, or says nothing of it. People do without. To be done once.
void number_line(std::string& line, log_style style,
                 std::optional<std::uint64_t> seq);

} // namespace greenroom::app
