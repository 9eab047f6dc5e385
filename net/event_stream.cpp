#include "net/event_stream.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "core/crash.hpp"
#include "core/loop_counters.hpp"
#include "net/would_block.hpp"

namespace greenroom::net {

namespace {

/// Who comes again does so after a second. The last field is for nginx, which
/// would keep events back until it has a buffer of them.
constexpr std::string_view head = "HTTP/1.1 200 OK\r\n"
                                  "Content-Type: text/event-stream\r\n"
                                  "Cache-Control: no-store\r\n"
                                  "Connection: close\r\n"
                                  "X-Content-Type-Options: nosniff\r\n"
                                  "X-Accel-Buffering: no\r\n\r\n"
                                  "retry: 1000\n\n";

} // namespace

event_stream::event_stream(io_loop& home, unique_fd socket,
                           std::function<void()> gone,
                           std::chrono::milliseconds beat)
  : home_(home),
    socket_(std::move(socket)),
    gone_(std::move(gone)),
    beat_(beat) {}

event_stream::~event_stream() {
  if (socket_ && watched_ != 0)
    home_.sockets().remove(socket_.get(), *this);
}

void event_stream::start() {
  beat_later();
  put(head);
}

std::string event_stream::event_of(std::string_view data) {
  std::string text;
  text.reserve(data.size() + 8);
  ((text += "data: ") += data) += "\n\n";
  return text;
}

void event_stream::send(std::string_view event) {
  if (socket_)
    put(event);
}

void event_stream::put(std::string_view text) {
  auto self = shared_from_this();
  if (unsent() + text.size() > unsent_bytes_max) {
    counted().streams_cut.add();
    return leave();
  }
  out_.erase(0, std::exchange(sent_, 0));
  out_ += text;
  flush();
  watch();
}

void event_stream::flush() {
  if (!socket_ || out_.empty())
    return;
  auto taken = ::send(socket_.get(), out_.data() + sent_, out_.size() - sent_,
                      MSG_DONTWAIT | MSG_NOSIGNAL);
  if (taken < 0) {
    if (!would_block(errno))
      leave();
    return;
  }
  has_moved_ |= taken > 0;
  sent_ += static_cast<std::size_t>(taken);
  if (sent_ < out_.size())
    return;
  out_.clear();
  sent_ = 0;
  // A snapshot was large; what follows is small.
  constexpr std::size_t kept_bytes_max = 64 * 1024;
  if (out_.capacity() > kept_bytes_max)
    out_.shrink_to_fit();
}

void event_stream::watch() {
  if (!socket_)
    return;
  auto wanted = out_.empty() ? poller::reads : poller::reads | poller::writes;
  if (wanted == watched_)
    return;
  bool is_known = std::exchange(watched_, wanted) != 0;
  if (is_known) // So this cannot fail.
    (void)home_.sockets().change(socket_.get(), *this, wanted);
  else if (!home_.sockets().add(socket_.get(), *this, wanted)) {
    watched_ = 0;
    leave(); // No memory.
  }
}

/// What it says has no meaning; that it has gone does.
void event_stream::on_readable() {
  auto self = shared_from_this();
  auto buffer = home_.read_buffer();
  auto got = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got == 0 || (got < 0 && !would_block(errno)))
    leave();
}

void event_stream::on_writable() {
  auto self = shared_from_this();
  flush();
  watch();
}

void event_stream::on_broken() {
  auto self = shared_from_this();
  leave();
}

void event_stream::on_crash() {
  tell_crash("event_stream");
  on_broken();
}

void event_stream::beat_later() {
  home_.timers().at(home_.now() + beat_, beat_timer_, [this] {
    auto self = shared_from_this();
    if (!out_.empty() && !has_moved_) {
      counted().streams_cut.add();
      return leave();
    }
    has_moved_ = false;
    beat_later();
    if (out_.empty())
      put(": \n\n");
  });
}

void event_stream::leave() {
  if (!socket_)
    return;
  beat_timer_.cancel();
  if (std::exchange(watched_, 0) != 0)
    home_.sockets().remove(socket_.get(), *this);
  ::shutdown(socket_.get(), SHUT_RDWR);
  socket_.reset();
  if (auto gone = std::exchange(gone_, nullptr))
    gone();
}

} // namespace greenroom::net
