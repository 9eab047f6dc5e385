#pragma once

#include <string>

#include "watch/log_model.hpp"

namespace greenroom::watch {

/// `greenroom replay-log`.
struct replay_request {
  std::string file; ///< `-`: standard input.
  line_choice which;
  bool as_json = false;
};

/// Prints the trees of actors as they were, and gives the exit code: 1 where
/// the file cannot be read, or has nothing that was asked for.
[[nodiscard]] int replay_log(const replay_request& what);

} // namespace greenroom::watch
