#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/settings_draft.hpp"

namespace greenroom::app {

/// Variables by name.
using environment = std::map<std::string, std::string>;

/// The variables of this process that start with `GREENROOM_`.
[[nodiscard]] environment process_environment();

/// `auth.secret-file` is `GREENROOM_AUTH_SECRET_FILE`.
[[nodiscard]] std::string variable_of(std::string_view setting_name);

/// Takes the settings among the variables; `GREENROOM_CONFIG` is not one. Each
/// error starts with the variable's name. Comes after the file, whose
/// namespaces say how `NAME` of GREENROOM_NAMESPACES_NAME_KEY is spelt.
[[nodiscard]] std::vector<std::string>
read_settings_environment(const environment& from, settings_draft& into);

} // namespace greenroom::app
