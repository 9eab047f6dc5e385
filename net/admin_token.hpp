#pragma once

#include <string_view>

#include "net/request_head.hpp"

namespace greenroom::net {

/// Why the request may not be answered to an operator: it does not bring
/// `token` as `Authorization: Bearer` [RFC 6750, 2.1], or, as browsers do that
/// are asked to, as the password of `Authorization: Basic`, with whatever user
/// [RFC 7617, 2]. Empty: it may. How long that takes says nothing about the
/// token.
[[nodiscard]] std::string_view why_not_admin(const request_head& head,
                                             std::string_view token);

/// Why a browser asks for a page of another site that must not have it made
/// work, nor hold its places: `Sec-Fetch-Site` (W3C Fetch Metadata). To follow
/// a link is fine, if nothing is embedded. Empty: it may be answered, as far as
/// is known; who is no browser does not say.
[[nodiscard]] std::string_view why_not_from_there(const request_head& head);

/// Whether `host` (RFC 9110, section 7.2) is an address, or `localhost`. Where
/// no token is asked for, other names are refused: a page from elsewhere could
/// give a name of its own this machine's address, and read along in the browser
/// of an operator (DNS rebinding). Empty, as no browser sends it, is fine.
[[nodiscard]] bool is_local_name(std::string_view host);

} // namespace greenroom::net
