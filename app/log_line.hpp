#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/log.hpp"

namespace greenroom::app {

enum class log_style : std::uint8_t { json, text, coloured_text };

/// One line of the log, line end included. Total: any bytes in a field give
/// valid UTF-8 without control characters.
[[nodiscard]] std::string log_line(log_style style,
                                   std::chrono::system_clock::time_point when,
                                   std::string_view node_id,
                                   const log::event& what,
                                   std::initializer_list<log::field> fields);

} // namespace greenroom::app
