#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

namespace greenroom::cluster {

/// Where a Redis is and as whom to log in.
struct redis_endpoint {
  enum class transport : std::uint8_t { tcp, tls, local };

  struct address {
    std::string host;
    std::uint16_t port = 0;

    friend bool operator==(const address&, const address&) = default;
  };

  /// Sentinels know the address of a master by its name, and who may ask.
  struct guide {
    std::vector<address> sentinels; ///< Empty: nobody has to be asked.
    std::string master;
    std::string user;     ///< Of the sentinels, as below.
    std::string password; ///< Of the sentinels.
  };

  transport over = transport::tcp;
  std::string host;          ///< Name or address; IPv6 without brackets.
  std::uint16_t port = 6379; ///< Not with `local`.
  std::string path;          ///< Of the socket; only with `local`.
  std::string user;          ///< Empty: Redis's default user.
  std::string password;      ///< Empty: no login.
  std::uint32_t database = 0;
  guide by; ///< With sentinels, host and port are what they say.
  /// Some nodes of a Redis Cluster, which know the others. Empty: it is none.
  std::vector<address> nodes;

  [[nodiscard]] bool has_sentinels() const { return !by.sentinels.empty(); }
  [[nodiscard]] bool is_cluster() const { return !nodes.empty(); }

  /// The one server of this Redis that is there.
  [[nodiscard]] redis_endpoint at(address where) const;

  /// One of the sentinels, as a server to connect to.
  [[nodiscard]] redis_endpoint sentinel(std::size_t index) const;
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
///   redis+sentinel://[[user]:password@]host[:port][,host[:port]…]/master[/db]
///   rediss+sentinel://…                      the same, all over TLS
///   redis+cluster://[[user]:password@]host[:port][,host[:port]…]
///   rediss+cluster://…                       the same over TLS
///
/// User, password, host and path are percent-decoded.
[[nodiscard]] boost::system::result<redis_endpoint, url_error>
parse_redis_url(std::string_view text);

/// `host:port`, with brackets around an IPv6 address.
[[nodiscard]] std::string to_string(const redis_endpoint::address& where);

/// The same as a URL again, with `***` for the password.
[[nodiscard]] std::string to_log_string(const redis_endpoint& where);

} // namespace greenroom::cluster
