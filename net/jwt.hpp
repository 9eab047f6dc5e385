#pragma once

#include "core/settings.hpp"
#include "core/token.hpp"

namespace greenroom::net {

/// A verifier of JSON Web Tokens (RFC 7519), signed with HS256 by
/// `auth.secret` [P-2.5]. Empty where no secret is configured. Safe to call
/// from any thread.
[[nodiscard]] token_verifier make_jwt_verifier(const settings& config);

} // namespace greenroom::net
