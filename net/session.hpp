#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "actors/interfaces.hpp"
#include "core/settings.hpp"
#include "core/timer_queue.hpp"
#include "net/io_loop.hpp"
#include "net/outbox_stream.hpp"

namespace greenroom::net {

using upgrade_request =
    boost::beast::http::request<boost::beast::http::empty_body>;

/// Beast prepares `max_size() - size()` bytes, up to 1,536, for a read that may
/// wait for hours: this asks for little at first. Once a header is read Beast
/// knows how much is to come and prepares that.
class read_buffer : public boost::beast::flat_buffer {
public:
  [[nodiscard]] std::size_t max_size() const {
    // What has grown once is used: a larger message then takes one read.
    return std::max(size() + 128, capacity());
  }
};

/// One client's WebSocket: reads messages for its connection actor, sends what
/// waits in the outbox once per turn. Lives as long as an operation or the
/// connection actor holds it. Its loop's thread only.
///
///   accepting --> reading --close(), error, client's close--> lingering -->
///   gone
///
/// Lingering: what is queued (the close frame last) is sent, then our side is
/// shut, and the socket is closed once the client has shut its own, or after
/// `net.close-timeout`: closing at once could lose the close frame on its way.
class session final : public actors::wire,
                      public outbox,
                      private send_batch::sender,
                      public std::enable_shared_from_this<session> {
public:
  session(io_loop& home, tcp_socket socket, std::string early,
          const settings& config);
  ~session() override;

  /// Answers the handshake and hands the client to the gateway. `subprotocol`
  /// empty: none is agreed. `taken` is called once: when the client has its
  /// actor, or, of one that is refused, when its socket is gone.
  void accept(upgrade_request request, std::string subprotocol,
              actors::gateway_actor gateway, actors::client_hello hello,
              std::function<void()> taken);

  // -- wire
  void start(actors::connection_actor reader) override;
  void handled(std::size_t messages, std::size_t bytes) override;
  void ping() override;
  bool heard() override;
  void close(protocol::close_code code, std::string_view reason) override;
  void abort() override;
  [[nodiscard]] std::shared_ptr<outbox> out() override;

  // -- outbox
  void run() override;
  void too_slow() override;

private:
  void on_accepted(boost::system::error_code failed,
                   actors::gateway_actor& gateway, actors::client_hello& hello);
  void read();
  void on_read(boost::system::error_code failed);
  [[nodiscard]] bool window_open() const;
  void on_sent(long taken) override;
  void flush();
  bool took(long taken);
  void say_goodbye();
  void wait_until_writable();
  void end_now(bool by_client);
  void tell_closed(boost::system::error_code why, bool by_client);
  void linger();
  void discard();
  void let_go();
  void tell_taken();

  io_loop& home_;
  const settings& config_;
  boost::beast::websocket::stream<outbox_stream, false> stream_;
  read_buffer buffer_;
  actors::connection_actor reader_;
  std::function<void()> taken_;
  std::uint32_t unhandled_messages_ = 0;
  std::size_t unhandled_bytes_ = 0;
  bool reading_ = false;
  bool in_batch_ = false;    ///< What was gathered is with the batch.
  std::size_t gathered_ = 0; ///< Bytes of the send under way.
  boost::beast::websocket::close_reason goodbye_;
  bool closing_ = false; ///< A close frame is to follow what waits.
  bool said_goodbye_ = false;
  bool lingering_ = false; ///< Nothing is read for anybody any more.
  bool shut_down_ = false; ///< Our side of the socket is shut.
  bool gone_ = false;
  timer_queue::timer deadline_;

  /// Nobody else may hold a session that has only bytes left to send.
  std::shared_ptr<session> until_gone_;
};

} // namespace greenroom::net
