#pragma once

#include <span>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "actors/loop.hpp"
#include "net/poller.hpp"
#include "net/send_batch.hpp"

namespace greenroom::net {

/// Sockets that know their executor's type: the type-erased one of
/// `tcp::socket` costs a virtual call and often an allocation for each step of
/// an operation.
using tcp_socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp,
                                     boost::asio::io_context::executor_type>;
using tcp_acceptor =
    boost::asio::basic_socket_acceptor<boost::asio::ip::tcp,
                                       boost::asio::io_context::executor_type>;

/// A loop with sockets, run by one thread, which is also the CAF execution unit
/// of the actors pinned to it. Clients' sockets wait in a `poller`; everything
/// else (listening, handshakes, Redis, calls from other threads) is Asio's.
class io_loop final : public actors::loop {
public:
  /// `io_uring`: use it for sends where the kernel has it.
  io_loop(caf::actor_system& system, std::uint32_t index, bool io_uring);

  [[nodiscard]] boost::asio::io_context& io() { return io_; }

  /// The sockets of clients that have shaken hands.
  [[nodiscard]] poller& clients() { return clients_; }

  /// Where they are read into, one after the other: what is kept is copied.
  [[nodiscard]] std::span<char> read_buffer() { return read_buffer_; }

  [[nodiscard]] send_batch& batch() { return batch_; }

  [[nodiscard]] steady_time now() const override {
    refresh_clocks();
    return now_;
  }
  [[nodiscard]] std::int64_t wall_now() const override {
    refresh_clocks();
    return wall_now_;
  }

  /// Turns until `stop`; the calling thread is the loop's own meanwhile.
  void run();

  /// Ends `run` after its present turn. Any thread.
  void stop();

protected:
  void wake() override;

private:
  void wait();
  bool run_sockets();
  bool run_clients(steady_time until);
  bool run_asio(steady_time until);
  void read_clocks() const;
  void refresh_clocks() const {
    if (slept_)
      read_clocks();
  }

  boost::asio::io_context io_{1};
  poller clients_;
  boost::asio::posix::basic_stream_descriptor<
      boost::asio::io_context::executor_type>
      clients_ready_; ///< Wakes Asio's wait for `clients_`.
  bool clients_awaited_ = false;
  int turns_without_asio_ = 0;
  std::vector<char> read_buffer_;
  send_batch batch_;
  std::atomic<bool> stopping_{false};

  // One reading serves a turn. The handler that ends a wait comes before its
  // turn, so the first to ask after a wait reads the clocks.
  mutable bool slept_ = true;
  mutable steady_time now_;
  mutable std::int64_t wall_now_ = 0;
};

} // namespace greenroom::net
