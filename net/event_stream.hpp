#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/timer_queue.hpp"
#include "core/unique_fd.hpp"
#include "net/io_loop.hpp"

namespace greenroom::net {

/// Server-Sent Events (WHATWG HTML, section 9.2) to one client that asked for
/// them by HTTP: for pages that watch. Its loop's thread only.
class event_stream final : private poller::watcher,
                           public std::enable_shared_from_this<event_stream> {
public:
  /// `socket` has been read the request from. `gone` is called once, not from
  /// the constructor nor the destructor: the client has gone, or has not read
  /// for too long. Whoever holds it lets go of it then.
  event_stream(io_loop& home, unique_fd socket, std::function<void()> gone,
               std::chrono::milliseconds beat = beat_every);
  ~event_stream() override;

  event_stream(const event_stream&) = delete;
  event_stream& operator=(const event_stream&) = delete;

  /// Answers the request.
  void start();

  /// What `send` takes, so that several streams share it; `data` has no line
  /// ends.
  [[nodiscard]] static std::string event_of(std::string_view data);

  /// Beyond `unsent_bytes_max` that the client has not read, it is left: it
  /// comes again, and begins anew.
  void send(std::string_view event);

  /// Bytes that the client has not taken yet.
  [[nodiscard]] std::size_t unsent() const { return out_.size() - sent_; }

  static constexpr std::size_t unsent_bytes_max = 4 * 1024 * 1024;

  /// So often a comment is sent where nothing waits to be: so proxies keep it.
  /// Who has taken nothing of what waits for so long is left.
  static constexpr std::chrono::seconds beat_every{15};

private:
  void on_readable() override;
  void on_writable() override;
  void on_broken() override;
  void on_crash() override;

  void put(std::string_view text);
  void flush();
  void watch();
  void beat_later();
  void leave();

  io_loop& home_;
  unique_fd socket_; ///< None: it is gone.
  std::function<void()> gone_;
  std::string out_;
  std::size_t sent_ = 0; ///< Of `out_`.
  const std::chrono::milliseconds beat_;
  bool has_moved_ = false;    ///< Something was taken since the last beat.
  std::uint32_t watched_ = 0; ///< 0: the poller does not know it.
  timer_queue::timer beat_timer_;
};

} // namespace greenroom::net
