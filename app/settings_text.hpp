#pragma once

// What the program says about its settings; all of it comes from the table.

#include <string>

#include "core/settings.hpp"

namespace greenroom::app {

/// `--help`
[[nodiscard]] std::string help_text();

/// `--print-config`: a complete TOML file with a comment on each setting, that
/// loads to the same settings again, but for the secrets, which are masked.
[[nodiscard]] std::string config_text(const settings& all);

/// `--print-reference`: docs/reference.md.
[[nodiscard]] std::string reference_text();

/// `--print-metrics`: docs/metrics.md.
[[nodiscard]] std::string metrics_text();

} // namespace greenroom::app
