#include "cluster/redis_stream.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace greenroom::cluster {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// Sockets that know their executor's type: the type-erased one costs calls and
/// allocations in each step.
template <class Protocol>
using socket_of =
    asio::basic_stream_socket<Protocol, asio::io_context::executor_type>;
using tcp_socket = socket_of<tcp>;
using boost::system::error_code;

/// Gives how much the socket took.
template <class Socket>
std::size_t write_some_now(Socket& to, std::string_view bytes) {
  auto taken = ::send(to.native_handle(), bytes.data(), bytes.size(),
                      MSG_NOSIGNAL | MSG_DONTWAIT);
  return taken > 0 ? static_cast<std::size_t>(taken) : 0;
}

/// What the three kinds of stream share once they are connected.
template <class Stream>
class stream_of : public redis_stream,
                  public std::enable_shared_from_this<stream_of<Stream>> {
public:
  template <class... Args>
  explicit stream_of(Args&&... args) : stream_(std::forward<Args>(args)...) {}

  void read(char* to, std::size_t size_max, moved then) override {
    stream_.async_read_some(
        asio::buffer(to, size_max),
        [self = this->shared_from_this(), then = std::move(then)](
            error_code failed, std::size_t size) { then(failed, size); });
  }

  void write(std::string_view bytes, moved then) override {
    asio::async_write(
        stream_, asio::buffer(bytes.data(), bytes.size()),
        [self = this->shared_from_this(), then = std::move(then)](
            error_code failed, std::size_t size) { then(failed, size); });
  }

protected:
  Stream stream_;
};

using local = asio::local::stream_protocol;

class local_stream final : public stream_of<socket_of<local>> {
public:
  local_stream(asio::io_context& io, std::string path)
    : stream_of(io), path_(std::move(path)) {}

  void connect(connected then) override {
    stream_.async_connect(
        local::endpoint{path_},
        [self = shared_from_this(), then = std::move(then)](error_code failed) {
          then(failed ? "connect: " + failed.message() : "");
        });
  }

  std::size_t write_now(std::string_view bytes) override {
    return write_some_now(stream_, bytes);
  }

  void close() override {
    error_code ignored;
    stream_.close(ignored);
  }

private:
  std::string path_;
};

/// From a host name to a connected socket. An address is taken as it is; a name
/// is looked up by Asio's resolver thread, since `getaddrinfo` blocks.
class tcp_connector {
public:
  tcp_connector(asio::io_context& io, const redis_endpoint& where,
                std::size_t attempt)
    : host_(where.host), port_(where.port), attempt_(attempt), resolver_(io) {}

  /// `self` keeps alive what owns this and the socket.
  void connect(tcp_socket& to, std::shared_ptr<void> self,
               redis_stream::connected then) {
    error_code no_address;
    auto address = asio::ip::make_address(host_, no_address);
    if (!no_address) {
      endpoints_.emplace_back(address, port_);
      return connect_any(to, std::move(self), std::move(then));
    }
    resolver_.async_resolve(
        host_, std::to_string(port_),
        [this, &to, self = std::move(self), then = std::move(then)](
            error_code failed, const tcp::resolver::results_type& found) {
          if (failed)
            return then("resolve: " + failed.message());
          endpoints_.assign(found.begin(), found.end());
          connect_any(to, self, then);
        });
  }

  void close() { resolver_.cancel(); }

  [[nodiscard]] const std::string& host() const { return host_; }

private:
  void connect_any(tcp_socket& to, std::shared_ptr<void> self,
                   redis_stream::connected then) {
    if (endpoints_.empty())
      return then("resolve: no address");
    auto first = static_cast<std::ptrdiff_t>(attempt_ % endpoints_.size());
    std::ranges::rotate(endpoints_, endpoints_.begin() + first);
    asio::async_connect(to, endpoints_,
                        [&to, self = std::move(self), then = std::move(then)](
                            error_code failed, const tcp::endpoint&) {
                          if (failed)
                            return then("connect: " + failed.message());
                          error_code ignored;
                          // Batches are made here; waiting for more is no use.
                          to.set_option(tcp::no_delay{true}, ignored);
                          to.set_option(tcp_socket::keep_alive{true}, ignored);
                          then("");
                        });
  }

