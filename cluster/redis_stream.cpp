#include "cluster/redis_stream.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include "core/unique_fd.hpp"

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

/// A plain connection. Asio makes it; once it is there it waits in the loop's
/// poller, beside the clients: Asio's own wait would cost each message several
/// system calls (docs/decisions/0020-redis-on-the-poller.md).
class polled_stream : public redis_stream,
                      public std::enable_shared_from_this<polled_stream>,
                      private socket_poller::watcher {
public:
  explicit polled_stream(socket_poller& sockets) : sockets_(sockets) {}
  ~polled_stream() override { polled_stream::close(); }

  void read(std::span<char> to, moved each) override {
    to_ = to;
    each_ = std::move(each);
  }

  std::size_t write_now(std::string_view bytes) override {
    auto taken = ::send(socket_.get(), bytes.data(), bytes.size(),
                        MSG_NOSIGNAL | MSG_DONTWAIT);
    return taken > 0 ? static_cast<std::size_t>(taken) : 0;
  }

  void write(std::string_view bytes, moved then) override {
    left_ = bytes;
    written_ = std::move(then);
    wait_for(socket_poller::reads | socket_poller::writes);
  }

  void close() override {
    if (std::exchange(watched_, false))
      sockets_.remove(socket_.get(), *this);
    socket_.reset();
    if (telling_)
      return; // What is being called now is let go afterwards.
    each_ = nullptr;
    written_ = nullptr;
  }

protected:
  /// Asio's part is done: tells `then`, who begins to read.
  template <class Socket>
  void connected_by(Socket& made, error_code failed, const connected& then) {
    if (!failed)
      made.native_non_blocking(true, failed);
    if (!failed)
      socket_.reset(made.release(failed));
    if (failed)
      return then("connect: " + failed.message());
    watched_ = sockets_.add(socket_.get(), *this, socket_poller::reads);
    then(watched_ ? "" : "connect: no memory to watch the socket");
  }

private:
  void on_readable() override {
    auto got = ::recv(socket_.get(), to_.data(), to_.size(), MSG_DONTWAIT);
    if (got > 0)
      tell(each_, {}, static_cast<std::size_t>(got));
    else if (got == 0)
      tell(each_, asio::error::eof, 0);
    else if (errno != EAGAIN && errno != EINTR)
      tell(each_, last_error(), 0);
  }

  void on_writable() override {
    auto sent = ::send(socket_.get(), left_.data(), left_.size(),
                       MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    auto failed = sent < 0 ? last_error() : error_code{};
    if (!failed)
      left_.remove_prefix(static_cast<std::size_t>(sent));
    if (!failed && !left_.empty())
      return;
    wait_for(socket_poller::reads);
    auto then = std::exchange(written_, nullptr);
    tell(then, failed, 0);
  }

  void on_broken() override { on_readable(); }
  void on_crash() override { throw; } ///< Who it tells sees to that.

  static error_code last_error() {
    return {errno, boost::system::system_category()};
  }

  void wait_for(std::uint32_t what) {
    // What is watched already needs no more of the kernel's memory.
    (void)sockets_.change(socket_.get(), *this, what);
  }

  /// `what` may close the stream, which keeps it until it has returned.
  void tell(const moved& what, error_code failed, std::size_t size) {
    auto self = shared_from_this();
    telling_ = true;
    what(failed, size);
    telling_ = false;
    if (!socket_)
      polled_stream::close();
  }

  socket_poller& sockets_;
  unique_fd socket_;
  bool watched_ = false;
  bool telling_ = false;
  std::span<char> to_;
  moved each_;
  std::string_view left_; ///< To be written.
  moved written_;
};

class local_stream final : public polled_stream {
public:
  local_stream(const redis_loop& in, std::string path)
    : polled_stream(in.sockets), connecting_(in.io), path_(std::move(path)) {}

  void connect(connected then) override {
    connecting_.async_connect(local::endpoint{path_},
                              [self = shared_from_this(), this,
                               then = std::move(then)](error_code failed) {
                                connected_by(connecting_, failed, then);
                              });
  }

  void close() override {
    polled_stream::close();
    error_code ignored;
    connecting_.close(ignored);
  }

private:
  using local = asio::local::stream_protocol;

  socket_of<local> connecting_;
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
    std::rotate(endpoints_.begin(), endpoints_.begin() + first,
                endpoints_.end());
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

class tcp_stream final : public polled_stream {
public:
  tcp_stream(const redis_loop& in, const redis_endpoint& where,
             std::size_t attempt)
    : polled_stream(in.sockets),
      connecting_(in.io),
      connector_(in.io, where, attempt) {}

  void connect(connected then) override {
    connector_.connect(connecting_, shared_from_this(),
                       [this, then = std::move(then)](std::string error) {
                         if (!error.empty())
                           return then(std::move(error));
                         connected_by(connecting_, {}, then);
                       });
  }

  void close() override {
    polled_stream::close();
    connector_.close();
    error_code ignored;
    connecting_.close(ignored);
  }

private:
  tcp_socket connecting_;
  tcp_connector connector_;
};

/// Asio carries TLS, so the loop waits in it meanwhile.
class tls_stream final : public redis_stream,
                         public std::enable_shared_from_this<tls_stream> {
public:
  tls_stream(const redis_loop& in, const redis_endpoint& where,
             std::shared_ptr<asio::ssl::context> tls, std::size_t attempt)
    : stream_(in.io, *tls),
      tls_(std::move(tls)),
      connector_(in.io, where, attempt) {}

  void read(std::span<char> to, moved each) override {
    stream_.async_read_some(
        asio::buffer(to.data(), to.size()),
        [self = shared_from_this(), to,
         each = std::move(each)](error_code failed, std::size_t size) mutable {
          each(failed, size);
          if (!failed && self->stream_.next_layer().is_open())
            self->read(to, std::move(each));
        });
  }

  /// What a TLS record takes is known only when it is written.
  std::size_t write_now(std::string_view) override { return 0; }

  void write(std::string_view bytes, moved then) override {
    asio::async_write(
        stream_, asio::buffer(bytes.data(), bytes.size()),
        [self = shared_from_this(), then = std::move(then)](
            error_code failed, std::size_t size) { then(failed, size); });
  }

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

  asio::ssl::stream<tcp_socket> stream_;
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
make_redis_stream(const redis_loop& in, const redis_endpoint& where,
                  std::shared_ptr<asio::ssl::context> tls,
                  std::size_t attempt) {
  switch (where.over) {
  case redis_endpoint::transport::local:
    return std::make_shared<local_stream>(in, where.path);
  case redis_endpoint::transport::tls:
    return std::make_shared<tls_stream>(in, where, std::move(tls), attempt);
  case redis_endpoint::transport::tcp:
    break;
  }
  return std::make_shared<tcp_stream>(in, where, attempt);
}

} // namespace greenroom::cluster
