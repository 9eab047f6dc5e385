#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/rights.hpp"

namespace greenroom {

/// What a verified token says of its bearer [P-2.5].
struct claims {
  std::string user_id;                    ///< `sub`
  std::optional<std::int64_t> expires_at; ///< `exp`, ms since the epoch.
  std::optional<room_rights> rooms;       ///< Absent: the namespace's default.
  std::string info_json;                  ///< `info`, for member lists.
};

/// Why a token is refused: one word for the log, never the token [P-2.6].
struct token_refused {
  std::string_view reason;
};

using token_verdict = std::variant<claims, token_refused>;

/// Checks a token at a wall clock time (ms since the epoch). Any thread. The
/// one border to token formats: net/jwt.hpp makes one for JWTs.
using token_verifier =
    std::function<token_verdict(std::string_view token, std::int64_t now)>;

} // namespace greenroom
