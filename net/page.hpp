#pragma once

#include <string_view>

namespace greenroom::net {

/// The page at `/`: net/page/index.html, built into the binary.
[[nodiscard]] std::string_view demo_page();

} // namespace greenroom::net