  std::string host_;
  std::uint16_t port_;
  std::size_t attempt_;
  tcp::resolver resolver_;
  std::vector<tcp::endpoint> endpoints_;
};

class tcp_stream final : public stream_of<tcp_socket> {
public:
  tcp_stream(asio::io_context& io, const redis_endpoint& where,
             std::size_t attempt)
    : stream_of(io), connector_(io, where, attempt) {}

  void connect(connected then) override {
    connector_.connect(stream_, shared_from_this(), std::move(then));
  }

  std::size_t write_now(std::string_view bytes) override {
    return write_some_now(stream_, bytes);
  }

  void close() override {
    connector_.close();
    error_code ignored;
    stream_.close(ignored);
  }

private:
  tcp_connector connector_;
};

class tls_stream final : public stream_of<asio::ssl::stream<tcp_socket>> {
public:
  tls_stream(asio::io_context& io, const redis_endpoint& where,
             std::shared_ptr<asio::ssl::context> tls, std::size_t attempt)
    : stream_of(io, *tls),
      tls_(std::move(tls)),
      connector_(io, where, attempt) {}

  void connect(connected then) override {
    connector_.connect(stream_.next_layer(), shared_from_this(),
                       [this, then = std::move(then)](std::string error) {
                         if (!error.empty())
                           return then(std::move(error));
                         shake_hands(then);
                       });
  }

  void close() override {
    connector_.close();
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

private:
  /// Tells OpenSSL whose certificate it must be. It checks names and addresses
  /// itself, and then knows a reason that the log can tell.
  bool expect_host() {
    auto* ssl = stream_.native_handle();
    const auto& host = connector_.host();
    error_code no_address;
    asio::ip::make_address(host, no_address);
    if (!no_address)
      return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str())
             == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    // SSL_set_tlsext_host_name, without the cast that its macro makes.
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
                    TLSEXT_NAMETYPE_host_name, const_cast<char*>(host.c_str()))
               == 1
           && SSL_set1_host(ssl, host.c_str()) == 1;
  }

  void shake_hands(connected then) {
    if (!expect_host())
      return then("TLS: the host name cannot be checked");
    stream_.async_handshake(asio::ssl::stream_base::client,
                            [self = shared_from_this(), this,
                             then = std::move(then)](error_code failed) {
                              then(failed ? why(failed) : "");
                            });
  }

  std::string why(error_code failed) {
    auto verified = SSL_get_verify_result(stream_.native_handle());
    if (verified != X509_V_OK)
      return std::string{"TLS: "} + X509_verify_cert_error_string(verified);
    return "TLS: " + failed.message();
  }

  std::shared_ptr<asio::ssl::context> tls_;
  tcp_connector connector_;
};

} // namespace

boost::system::result<std::shared_ptr<asio::ssl::context>, tls_error>
make_tls_context(const std::string& ca_file) {
  auto to =
      std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  error_code failed;
  SSL_CTX_set_min_proto_version(to->native_handle(), TLS1_2_VERSION);
  to->set_verify_mode(asio::ssl::verify_peer, failed);
  // A container may have no certificates of the system; then ca_file is all.
  error_code ignored;
  to->set_default_verify_paths(ignored);
  if (!failed && !ca_file.empty())
    to->load_verify_file(ca_file, failed);
  if (failed)
    return tls_error{"cannot read the certificates in " + ca_file + ": "
                     + failed.message()};
  return to;
}

std::shared_ptr<redis_stream>
make_redis_stream(asio::io_context& io, const redis_endpoint& where,
                  std::shared_ptr<asio::ssl::context> tls,
                  std::size_t attempt) {
  switch (where.over) {
  case redis_endpoint::transport::local:
    return std::make_shared<local_stream>(io, where.path);
  case redis_endpoint::transport::tls:
    return std::make_shared<tls_stream>(io, where, std::move(tls), attempt);
  case redis_endpoint::transport::tcp:
    break;
  }
  return std::make_shared<tcp_stream>(io, where, attempt);
}

} // namespace greenroom::cluster
