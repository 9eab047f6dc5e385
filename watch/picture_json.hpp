#pragma once

#include <string>

#include "watch/log_model.hpp"

namespace greenroom::watch {

/// All that is known, as one JSON object in a line: of each node its `actors`,
/// as the node itself reports them, and what crashed.
[[nodiscard]] std::string picture_json(const log_picture& what);

} // namespace greenroom::watch
