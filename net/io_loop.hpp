#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "actors/loop.hpp"
#include "core/inflater.hpp"
#include "core/unique_fd.hpp"
#include "net/poller.hpp"
#include "net/send_batch.hpp"

namespace greenroom::net {

/// A loop with sockets, run by one thread, which is also the CAF execution unit
/// of the actors pinned to it. Its sockets wait in a `poller`; on the loop with
/// Redis, Asio looks up and connects, and carries TLS.
class io_loop final : public actors::loop {
public:
  /// `io_uring`: use it for sends where the kernel has it.
  io_loop(caf::actor_system& system, std::uint32_t index, bool io_uring);

  /// For who needs Asio; asked for before the loop runs. While something waits
  /// in it, the loop does so too, which costs some system calls more each time.
  [[nodiscard]] boost::asio::io_context& io();

  [[nodiscard]] poller& sockets() { return sockets_; }

  /// Where they are read into, one after the other: what is kept is copied.
  [[nodiscard]] std::span<char> read_buffer() { return read_buffer_; }

  [[nodiscard]] send_batch& batch() { return batch_; }

  /// Runs `what` on the loop's thread, soon; never, if the loop stops before.
  /// Any thread.
  void call(std::function<void()> what) override;

  /// Reads what clients compressed without a context of their own; made by the
  /// first such message.
  [[nodiscard]] ws::inflater& inflater() {
    if (!inflater_)
      inflater_.emplace(ws::window_bits_max);
    return *inflater_;
  }

  /// Where all inflaters of the loop inflate to.
  [[nodiscard]] ws::inflate_space& inflate_space() { return inflate_space_; }

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
  /// Other threads write to an eventfd to end a wait.
  class bell final : public poller::watcher {
  public:
    explicit bell(io_loop& in);
    void ring() const;
    void on_readable() override;
    void on_writable() override {}
    void on_broken() override {}
    void on_crash() override { throw; } ///< Nobody knows what is lost.

  private:
    io_loop& in_;
    unique_fd event_;
  };

  void wait();
  void wait_in_asio();
  void run_sockets();
  void run_asio(steady_time until);
  [[nodiscard]] bool asio_waits();
  void run_calls();
  void read_clocks() const;
  void refresh_clocks() const {
    if (slept_)
      read_clocks();
  }

  using descriptor = boost::asio::posix::basic_stream_descriptor<
      boost::asio::io_context::executor_type>;

  poller sockets_;
  bell bell_;
  boost::asio::io_context io_{1};
  /// Ends Asio's wait for `sockets_`. Only where Asio is used: an epoll within
  /// another one costs each socket of it.
  std::optional<descriptor> sockets_ready_;
  bool sockets_awaited_ = false;
  bool asio_waits_ = false; ///< As of the last look.
  int turns_without_asio_ = 0;
  std::vector<char> read_buffer_;
  send_batch batch_;
  std::mutex calls_lock_;
  std::vector<std::function<void()>> calls_;
  std::optional<ws::inflater> inflater_;
  ws::inflate_space inflate_space_;
  std::atomic<bool> stopping_{false};

  // One reading serves a turn. The handler that ends a wait comes before its
  // turn, so the first to ask after a wait reads the clocks.
  mutable bool slept_ = true;
  mutable steady_time now_;
  mutable std::int64_t wall_now_ = 0;
};

} // namespace greenroom::net
