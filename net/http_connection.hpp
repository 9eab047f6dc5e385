#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "actors/interfaces.hpp"
#include "core/settings.hpp"
#include "core/timer_queue.hpp"
#include "net/handshake.hpp"
#include "net/io_loop.hpp"

namespace greenroom::net {

/// What the HTTP routes need of the node.
struct http_services {
  const settings* config = nullptr;
  actors::gateway_actor gateway; ///< Of the same loop.

  /// Why the node cannot serve clients now; empty: it can. Any thread.
  std::function<std::string()> not_ready;
};

/// One accepted socket until it is a WebSocket: reads request heads within
/// their limits of size and time, answers the few plain routes, hands upgrades
/// on. Its loop's thread only; lives as long as one of its operations.
class http_connection : public std::enable_shared_from_this<http_connection> {
public:
  http_connection(io_loop& home, tcp_socket socket, std::string peer,
                  std::shared_ptr<const http_services> services,
                  std::function<void()> done);
  ~http_connection();

  http_connection(const http_connection&) = delete;
  http_connection& operator=(const http_connection&) = delete;

  void start();

private:
  using response =
      boost::beast::http::response<boost::beast::http::string_body>;

  void read_head();
  void on_head(boost::system::error_code failed);
  void on_timeout();
  void route();
  void route_upgrade(const target& at);
  void refuse(const refused& why);
  [[nodiscard]] response answer(unsigned status, std::string body,
                                std::string_view type = "text/plain") const;
  void send(response what);
  void give_up();

  io_loop& home_;
  tcp_socket socket_;
  std::string peer_;
  std::shared_ptr<const http_services> services_;
  std::function<void()> done_;
  boost::beast::flat_buffer buffer_;
  std::optional<
      boost::beast::http::request_parser<boost::beast::http::empty_body>>
      parser_;
  bool timed_out_ = false;
  timer_queue::timer deadline_;
};

} // namespace greenroom::net
