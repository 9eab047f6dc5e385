#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include "cluster/redis_loop.hpp"
#include "cluster/redis_url.hpp"

namespace greenroom::cluster {

/// A byte stream to Redis, over TCP, TLS or a local socket. One loop's thread;
/// at most one write at a time; nothing blocks. What it is given to call keeps
/// its owner, and it keeps that until it is closed.
class redis_stream {
public:
  /// An empty text: connected (with TLS: and the server is who it should be).
  using connected = std::function<void(std::string error)>;
  using moved = std::function<void(boost::system::error_code, std::size_t)>;

  virtual ~redis_stream() = default;

  virtual void connect(connected then) = 0;

  /// Reads what comes into `to` from now on, and tells each time how much,
  /// until it tells an error or is closed. Once, when connected.
  virtual void read(std::span<char> to, moved each) = 0;

  /// Writes what is taken at once without waiting, and gives how much; 0 also
  /// where it cannot, or something is wrong, which `write` then tells.
  virtual std::size_t write_now(std::string_view bytes) = 0;

  /// Writes all of it. The bytes must stay until `then`.
  virtual void write(std::string_view bytes, moved then) = 0;

  /// Nothing more is called, or it is told of an error.
  virtual void close() = 0;
};

struct tls_error {
  std::string text;
};

/// What TLS trusts: the system's certificates and those of `ca_file` (PEM;
/// empty: none). Reads files, so at the start of the process.
[[nodiscard]] boost::system::result<std::shared_ptr<boost::asio::ssl::context>,
                                    tls_error>
make_tls_context(const std::string& ca_file);

/// `attempt` turns the order in which the addresses of a name are tried, so
/// that one dead address does not hide the others.
[[nodiscard]] std::shared_ptr<redis_stream>
make_redis_stream(const redis_loop& in, const redis_endpoint& where,
                  std::shared_ptr<boost::asio::ssl::context> tls,
                  std::size_t attempt);

} // namespace greenroom::cluster
