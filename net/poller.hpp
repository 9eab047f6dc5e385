#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include <sys/epoll.h>

namespace greenroom::net {

/// The clients' sockets of one loop, on an epoll of their own: level-triggered,
/// so that a socket is read once when it has something and nobody has to find
/// out by a vain read that it is empty; and without an operation's state for
/// each that waits. Its loop's thread only.
class poller {
public:
  class watcher {
  public:
    virtual ~watcher() = default;

    /// There is something to read, the end included.
    virtual void on_readable() = 0;

    /// The socket takes bytes again.
    virtual void on_writable() = 0;

    /// The connection is broken, and its watcher did not ask for reads.
    virtual void on_broken() = 0;
  };

  poller();
  ~poller();

  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  /// Readable when some socket is ready.
  [[nodiscard]] int fd() const { return epoll_; }

  static constexpr std::uint32_t reads = EPOLLIN;
  static constexpr std::uint32_t writes = EPOLLOUT;

  /// What to tell `who` of: `reads`, `writes`, both or, with 0, only a break.
  /// False: the kernel has no memory for it (`fs.epoll.max_user_watches`).
  [[nodiscard]] bool add(int socket, watcher& who, std::uint32_t what);
  [[nodiscard]] bool change(int socket, watcher& who, std::uint32_t what);

  /// `who` is told nothing more, nor of what is ready at this moment.
  void remove(int socket, watcher& who);

  /// Tells the watchers of all sockets that are ready, without waiting, until
  /// `deadline`: who is left then is told first by the next call. Gives how
  /// many; as many as `batch_max` if there may be more.
  std::size_t poll(std::chrono::steady_clock::time_point deadline);

  static constexpr std::size_t batch_max = 512;

private:
  void tell(const epoll_event& event);
  bool control(int operation, int socket, watcher& who, std::uint32_t what);

  int epoll_;
  std::array<epoll_event, batch_max> events_;
  std::span<epoll_event> left_; ///< Those not yet told.
  watcher* told_ = nullptr;     ///< The one being told, unless it left.
};

} // namespace greenroom::net
