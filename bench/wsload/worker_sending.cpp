#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

#include "bench/wsload/worker.hpp"

namespace greenroom::bench {

/// Fixed rate: the k-th message of the run is due at `begin + k / rate`, from
/// sender k modulo their number. Gives when the next is due.
nanos worker::send_what_is_due(nanos now) {
  if (senders_.empty())
    return load_.window_end;
  const double rate =
      opt_.mode == run_mode::rooms ? opt_.rate * opt_.senders : opt_.rate;
  for (;;) {
    const auto k = round_ * static_cast<std::uint64_t>(opt_.senders)
                   + static_cast<std::uint64_t>(senders_[next_sender_]);
    const nanos due = load_.begin + from_seconds(static_cast<double>(k) / rate);
    if (due >= load_.window_end)
      return load_.window_end;
    if (due > now) {
      now = now_ns();
      if (due > now)
        return due;
    }
    client& who = at(senders_[next_sender_]);
    if (who.is == client::phase::ready) {
      counted_.lag.add(static_cast<std::uint64_t>(now - due));
      send_message(who, due);
    }
    if (++next_sender_ == senders_.size()) {
      next_sender_ = 0;
      ++round_;
    }
  }
}

/// Saturation: keeps so many publishes of each sender in flight, counted in
/// deliveries.
nanos worker::keep_window_full(nanos now) {
  for (int i : senders_) {
    client& who = at(i);
    const auto each = load_.deliveries_of(who);
    const auto& delivered = load_.delivered[static_cast<std::size_t>(i)];
    const auto window = static_cast<std::uint64_t>(opt_.window) * each;
    auto may_send = [&] {
      return who.is == client::phase::ready
             && (who.sent + 1) * each
                    <= delivered.load(std::memory_order_relaxed) + window;
    };
    while (who.out.empty() && may_send()) {
      append_message(who, now_ns());
      while (opt_.pipeline && may_send())
        append_message(who, now_ns());
      flush(who);
    }
  }
  // Another thread's receivers may open the window without waking this one.
  return now + (opt_.threads > 1 ? millisecond / 5 : 20 * millisecond);
}

void worker::start_round_trips() {
  for (int i : mine_)
    if (at(i).seat == 0)
      start_round_trip(at(i));
}

void worker::start_round_trip(client& who) {
  who.began = now_ns();
  send_message(who, who.began);
}

void worker::send_message(client& who, nanos time) {
  append_message(who, time);
  flush(who);
}

void worker::append_message(client& who, nanos time) {
  const auto& text = texts_.of(who);
  if (opt_.binary && opt_.dialect == wire_dialect::socket_io)
    queue_frame(who, opcode::text,
                R"(451-["msg",{"_placeholder":true,"num":0}])");
  const stamp what{load_.run_id, static_cast<std::uint64_t>(time), who.id,
                   who.sent};
  append_frame(who.out, opt_.binary ? opcode::binary : opcode::text,
               text.bytes(), next_mask_key(),
               [&](char* into) { text.write(into, what); });
  ++who.sent;
  ++counted_.sent;
  counted_.expected += load_.deliveries_of(who);
  if (load_.in_window(time))
    ++counted_.sent_in_window;
}

void worker::ask_all() {
  for (int i : mine_) {
    client& who = at(i);
    if (who.is != client::phase::ready)
      continue;
    queue_frame(who, opcode::ping, "?");
    flush(who);
  }
}

void worker::queue_frame(client& who, opcode op, std::string_view payload) {
  append_frame(who.out, op, payload, next_mask_key());
}

/// Xorshift: masking needs a key that differs, not one that is hard to guess.
std::uint32_t worker::next_mask_key() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 17;
  random_ ^= random_ << 5;
  return random_;
}

void worker::flush(client& who) {
  std::size_t done = 0;
  while (done < who.out.size()) {
    const auto taken = ::send(who.fd, who.out.data() + done,
                              who.out.size() - done, MSG_NOSIGNAL);
    if (taken > 0) {
      done += static_cast<std::size_t>(taken);
    } else if (taken < 0 && errno == EINTR) {
      continue;
    } else if (taken < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      ++counted_.blocked_sends;
      break;
    } else {
      return fail(who, "send");
    }
  }
  who.out.erase(0, done);
  const bool wants_out = !who.out.empty();
  if (wants_out == who.wants_out)
    return;
  who.wants_out = wants_out;
  epoll_event event{EPOLLIN, {}};
  if (wants_out)
    event.events |= EPOLLOUT;
  event.data.u32 = who.id;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, who.fd, &event);
}

} // namespace greenroom::bench
