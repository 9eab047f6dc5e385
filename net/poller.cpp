#include "net/poller.hpp"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace greenroom::net {

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
  for (auto& event : under_way_)
    if (event.data.ptr == &who)
      event.data.ptr = nullptr;
}

bool poller::control(int operation, int socket, watcher& who,
                     std::uint32_t what) {
  epoll_event event{what, {}};
  event.data.ptr = &who;
  return ::epoll_ctl(epoll_, operation, socket, &event) == 0;
}

std::size_t poller::poll() {
  auto ready =
      ::epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), 0);
  if (ready <= 0)
    return 0; // Nothing, or a signal: the next turn looks again.
  auto count = static_cast<std::size_t>(ready);
  for (std::size_t i = 0; i < count; ++i) {
    auto event = events_[i];
    auto* who = static_cast<watcher*>(event.data.ptr);
    if (who == nullptr)
      continue; // Removed by one before it.
    under_way_ = std::span{events_}.subspan(i, count - i);
    bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    if ((event.events & EPOLLOUT) != 0)
      who->on_writable();
    if (events_[i].data.ptr == nullptr)
      continue;
    if ((event.events & EPOLLIN) != 0)
      who->on_readable();
    else if (broken)
      who->on_broken();
  }
  under_way_ = {};
  return count;
}

} // namespace greenroom::net
