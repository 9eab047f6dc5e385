#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "bench/wsload/worker.hpp"

namespace greenroom::bench {

using phase = client::phase;

/// Opens what may be opened now; gives when there is more to do.
nanos worker::open_more(nanos now, nanos began) {
  while (opened_ < mine_.size() && under_way_ < opt_.burst) {
    if (opt_.ramp > 0) {
      const auto k = static_cast<double>(opened_) * opt_.threads;
      const nanos due = began + from_seconds(k / opt_.ramp);
      if (due > now)
        return due;
    }
    open(at(mine_[opened_++]));
  }
  return now + 20 * millisecond;
}

void worker::open(client& who) {
  who.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (who.fd < 0)
    return fail(who, "socket");
  const int one = 1;
  setsockopt(who.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const auto& target = load_.target_of(who);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(target.port));
  inet_pton(AF_INET, target.host.c_str(), &to.sin_addr);
  if (opt_.src_spread > 1) {
    setsockopt(who.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl(
        INADDR_LOOPBACK + who.id % static_cast<std::uint32_t>(opt_.src_spread));
    if (bind(who.fd, reinterpret_cast<sockaddr*>(&from), sizeof from) != 0)
      return fail(who, "bind");
  }
  who.began = now_ns();
  if (connect(who.fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0
      && errno != EINPROGRESS)
    return fail(who, "connect");
  who.is = phase::connecting;
  who.wants_out = true;
  epoll_event event{EPOLLIN | EPOLLOUT, {}};
  event.data.u32 = who.id;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, who.fd, &event);
  ++under_way_;
}

void worker::on_connected(client& who) {
  who.is = phase::upgrading;
  const auto& target = load_.target_of(who);
  who.out = upgrade_request(target.host + ":" + std::to_string(target.port),
                            fill_in(target.path, opt_, who), opt_.headers);
  flush(who);
}

void worker::on_upgraded(client& who) {
  if (opt_.dialect == wire_dialect::socket_io)
    who.is = phase::waiting_for_engine;
  else
    greet(who);
}

void worker::greet(client& who) {
  who.is = phase::waiting_for_answer;
  who.answers = opt_.rooms_each;
  for (int k = 0; k < opt_.rooms_each; ++k)
    for (const auto& text : opt_.hello)
      queue_frame(who, opcode::text,
                  fill_in(text, opt_, load_.room_of(who, k), who.id));
  flush(who);
  if (opt_.wait.empty() && who.is == phase::waiting_for_answer)
    become_ready(who);
}

/// A message to a client that is not ready yet.
void worker::on_setup(client& who, std::string_view text) {
  if (who.is == phase::waiting_for_engine && text.starts_with('0')) {
    who.is = phase::waiting_for_socket;
    queue_frame(who, opcode::text, "40");
    flush(who);
  } else if (who.is == phase::waiting_for_socket && text.starts_with("40")) {
    greet(who);
  } else if (who.is == phase::waiting_for_answer && !opt_.wait.empty()
             && text.find(opt_.wait) != std::string_view::npos) {
    if (--who.answers == 0)
      become_ready(who);
  }
}

void worker::become_ready(client& who) {
  who.is = phase::ready;
  --under_way_;
  counted_.handshake.add(static_cast<std::uint64_t>(now_ns() - who.began));
  load_.ready.fetch_add(1);
}

void worker::fail(client& who, const char* what) {
  if (who.is == phase::closed)
    return;
  if (counted_.failed + counted_.closed < 3) // Thousands would say the same.
    std::fprintf(stderr, "wsload: connection %u: %s: %s\n", who.id, what,
                 std::strerror(errno));
  if (who.is == phase::ready) {
    ++counted_.closed;
  } else {
    ++counted_.failed;
    if (who.is != phase::unopened)
      --under_way_;
  }
  who.is = phase::closed;
  load_.broken.fetch_add(1);
  if (who.fd >= 0)
    ::close(who.fd);
  who.fd = -1;
}

} // namespace greenroom::bench
