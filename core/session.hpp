#pragma once

#include <string>
#include <string_view>

namespace greenroom {

/// A session is its client's secret: who names it goes on with it, on any node
/// [P-3.18]. So no node has to be asked about it, what others see of it is
/// worked out of it, and leads nobody back.
[[nodiscard]] std::string new_session();

/// Whether it could be one of ours.
[[nodiscard]] bool is_session(std::string_view text);

/// What others see of a session, the same on every node.
struct session_names {
  std::string connection_id;
  std::string anonymous_user_id; ///< Of a client without a token [P-2.3].
};

[[nodiscard]] session_names names_of(std::string_view session);

} // namespace greenroom
