#include "net/poller.hpp"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace greenroom::net {

namespace {

/// Reading the clock after each would cost more than some of them.
constexpr std::size_t told_per_clock_reading = 16;

} // namespace

poller::poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0)
    throw std::system_error{errno, std::generic_category(), "epoll_create1"};
}

poller::~poller() {
  ::close(epoll_);
}

bool poller::add(int socket, watcher& who, std::uint32_t what) {
  return control(EPOLL_CTL_ADD, socket, who, what);
}

bool poller::change(int socket, watcher& who, std::uint32_t what) {
  return control(EPOLL_CTL_MOD, socket, who, what);
}

void poller::remove(int socket, watcher& who) {
  control(EPOLL_CTL_DEL, socket, who, 0);
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
  return ::epoll_ctl(epoll_, operation, socket, &event) == 0;
}

std::size_t poller::poll(std::chrono::steady_clock::time_point deadline) {
  if (left_.empty()) {
    auto ready = ::epoll_wait(epoll_, events_.data(),
                              static_cast<int>(events_.size()), 0);
    if (ready <= 0)
      return 0; // Nothing, or a signal: the next turn looks again.
    left_ = std::span{events_}.first(static_cast<std::size_t>(ready));
  }
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
