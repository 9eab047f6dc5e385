#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/deflate_terms.hpp"
#include "core/settings.hpp"

namespace greenroom::net {

/// What is agreed on with a client, and how the handshake's answer says it.
struct deflate_agreement {
  ws::deflate_terms terms;
  std::string answer; ///< Of `Sec-WebSocket-Extensions`.
};

/// Takes the first acceptable permessage-deflate offer of a
/// `Sec-WebSocket-Extensions` field, RFC 7692 sections 5 and 7.1. An offer with
/// a parameter that is unknown, doubled or has a value that it may not have is
/// passed over, a field that breaks the grammar altogether: the handshake goes
/// on without. Pure.
[[nodiscard]] std::optional<deflate_agreement>
choose_deflate(std::string_view offers,
               const settings::deflate_settings& config);

} // namespace greenroom::net
