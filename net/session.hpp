#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "actors/interfaces.hpp"
#include "actors/neighbour.hpp"
#include "core/frame_reader.hpp"
#include "core/settings.hpp"
#include "core/timer_queue.hpp"
#include "core/unique_fd.hpp"
#include "net/io_loop.hpp"

namespace greenroom::net {

/// One client's WebSocket: reads messages for its connection actor, sends what
/// waits in the outbox once per turn. The connection actor holds it, and
/// itself while it lingers. Its loop's thread only.
///
///   accepting --> reading --close()--> closing (a close frame is sent, and the
///   client's awaited) --client's close--> lingering --> gone
///   reading --client's close, violation, end--> lingering
///
/// Lingering: what is queued (the close frame last) is sent, then our side is
/// shut, and the socket is closed once the client has shut its own, or after
/// `net.close-timeout`: closing at once could lose the close frame on its way.
class session final : public actors::wire,
                      public outbox,
                      private poller::watcher,
                      private send_batch::sender,
                      private ws::frame_reader::sink,
                      public std::enable_shared_from_this<session> {
public:
  /// `early` are bytes that came behind the HTTP request: they are read first.
  session(io_loop& home, unique_fd socket, std::string early,
          const settings& config);
  ~session() override;

  /// The loop's poller knows the socket: `from` hands it over.
  void take_over(poller::watcher& from);

  /// Answers the handshake and hands the client to the gateway. `taken` is
  /// called once: when the client has its actor, or, of one that is refused,
  /// when its socket is gone.
  void accept(std::string_view response,
              const actors::neighbour<actors::gateway_actor,
                                      actors::client_arrived>& gateway,
              actors::client_hello hello, std::function<void()> taken);

  // -- wire
  void start(actors::neighbour<actors::connection_actor, actors::inbound_view>
                 reader) override;
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
  // -- reading
  void on_readable() override;
  void on_broken() override;
  void on_crash() override;
  void take(char* bytes, std::size_t count);
  void take_early();
  void on_message(std::string_view bytes, bool is_text) override;
  void on_ping(std::string_view payload) override;
  void on_close(std::uint16_t code, std::string_view why) override;
  void on_violation(protocol::close_code code, std::string_view what) override;
  [[nodiscard]] bool wants_more() const override;
  [[nodiscard]] ws::inflated inflate(std::string_view message,
                                     std::size_t bytes_max) override;
  [[nodiscard]] bool window_open() const;
  void pause_inflating();

  // -- sending
  void on_writable() override;
  void on_sent(long taken) override;
  void flush();
  void flush_safely();
  bool took(long taken);
  void observe_flush() const;

  // -- the end
  void say_goodbye();
  void push_close(std::uint16_t code, std::string_view reason);
  void end_now(std::uint16_t code, bool by_client, std::string_view why);
  void tell_closed(std::uint16_t code, bool by_client, std::string_view why);
  void linger();
  void let_go();
  void tell_taken();

  void watch();

  io_loop& home_;
  const settings& config_;
  unique_fd socket_;
  std::uint32_t watched_ = 0; ///< What the poller was last told.
  ws::frame_reader frames_;
  std::string early_;           ///< Read from the socket, not yet taken …
  std::size_t early_taken_ = 0; ///< … but for so much of it.
  actors::neighbour<actors::connection_actor, actors::inbound_view> reader_;
  std::uint32_t unhandled_messages_ = 0;
  std::uint32_t inflated_ = 0; ///< Bytes of messages of the present read.
  std::size_t unhandled_bytes_ = 0;
  std::size_t gathered_ = 0; ///< Bytes of the send under way.
  timer_queue::timer deadline_;

  /// Of a client that keeps its context; null: there is no such message yet.
  std::unique_ptr<ws::inflater> inflater_;
  ws::deflate_terms deflate_;

  bool polled_ = false; ///< The poller knows the socket.
  bool heard_ = false;
  bool told_at_once_ = false; ///< Something of what was read last.
  bool started_ = false;      ///< There is, or was, an actor that reads.
  bool at_end_ = false;       ///< The client has shut its side.
  bool in_batch_ = false;     ///< What was gathered is with the batch.
  bool closing_ = false;      ///< A close frame is to follow what waits.
  bool said_goodbye_ = false;
  bool lingering_ = false; ///< Nothing is read for anybody any more.
  bool shut_down_ = false; ///< Our side of the socket is shut.
  bool gone_ = false;
  std::uint16_t goodbye_code_ = 0;
  std::string goodbye_reason_;
  std::function<void()> taken_;

  /// Nobody else may hold a session that has only bytes left to send.
  std::shared_ptr<session> until_gone_;
};

} // namespace greenroom::net
