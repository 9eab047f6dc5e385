#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "net/http_connection.hpp"
#include "net/io_loop.hpp"

namespace greenroom::net {

/// Accepts for one loop. Every loop has its own on the same port: the kernel
/// spreads the clients over them (SO_REUSEPORT).
class listener : public std::enable_shared_from_this<listener> {
public:
  listener(io_loop& home, tcp_acceptor acceptor, http_services services);

  /// Begins to accept. The loop's thread, or before it runs.
  void start();

  /// Accepts no more. The loop's thread.
  void close();

private:
  void accept();
  void on_accepted(boost::system::error_code failed, tcp_socket client);
  void pause();

  io_loop& home_;
  tcp_acceptor acceptor_;
  std::shared_ptr<const http_services> services_;
  std::uint32_t handshakes_ = 0; ///< Sockets that are no WebSocket yet.
  bool accepting_ = false;
  bool closed_ = false;
  timer_queue::timer retry_;
};

/// Opens a listening socket; `error` says what the system said.
[[nodiscard]] tcp_acceptor
open_acceptor(boost::asio::io_context& io,
              const boost::asio::ip::tcp::endpoint& at,
              boost::system::error_code& error);

/// Fails where another process listens already. SO_REUSEPORT alone would let
/// two nodes share a port without anybody noticing.
[[nodiscard]] boost::system::error_code
probe_port(boost::asio::io_context& io,
           const boost::asio::ip::tcp::endpoint& at);

} // namespace greenroom::net
