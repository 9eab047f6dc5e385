#pragma once

#include <string>
#include <vector>

#include "core/settings_draft.hpp"

namespace greenroom::app {

/// Takes the settings of a TOML file. Each error starts with `path:line:`.
[[nodiscard]] std::vector<std::string>
read_settings_file(const std::string& path, settings_draft& into);

} // namespace greenroom::app
