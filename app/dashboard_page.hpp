#pragma once

#include <optional>
#include <string_view>

#include "net/http_connection.hpp"

namespace greenroom::app {

/// The page at `/dashboard`, and its parts below (docs/dashboard.md); none: the
/// path is another one. What they are filled with is `watch_hub`'s.
[[nodiscard]] std::optional<net::served> dashboard_page(std::string_view path);

} // namespace greenroom::app
