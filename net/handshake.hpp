#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "actors/interfaces.hpp"
#include "core/settings.hpp"
#include "net/request_head.hpp"

namespace greenroom::net {

/// What a request line asks for: the path, and the query parameters decoded.
struct target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
};

/// A handshake that will be answered with 101.
struct upgrade {
  actors::client_hello hello; ///< Without `peer`.
  std::string subprotocol;    ///< Empty: none is agreed.
  std::string extensions;     ///< The same.
};

/// An answer that is not 101. `text` is for people.
struct refused {
  unsigned status = 400;
  std::string text;
};

/// Reads the target of a request line; refuses what is no valid URL.
[[nodiscard]] std::variant<target, refused> read_target(std::string_view from);

/// Decides on an upgrade to `/ws` or `/relay` [P-1, RFC 6455 section 4.2].
/// Pure: no socket, no clock.
[[nodiscard]] std::variant<upgrade, refused>
read_handshake(const request_head& head, const target& at,
               const settings& config);

/// The 101 that answers the handshake `head`, which was agreed to.
[[nodiscard]] std::string upgrade_response(const request_head& head,
                                           const upgrade& agreed);

/// The first place that holds a token decides [P-2.1]; empty: none does.
[[nodiscard]] std::string find_token(const request_head& head, const target& at,
                                     std::string_view cookie_name);

/// Whether a browser on that page may connect [P-1.4]: a page of this host, or
/// of an origin that the configuration names. No `Origin`: not a browser.
[[nodiscard]] bool origin_allowed(const request_head& head,
                                  const std::vector<std::string>& allowed);

} // namespace greenroom::net
