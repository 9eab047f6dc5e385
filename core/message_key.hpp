#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/protocol/messages.hpp"

namespace greenroom {

/// What makes a message the same one again [P-3.4]; empty: it has no id. A
/// session is one of ours and holds no `"`, no `#` and no `*`.
[[nodiscard]] std::string message_key(std::string_view session,
                                      const protocol::request_id& id);

/// The same for a message without an id, where its node has to know it again:
/// `mark` is drawn for it.
[[nodiscard]] std::string drawn_key(std::string_view session,
                                    std::string_view mark);

/// What a key was made of. Of one that was drawn: the session and no id.
[[nodiscard]] std::pair<std::string_view, protocol::request_id>
parts_of(std::string_view key);

} // namespace greenroom
