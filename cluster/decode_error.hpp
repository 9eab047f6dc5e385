#pragma once

#include <string>

namespace greenroom::cluster {

/// Why bytes are not what they should be, for the log. Holds nothing of them.
struct decode_error {
  std::string text;
};

} // namespace greenroom::cluster
