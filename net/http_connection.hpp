#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/intrusive/list.hpp>

#include "actors/interfaces.hpp"
#include "core/settings.hpp"
#include "core/timer_queue.hpp"
#include "core/unique_fd.hpp"
#include "net/handshake.hpp"
#include "net/io_loop.hpp"
#include "net/request_head.hpp"

namespace greenroom::net {

/// What a path gives: made anew for each request.
struct served {
  std::string body;
  std::string_view type = "text/plain";
  std::string_view policy = {};   ///< Content-Security-Policy; empty: none.
  std::string_view moved_to = {}; ///< It is at that path; empty: it is here.
};

/// Where events are streamed to whoever asks (`net/event_stream.hpp`).
struct stream_place {
  std::string_view path;
  std::function<std::string_view()> why_not; ///< Empty: one more may come.
  /// Takes over the socket of one who was let in. `gone` is to be called once,
  /// when it is closed.
  std::function<void(unique_fd socket, std::function<void()> gone)> begin;
};

/// What a listener for operators needs in place of clients.
struct admin_services {
  std::string token; ///< Each request has to bring it; empty: none has.

  /// What is at the path beside the health routes; none: nothing is.
  std::function<std::optional<served>(std::string_view path)> page;

  /// Somebody came without the token, or from a page of elsewhere.
  std::function<void(const std::string& peer, std::string_view why)> refused;

  std::optional<stream_place> stream = {};
};

/// What the HTTP routes need of the node. Any thread may call its functions.
struct http_services {
  struct seat {
    io_loop* loop;
    /// Of that loop.
    actors::neighbour<actors::gateway_actor, actors::client_arrived> gateway;
  };

  const settings* config = nullptr;

  /// The loop that a client who shook hands on `here` is to live on; notes in
  /// `who` what it needs for that. Once for each.
  std::function<seat(actors::client_hello& who, std::uint32_t here)> place;

  /// Why the process is better started anew; empty: it lives.
  std::function<std::string()> not_alive;

  /// Why the node cannot serve clients now; empty: it can.
  std::function<std::string()> not_ready;

  /// Set: no clients are served, but operators; on one loop.
  std::optional<admin_services> admin = {};

  /// Accepted sockets at once that are no client's.
  [[nodiscard]] std::uint32_t sockets_max() const;
};

/// One accepted socket until it is a WebSocket: reads request heads within
/// their limits of size and time, answers the few plain routes, hands upgrades
/// on. Its loop's thread only; keeps itself until it is done, which its
/// deadline sees to.
class http_connection final
  : private poller::watcher,
    public std::enable_shared_from_this<http_connection>,
    public boost::intrusive::list_base_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
  /// Those that are not done leave it by themselves.
  using list =
      boost::intrusive::list<http_connection,
                             boost::intrusive::constant_time_size<false>>;

  /// `done` is called once: when the socket is a client's or is gone.
  http_connection(io_loop& home, unique_fd socket, std::string peer,
                  std::shared_ptr<const http_services> services,
                  std::function<void()> done);
  ~http_connection() override;

  http_connection(const http_connection&) = delete;
  http_connection& operator=(const http_connection&) = delete;

  void start();

  /// The same; what it throws ends it.
  void start_safely();

  /// Its loop has stopped, so nothing will end it.
  void abandon() { until_done_.reset(); }

private:
  using response =
      boost::beast::http::response<boost::beast::http::string_body>;

  // -- reading
  void on_readable() override;
  void on_broken() override;
  void on_crash() override;
  void expect_head();
  void work();
  bool read_head();
  [[nodiscard]] bool has_begun() const; ///< Some of the next head is here.
  void on_end();
  void refuse_head(boost::system::error_code why);
  void on_timeout();

  // -- routes
  void route();
  void route_upgrade(const target& at);
  void route_admin(const target& at);
  [[nodiscard]] bool is_operator();
  void begin_stream(const stream_place& where);
  [[nodiscard]] bool is_plain_read();
  [[nodiscard]] bool tell_health(const target& at);
  void hand_on(upgrade agreed);

  // -- answers
  void refuse(const refused& why);
  [[nodiscard]] response answer(unsigned status, std::string body,
                                std::string_view type = "text/plain") const;
  [[nodiscard]] response answer(served page) const;
  void send(response what);
  void on_writable() override;
  void flush();

  void watch();
  void read();
  void linger();
  void give_up();
  void let_go();

  io_loop& home_;
  unique_fd socket_; ///< None: handed on, or closed.
  std::string peer_;
  std::shared_ptr<const http_services> services_;
  std::function<void()> done_;
  std::string in_;             ///< Read, not yet taken.
  std::size_t head_bytes_ = 0; ///< Taken of the present head.
  std::uint32_t requests_ = 0; ///< Answered or under way.
  std::optional<request_parser> parser_;
  std::string out_; ///< The answer under way: nothing is read meanwhile.
  std::size_t sent_ = 0;
  bool keep_ = true;       ///< The answer is not the last.
  bool lingering_ = false; ///< It was, and the client has not closed yet.
  std::uint32_t watched_ = 0;
  bool polled_ = false; ///< The poller knows the socket.
  timer_queue::timer deadline_;
  std::shared_ptr<http_connection> until_done_;
};

} // namespace greenroom::net
