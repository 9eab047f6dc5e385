#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace greenroom::app {

/// What the command line asks for; the settings in it are still texts.
struct command_line {
  enum class verb {
    run,
    help,
    version,
    print_config,
    check_config,
    print_reference,
    print_events,
    print_events_schema,
    print_metrics,
  };

  verb what = verb::run;
  std::optional<std::string> config; ///< `--config FILE`
  std::vector<std::pair<std::string, std::string>> settings; ///< name, text
  std::vector<std::string> errors;
};

/// Total: what it cannot read stands in `errors`.
[[nodiscard]] command_line read_command_line(int argc, const char* const* argv);

} // namespace greenroom::app
