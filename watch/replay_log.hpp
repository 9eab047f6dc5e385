#pragma once

#include <string>

#include "watch/log_input.hpp"
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

/// To the end of what is not followed, or to where it cannot be read.
void read_all(log_input& from, log_model& to);

/// What is wrong with what was read, as a line for stderr; empty: nothing is.
[[nodiscard]] std::string complaint_of(const log_picture& read,
                                       const std::string& file);

} // namespace greenroom::watch
