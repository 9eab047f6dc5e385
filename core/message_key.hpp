#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/protocol/messages.hpp"

namespace greenroom {

/// What makes a message the same one again [P-3.4]; empty: it has no id. A
/// session is one of ours and holds no `"` and no `#`.
[[nodiscard]] std::string message_key(std::string_view session,
                                      const protocol::request_id& id);

/// What it was made of.
[[nodiscard]] std::pair<std::string_view, protocol::request_id>
parts_of(std::string_view key);

} // namespace greenroom
