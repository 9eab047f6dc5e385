#pragma once

#include <functional>
#include <string>

#include "watch/log_input.hpp"
#include "watch/log_model.hpp"

namespace greenroom::watch {

/// What is to be known of a log that is read to its end.
struct whole_log {
  std::string file; ///< `-`: standard input.
  line_choice which;
};

/// Prints what `text_of` makes of it, and gives the exit code: 1 where the file
/// cannot be read, or has nothing that was asked for.
[[nodiscard]] int
print_log(const whole_log& what,
          const std::function<std::string(const log_picture&)>& text_of);

/// A line for people on stderr, and an exit code.
int complain(const std::string& what);

} // namespace greenroom::watch
