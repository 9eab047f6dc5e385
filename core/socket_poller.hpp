#pragma once

#include <cstdint>

namespace greenroom {

/// The sockets of one loop, as whoever owns one sees them: it is told when its
/// socket can be read from or written to. Level-triggered: what is left is told
/// again by the next turn. Its loop's thread only. `net::poller` is the one
/// that waits.
class socket_poller {
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

    /// One of the above threw, and what it was in the midst of is not to be
    /// gone on with. Called where that is caught: `throw;` passes it on, and
    /// ends the process.
    virtual void on_crash() = 0;
  };

  static constexpr std::uint32_t reads = 0x001;  ///< As EPOLLIN.
  static constexpr std::uint32_t writes = 0x004; ///< As EPOLLOUT.

  /// What to tell `who` of: `reads`, `writes`, both or, with 0, only a break.
  /// False: the kernel has no memory for it (`fs.epoll.max_user_watches`).
  [[nodiscard]] virtual bool add(int socket, watcher& who,
                                 std::uint32_t what) = 0;
  [[nodiscard]] virtual bool change(int socket, watcher& who,
                                    std::uint32_t what) = 0;

  /// `who` is told nothing more, nor of what is ready at this moment.
  virtual void remove(int socket, watcher& who) = 0;

protected:
  ~socket_poller() = default;
};

} // namespace greenroom
