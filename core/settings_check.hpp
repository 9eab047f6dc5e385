#pragma once

// What the table cannot say because it takes more than one setting to see it.

#include <optional>
#include <string_view>
#include <vector>

#include "core/setting_value.hpp"
#include "core/settings.hpp"

namespace greenroom {

/// Everything that is wrong with settings that are good one by one. The content
/// of `auth.secret-file` is not looked at; `check_secret` does that.
[[nodiscard]] std::vector<setting_error> check(const settings& all);

/// Whether this may be the key of HS256 tokens.
[[nodiscard]] setting_result<void> check_secret(std::string_view secret);

} // namespace greenroom
