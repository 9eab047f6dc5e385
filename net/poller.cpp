#include "net/poller.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>

namespace greenroom::net {

namespace {

static_assert(socket_poller::reads == EPOLLIN
              && socket_poller::writes == EPOLLOUT);

/// Reading the clock after each would cost more than some of them.
constexpr std::size_t told_per_clock_reading = 4;

/// For epoll_wait: rounded up, so that a deadline has passed when it returns.
int milliseconds_until(std::chrono::steady_clock::time_point until) {
  using std::chrono::steady_clock;
  if (until == steady_clock::time_point::min())
    return 0; // Spares the clock.
  if (until == steady_clock::time_point::max())
    return -1;
  auto left =
      std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
  return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(
      left.count(), 0, std::numeric_limits<int>::max()));
}

} // namespace

poller::poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_)
    throw std::system_error{errno, std::generic_category(), "epoll_create1"};
}

bool poller::add(int socket, watcher& who, std::uint32_t what) {
  return control(EPOLL_CTL_ADD, socket, who, what);
}

bool poller::change(int socket, watcher& who, std::uint32_t what) {
  return control(EPOLL_CTL_MOD, socket, who, what);
}

void poller::remove(int socket, watcher& who) {
  control(EPOLL_CTL_DEL, socket, who, 0);
  forget(who);
}

bool poller::pass_on(int socket, watcher& from, watcher& to,
                     std::uint32_t what) {
  forget(from);
  return change(socket, to, what);
}

void poller::forget(watcher& who) {
  for (auto& event : left_)
    if (event.data.ptr == &who)
      event.data.ptr = nullptr;
  if (told_ == &who)
    told_ = nullptr;
}

bool poller::control(int operation, int socket, watcher& who,
                     std::uint32_t what) {
  epoll_event event{what, {}};
  event.data.ptr = &who;
  return ::epoll_ctl(epoll_.get(), operation, socket, &event) == 0;
}

bool poller::wait(std::chrono::steady_clock::time_point until) {
  return !left_.empty() || look(milliseconds_until(until));
}

bool poller::look(int timeout_ms) {
  auto ready = ::epoll_wait(epoll_.get(), events_.data(),
                            static_cast<int>(events_.size()), timeout_ms);
  if (ready <= 0)
    return false; // Nothing, or a signal: the next turn looks again.
  left_ = std::span{events_}.first(static_cast<std::size_t>(ready));
  return true;
}

std::size_t poller::poll(std::chrono::steady_clock::time_point deadline) {
  std::size_t count = 0;
  while (!left_.empty()) {
    auto event = left_.front();
    left_ = left_.subspan(1);
    tell(event);
    if (++count % told_per_clock_reading == 0
        && std::chrono::steady_clock::now() >= deadline)
      break;
  }
  return count;
}

void poller::tell(const epoll_event& event) {
  try {
    tell_watcher(event);
  } catch (...) {
    if (told_ == nullptr)
      throw; // Nobody is left who knows what that was.
    told_->on_crash();
  }
}

void poller::tell_watcher(const epoll_event& event) {
  told_ = static_cast<watcher*>(event.data.ptr);
  if (told_ != nullptr && (event.events & EPOLLOUT) != 0)
    told_->on_writable();
  if (told_ == nullptr)
    return; // Removed, by itself or by one before it.
  if ((event.events & EPOLLIN) != 0)
    told_->on_readable();
  else if ((event.events & (EPOLLERR | EPOLLHUP)) != 0)
    told_->on_broken();
}

} // namespace greenroom::net
