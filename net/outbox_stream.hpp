#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/role.hpp>

#include "core/outbox.hpp"
#include "core/ws_frame.hpp"
#include "net/io_loop.hpp"

namespace greenroom::net {

/// What lies under Beast's `websocket::stream`: reads go to the socket, writes
/// into the connection's outbox, whole and in order. So Beast's own frames
/// (handshake, pongs, closes) and ready made broadcast frames never interleave,
/// and all that a turn brought leaves in one system call. An AsyncStream in
/// Asio's sense, as far as Beast's asynchronous operations need it.
class outbox_stream {
public:
  using executor_type = tcp_socket::executor_type;

  /// `early` are bytes that came behind the HTTP request: they are read first.
  outbox_stream(tcp_socket socket, outbox& out, std::string early)
    : socket_(std::move(socket)), out_(out), early_(std::move(early)) {}

  [[nodiscard]] executor_type get_executor() { return socket_.get_executor(); }
  [[nodiscard]] tcp_socket& socket() { return socket_; }

  /// Whether bytes came since the last call: Beast asks for more only when it
  /// has got what it asked for before.
  [[nodiscard]] bool heard() { return std::exchange(heard_, false); }

  template <class Buffers, class Handler>
  auto async_read_some(const Buffers& into, Handler&& handler) {
    heard_ = true;
    return boost::asio::async_initiate<Handler, void(boost::system::error_code,
                                                     std::size_t)>(
        [this](auto done, const Buffers& buffers) {
          if (early_.empty()) {
            socket_.async_read_some(buffers, std::move(done));
            return;
          }
          auto bytes =
              boost::asio::buffer_copy(buffers, boost::asio::buffer(early_));
          early_.erase(0, bytes);
          complete(std::move(done), bytes);
        },
        handler, into);
  }

  template <class Buffers, class Handler>
  auto async_write_some(const Buffers& from, Handler&& handler) {
    return boost::asio::async_initiate<Handler, void(boost::system::error_code,
                                                     std::size_t)>(
        [this](auto done, const Buffers& buffers) {
          auto bytes = boost::beast::buffer_bytes(buffers);
          auto copy = segment::make(static_cast<std::uint32_t>(bytes));
          for (auto part : boost::beast::buffers_range_ref(buffers))
            if (part.size() > 0)
              copy->append(
                  {static_cast<const char*>(part.data()), part.size()});
          // A close frame ends the conversation: what waits goes before it.
          bool ends = is_close_frame(copy->data(), bytes);
          if (ends)
            out_.seal();
          out_.push_transport({copy, 0, static_cast<std::uint32_t>(bytes)});
          // Beast takes a write for done at once, so nothing else would stop
          // who pings without end and reads no pong.
          if (!ends && out_.own_bytes() > out_.bytes_max())
            out_.too_slow();
          complete(std::move(done), bytes);
        },
        handler, from);
  }

private:
  /// Beast writes a frame of its own in one piece. RFC 6455 section 5.2: the
  /// last frame of a message, opcode 8.
  static bool is_close_frame(const char* bytes, std::size_t count) {
    constexpr unsigned char fin_and_close = 0x88;
    return count > 0 && static_cast<unsigned char>(*bytes) == fin_and_close;
  }

  template <class Handler>
  void complete(Handler done, std::size_t bytes) {
    // Never from within the initiation, as Asio promises its handlers.
    boost::asio::post(get_executor(),
                      [done = std::move(done), bytes]() mutable {
                        done(boost::system::error_code{}, bytes);
                      });
  }

  tcp_socket socket_;
  outbox& out_;
  std::string early_;
  bool heard_ = false;
};

/// Beast ends the stream with these. The session closes the socket itself, once
/// all is sent, so there is nothing to do but to say so.
inline void teardown(boost::beast::role_type, outbox_stream&,
                     boost::system::error_code& failed) {
  failed = {};
}

inline void beast_close_socket(outbox_stream& stream) {
  boost::system::error_code ignored;
  stream.socket().close(ignored);
}

template <class Handler>
void async_teardown(boost::beast::role_type, outbox_stream& stream,
                    Handler&& handler) {
  boost::asio::post(stream.get_executor(),
                    [done = std::forward<Handler>(handler)]() mutable {
                      done(boost::system::error_code{});
                    });
}

} // namespace greenroom::net
