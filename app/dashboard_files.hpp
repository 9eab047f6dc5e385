#pragma once

#include <optional>
#include <string_view>

namespace greenroom::app {

/// What is in app/dashboard/ under this name, built into the binary; none:
/// nothing is.
[[nodiscard]] std::optional<std::string_view>
dashboard_file(std::string_view name);

} // namespace greenroom::app
