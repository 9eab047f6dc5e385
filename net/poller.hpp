#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include <sys/epoll.h>

#include "core/socket_poller.hpp"
#include "core/unique_fd.hpp"

namespace greenroom::net {

/// The sockets of one loop, on an epoll: level-triggered,
/// so that a socket is read once when it has something and nobody has to find
/// out by a vain read that it is empty; and without an operation's state for
/// each that waits. Its loop's thread only.
class poller final : public socket_poller {
public:
  poller();

  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  /// Readable when some socket is ready.
  [[nodiscard]] int fd() const { return epoll_.get(); }

  [[nodiscard]] bool add(int socket, watcher& who, std::uint32_t what) override;
  [[nodiscard]] bool change(int socket, watcher& who,
                            std::uint32_t what) override;
  void remove(int socket, watcher& who) override;

  /// `to` watches the socket from now on; what is ready at this moment is told
  /// anew.
  [[nodiscard]] bool pass_on(int socket, watcher& from, watcher& to,
                             std::uint32_t what);

  /// Waits until a socket is ready, at most until `until`; with a time that has
  /// passed, only looks. False: none is. The next `poll` tells them.
  bool wait(std::chrono::steady_clock::time_point until);

  /// Tells the watchers of the sockets that `wait` found ready, until
  /// `deadline`: who is left then is told first by the next call. Gives how
  /// many; as many as `batch_max` if there may be more.
  std::size_t poll(std::chrono::steady_clock::time_point deadline);

  static constexpr std::size_t batch_max = 512;

private:
  void tell(const epoll_event& event);
  void tell_watcher(const epoll_event& event);
  bool control(int operation, int socket, watcher& who, std::uint32_t what);
  bool look(int timeout_ms);
  void forget(watcher& who);

  unique_fd epoll_;
  std::array<epoll_event, batch_max> events_;
  std::span<epoll_event> left_; ///< Those not yet told.
  watcher* told_ = nullptr;     ///< The one being told, unless it left.
};

} // namespace greenroom::net
