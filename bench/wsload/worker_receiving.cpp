#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "bench/wsload/worker.hpp"

namespace greenroom::bench {

using phase = client::phase;

namespace {

constexpr std::size_t read_bytes = 64 * 1024;
constexpr std::uint64_t frame_bytes_max = std::uint64_t{1} << 30;

} // namespace

void worker::on_event(client& who, std::uint32_t events) {
  if (who.is == phase::closed)
    return;
  if (who.is == phase::connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(who.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      errno = error;
      fail(who, "connect");
    } else if ((events & EPOLLOUT) != 0) {
      on_connected(who);
    }
    return;
  }
  if ((events & EPOLLOUT) != 0)
    flush(who);
  if (who.is != phase::closed
      && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
    receive(who);
}

/// Everybody shares one buffer; what is left of a frame waits in its client.
void worker::receive(client& who) {
  const auto kept = who.in.size();
  if (buffer_.size() < kept + read_bytes)
    buffer_.resize(kept + 4 * read_bytes);
  std::memcpy(buffer_.data(), who.in.data(), kept);
  const auto got =
      recv(who.fd, buffer_.data() + kept, buffer_.size() - kept, 0);
  if (got < 0) {
    if (errno != EAGAIN && errno != EINTR)
      fail(who, "recv");
    return;
  }
  if (got == 0) {
    errno = 0;
    return fail(who, "closed by server");
  }
  const nanos now = now_ns();
  in_window_ = started_ && load_.in_window(now);
  if (in_window_) {
    counted_.bytes_in_window += static_cast<std::uint64_t>(got);
    ++counted_.recv_calls_in_window;
  }
  const auto have = kept + static_cast<std::size_t>(got);
  const auto used = consume(who, buffer_.data(), have, now);
  if (who.is != phase::closed)
    who.in.assign(buffer_.data() + used, have - used);
}

/// Handles the whole frames in `data`; gives how many bytes they had.
std::size_t worker::consume(client& who, char* data, std::size_t size,
                            nanos now) {
  std::size_t used = 0;
  if (who.is == phase::upgrading) {
    used = consume_answer(who, {data, size});
    if (used == 0)
      return 0;
  }
  frame_head head;
  while (who.is != phase::closed && read_head(data + used, size - used, head)) {
    if (head.masked || head.payload > frame_bytes_max
        || (head.reserved_bits && !opt_.count_only)) {
      errno = 0;
      fail(who, "bad frame");
      break;
    }
    const auto payload = static_cast<std::size_t>(head.payload);
    if (size - used < head.bytes + payload)
      break;
    const auto* begin = data + used + head.bytes;
    used += head.bytes + payload;
    if (head.reserved_bits && who.is == phase::ready)
      ++counted_.compressed;
    on_frame(who, head.op, {begin, payload}, now);
  }
  return used;
}

/// The answer to the handshake; 0: more bytes are needed.
std::size_t worker::consume_answer(client& who, std::string_view data) {
  const auto end = data.find("\r\n\r\n");
  if (end == std::string_view::npos)
    return 0;
  const auto head = data.substr(0, end + 4);
  if (head.starts_with("HTTP/1.1 101")
      && head.find(sample_accept) != std::string_view::npos) {
    on_upgraded(who);
  } else {
    errno = 0;
    std::fprintf(stderr, "wsload: upgrade refused: %.*s\n",
                 static_cast<int>(head.find('\r')), head.data());
    fail(who, "upgrade");
  }
  return head.size();
}

void worker::on_frame(client& who, opcode op, std::string_view payload,
                      nanos now) {
  switch (op) {
  case opcode::ping:
    ++counted_.pings;
    queue_frame(who, opcode::pong, payload);
    flush(who);
    return;
  case opcode::pong:
    load_.answered.fetch_add(1, std::memory_order_relaxed);
    return;
  case opcode::close:
    queue_frame(who, opcode::close, payload.substr(0, 2));
    flush(who);
    errno = 0;
    fail(who, "close frame");
    return;
  default:
    break;
  }
  if (who.is != phase::ready)
    on_setup(who, payload);
  else if (opt_.count_only)
    count_delivery(0);
  else
    on_payload(who, payload, now);
}

void worker::on_payload(client& who, std::string_view payload, nanos now) {
  auto rest = payload;
  stamp what;
  bool any = false;
  while (what.take_from(rest)) {
    any = true;
    if (what.run == load_.run_id)
      on_message(who, what, now);
    else
      ++counted_.stale_run;
    if (!opt_.multi)
      break;
  }
  if (!any)
    on_unstamped(who, payload);
}

void worker::on_unstamped(client& who, std::string_view payload) {
  ++counted_.other;
  if (opt_.dialect == wire_dialect::socket_io && payload == "2") {
    queue_frame(who, opcode::text, "3");
    flush(who);
  } else if (opt_.dialect == wire_dialect::nats
             && payload.find("PING\r\n") != std::string_view::npos) {
    queue_frame(who, opcode::text, "PONG\r\n");
    flush(who);
  }
}

void worker::on_message(client& who, const stamp& what, nanos now) {
  const auto sender = static_cast<std::uint32_t>(what.sender);
  const auto place = load_.place_of(who, sender);
  if (place >= who.tracks.size()) {
    ++counted_.wrong_room;
    return;
  }
  switch (who.tracks[place].saw(static_cast<std::uint32_t>(what.number))) {
  case track::verdict::repeated:
    ++counted_.duplicated;
    return;
  case track::verdict::late:
    ++counted_.reordered;
    break;
  case track::verdict::in_order:
    break;
  }
  if (sender == who.id)
    ++counted_.own;
  count_delivery(sender);
  const auto sent_at = static_cast<nanos>(what.time);
  if (opt_.mode == run_mode::round_trip)
    on_round_trip(who, sender, now);
  else if (started_ && load_.in_window(sent_at))
    counted_.latency.add(
        static_cast<std::uint64_t>(std::max<nanos>(0, now - sent_at)));
}

void worker::on_round_trip(client& who, std::uint32_t sender, nanos now) {
  const bool plain_echo = opt_.connections == opt_.rooms;
  if ((sender == who.id && !plain_echo) || now >= load_.window_end)
    return;
  if (who.seat != 0) {
    send_message(who, now);
    return;
  }
  if (in_window_)
    counted_.latency.add(static_cast<std::uint64_t>(now - who.began));
  start_round_trip(who);
}

void worker::count_delivery(std::uint32_t sender) {
  ++counted_.received;
  if (in_window_)
    ++counted_.received_in_window;
  if (opt_.window == 0)
    return;
  auto& delivered = load_.delivered[sender];
  if (opt_.threads == 1) // No locked instruction where nobody else counts.
    delivered.store(delivered.load(std::memory_order_relaxed) + 1,
                    std::memory_order_relaxed);
  else
    delivered.fetch_add(1, std::memory_order_relaxed);
}

} // namespace greenroom::bench
