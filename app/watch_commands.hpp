#pragma once

#include <optional>

namespace greenroom::app {

/// `greenroom top` and `greenroom replay-log`, which look at what nodes have
/// logged: runs what the first argument names, and gives the exit code; nothing
/// where it names neither. 2: the command line is wrong.
[[nodiscard]] std::optional<int> run_watch_command(int argc,
                                                   const char* const* argv);

} // namespace greenroom::app
