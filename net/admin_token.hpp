#pragma once

#include <string_view>

#include "net/request_head.hpp"

namespace greenroom::net {

/// Why the request may not be answered to an operator: it does not bring
/// `token` as `Authorization: Bearer` [RFC 6750, 2.1]. Empty: it may. How long
/// that takes says nothing about the token.
[[nodiscard]] std::string_view why_not_admin(const request_head& head,
                                             std::string_view token);

} // namespace greenroom::net
