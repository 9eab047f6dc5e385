#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

namespace greenroom::cluster {

/// Where a Redis is and as whom to log in.
struct redis_endpoint {
  enum class transport : std::uint8_t { tcp, tls, local };

  transport over = transport::tcp;
  std::string host;          ///< Name or address; IPv6 without brackets.
  std::uint16_t port = 6379; ///< Not with `local`.
  std::string path;          ///< Of the socket; only with `local`.
  std::string user;          ///< Empty: Redis's default user.
  std::string password;      ///< Empty: no login.
  std::uint32_t database = 0;
};

/// Why a URL is refused. Never holds any part of the URL: the password could
/// stand anywhere in a mistyped one.
struct url_error {
  std::string text;
};

/// Reads
///
///   redis://[[user]:password@]host[:port][/database]
///   rediss://…                               the same over TLS
///   unix://[[user]:password@]/path[?db=n]    also redis+unix://
///   /path[?db=n]
///
/// User, password, host and path are percent-decoded.
[[nodiscard]] boost::system::result<redis_endpoint, url_error>
parse_redis_url(std::string_view text);

/// The same as a URL again, with `***` for the password.
[[nodiscard]] std::string to_log_string(const redis_endpoint& where);

} // namespace greenroom::cluster
