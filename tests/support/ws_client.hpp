#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace greenroom::test {

/// A client of a real node, over TCP. Many share one thread: what they do is
/// done, and what comes is read, while somebody runs their `io_context`.
class ws_client : public std::enable_shared_from_this<ws_client> {
  using tcp = boost::asio::ip::tcp;
  using error = boost::system::error_code;

public:
  static std::shared_ptr<ws_client>
  connect(boost::asio::io_context& io, std::uint16_t port, std::string path) {
    std::shared_ptr<ws_client> made{new ws_client{io}};
    made->begin(port, std::move(path));
    return made;
  }

  /// Sent once the client is connected, in their order.
  void says(std::string text) {
    out_.push_back(std::move(text));
    if (is_open_ && out_.size() == 1)
      send();
  }

  /// The connection is lost, without a word.
  void drops() {
    error ignored;
    stream_.next_layer().close(ignored);
    end();
  }

  [[nodiscard]] bool is_open() const { return is_open_; }
  [[nodiscard]] bool is_over() const { return is_over_; }

  /// The last message with this in it; empty: none came.
  [[nodiscard]] std::string heard(const std::string& part) const {
    for (auto at = heard_.rbegin(); at != heard_.rend(); ++at)
      if (at->find(part) != std::string::npos)
        return *at;
    return {};
  }

private:
  static constexpr std::size_t kept_max = 64;

  explicit ws_client(boost::asio::io_context& io) : stream_(io) {}

  void begin(std::uint16_t port, std::string path) {
    auto self = shared_from_this();
    tcp::endpoint at{boost::asio::ip::address_v4::loopback(), port};
    stream_.next_layer().async_connect(
        at, [this, self, path = std::move(path)](error failed) {
          if (failed)
            return end();
          stream_.async_handshake("127.0.0.1", path, [this, self](error no) {
            if (no)
              return end();
            is_open_ = true;
            read();
            if (!out_.empty())
              send();
          });
        });
  }

  void read() {
    stream_.async_read(
        in_, [this, self = shared_from_this()](error failed, std::size_t) {
          if (failed)
            return end();
          heard_.push_back(boost::beast::buffers_to_string(in_.data()));
          if (heard_.size() > kept_max)
            heard_.pop_front();
          in_.clear();
          read();
        });
  }

  void send() {
    stream_.async_write(
        boost::asio::buffer(out_.front()),
        [this, self = shared_from_this()](error failed, std::size_t) {
          if (failed)
            return end();
          out_.pop_front();
          if (!out_.empty())
            send();
        });
  }

  void end() {
    is_open_ = false;
    is_over_ = true;
  }

  boost::beast::websocket::stream<tcp::socket> stream_;
  boost::beast::flat_buffer in_;
  std::deque<std::string> out_;
  std::deque<std::string> heard_;
  bool is_open_ = false;
  bool is_over_ = false;
};

} // namespace greenroom::test
