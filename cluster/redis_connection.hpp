#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/redis_reply.hpp"
#include "cluster/redis_stream.hpp"
#include "core/run_once.hpp"

struct redisReader;

namespace greenroom::cluster {

struct redis_connection_options {
  using milliseconds = std::chrono::milliseconds;

  std::string client_name; ///< For CLIENT LIST. Empty: none.
  /// A server that is no master is refused at the login.
  bool must_be_master = false;
  /// And is left when it is none any more: it may keep its clients. Not for a
  /// connection that subscribes.
  bool watches_role = false;
  milliseconds connect_timeout{5'000}; ///< Name to login, all of it.
  milliseconds ping_interval{1'000};
  milliseconds ping_timeout{3'000}; ///< Nothing heard for so long: dead.
  /// A longer reply ends the connection: nothing else would bound its memory.
  std::size_t reply_bytes_max = 65 * 1024 * 1024;
};

/// One connection to Redis, from connecting to its end; a broken one is thrown
/// away. hiredis writes and reads the protocol (RESP2), a stream the bytes.
/// One loop's thread; nothing blocks.
///
///   connecting --socket--> greeting --PONG--> ready
///        |                    |                 |
///        +-- any error, timeout or `close` -----+--> closed
class redis_connection final
  : public std::enable_shared_from_this<redis_connection>,
    private run_once {
public:
  /// Called from socket events and timers only, never from inside a member.
  /// After `connection_failed` nothing is called any more.
  class listener {
  public:
    /// Logged in, with the database selected.
    virtual void connection_ready() = 0;

    /// The next reply to a command, or what a subscription brings. Pongs and
    /// the replies of the login are not told. What it points to ends with the
    /// call.
    virtual void connection_reply(const redis_reply& reply) = 0;

    virtual void connection_failed(std::string_view reason) = 0;

  protected:
    ~listener() = default;
  };

  redis_connection(const redis_loop& in, std::shared_ptr<redis_stream> stream,
                   redis_connection_options options);
  ~redis_connection() override;

  /// Connects and logs in as `who`. Held by its handlers until it is closed.
  void start(const redis_endpoint& who, listener& to);

  /// Queues a command. All that are queued in a turn of the loop leave in one
  /// write.
  void send(std::span<const std::string_view> command);
  void send(std::initializer_list<std::string_view> command) {
    send(std::span{command.begin(), command.size()});
  }

  /// Ends it at once; nothing is called any more.
  void close();

private:
  using clock = std::chrono::steady_clock;
  enum class phase { connecting, greeting, ready, closed };

  /// What the login sends, in the order of the replies.
  enum class step { auth, select, name, role, ping };

  struct reader_delete {
    void operator()(redisReader* reader) const;
  };

  void greet();
  void on_greeting(const redis_reply& reply);
  void read();
  void on_read(std::size_t size);
  bool on_replies();
  void dispatch(const redis_reply& reply);
  void on_role(const redis_reply& reply);
  void flush();
  void run() override;
  void expect_within_timeout();
  void watch_life();
  void on_life_tick();
  void fail(std::string reason);

  /// What `work` and those who hear of it throw ends this connection alone.
  template <class Work>
  void safely(Work work);

  redis_loop loop_;
  std::shared_ptr<redis_stream> stream_;
  redis_connection_options options_;
  redis_endpoint who_;
  listener* listener_ = nullptr;
  phase phase_ = phase::connecting;
  std::deque<step> greeting_;
  std::unique_ptr<redisReader, reader_delete> reader_;
  std::vector<char> input_;
  std::string output_;  ///< Queued.
  std::string writing_; ///< What the socket did not take at once.
  timer_queue::timer timer_;
  bool ping_unanswered_ = false;
  clock::time_point pinged_;
  std::uint64_t commands_ = 0; ///< Sent since the login, and with `role_at_`
  std::uint64_t answers_ = 0;  ///< how many of them were answered.
  std::deque<std::uint64_t> role_at_; ///< Which of them ask for the role.
};

} // namespace greenroom::cluster
