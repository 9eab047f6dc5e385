#pragma once

#include <string>
#include <variant>

#include "app/settings_environment.hpp"
#include "core/settings.hpp"

namespace greenroom::app {

/// The program has said what it was asked for, or what is wrong, and ends.
struct early_exit {
  int code = 0;    ///< 2: the command line or the configuration is wrong.
  std::string out; ///< For stdout.
  std::string err; ///< For stderr: a line `greenroom: …` for each error.
};

/// The settings that hold: command line over environment over file over
/// default, checked, with the secret read from `auth.secret-file` and
/// `localhost` turned into an address.
[[nodiscard]] std::variant<settings, early_exit>
load_settings(int argc, const char* const* argv, const environment& variables);

} // namespace greenroom::app
