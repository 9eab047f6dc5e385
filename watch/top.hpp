#pragma once

#include <string>

namespace greenroom::watch {

/// `greenroom top`.
struct top_request {
  std::string file; ///< `-`: standard input.
  bool follows = false;
  bool once = false;
  std::string node; ///< Only this one; empty: all.
};

/// Shows what the log tells until somebody quits, or once where standard output
/// is no terminal; gives the exit code. A signal that ends it ends the process.
[[nodiscard]] int top(const top_request& what);

} // namespace greenroom::watch
