#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "core/unique_fd.hpp"
#include "net/http_connection.hpp"
#include "net/io_loop.hpp"

namespace greenroom::net {

/// Accepts for one loop. Every loop has its own on the same port: the kernel
/// spreads the clients over them (SO_REUSEPORT).
class listener final : private poller::watcher,
                       public std::enable_shared_from_this<listener> {
public:
  /// `socket` listens and does not block.
  listener(io_loop& home, unique_fd socket, http_services services);
  ~listener() override;

  /// Begins to accept. The loop's thread, or before it runs.
  void start();

  /// Accepts no more. The loop's thread.
  void close();

private:
  void on_readable() override;
  void on_writable() override {}
  void on_broken() override {}
  void on_crash() override;

  void watch();
  [[nodiscard]] bool accepts() const;
  bool accept();
  void take(unique_fd client, const boost::asio::ip::tcp::endpoint& peer);
  void pause(int error);

  io_loop& home_;
  unique_fd socket_;
  std::shared_ptr<const http_services> services_;
  http_connection::list connections_;
  std::uint32_t handshakes_ = 0; ///< Sockets that are no WebSocket yet.
  std::uint32_t taken_ = 0;      ///< Sockets so far.
  bool watching_ = false;
  timer_queue::timer retry_;
};

/// Opens a listening socket; a port 0 in `at` becomes the one it got. None:
/// `error` says what the system said.
[[nodiscard]] unique_fd open_listening(boost::asio::ip::tcp::endpoint& at,
                                       boost::system::error_code& error);

/// Fails where another process listens already. SO_REUSEPORT alone would let
/// two nodes share a port without anybody noticing.
[[nodiscard]] boost::system::error_code
probe_port(const boost::asio::ip::tcp::endpoint& at);

} // namespace greenroom::net
