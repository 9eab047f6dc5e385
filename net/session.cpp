#include "net/session.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <caf/send.hpp>

#include "core/crash.hpp"
#include "core/fault_point.hpp"
#include "core/ws_frame.hpp"
#include "net/would_block.hpp"

namespace greenroom::net {

using protocol::no_close_code;
using protocol::no_close_frame;

namespace {

/// Ranges in one sendmsg: most turns need one or two; the kernel allows 1,024.
constexpr std::size_t ranges_per_send = 64;

/// Reads of one socket in a row while they fill the buffer: then it is the
/// others' turn.
constexpr int reads_in_a_row = 4;

/// Beyond, a read's messages go on in the next turn.
constexpr std::uint32_t inflated_per_read_max = 256 * 1024;

/// RFC 6455 section 5.5.1: what a close frame has room for besides its code.
constexpr std::size_t reason_bytes_max = 123;

std::string what_of(int error) {
  return std::generic_category().message(error);
}

} // namespace

session::session(io_loop& home, unique_fd socket, std::string early,
                 const settings& config)
  : outbox(home.sends(), config.limits.unsent_bytes),
    home_(home),
    config_(config),
    socket_(std::move(socket)),
    frames_(config.limits.message_bytes),
    early_(std::move(early)) {}

session::~session() {
  let_go();
}

void session::take_over(poller::watcher& from) {
  // It will read as soon as its actor is there, in this turn as a rule.
  watched_ = poller::reads;
  polled_ = home_.sockets().pass_on(socket_.get(), from, *this, watched_);
}

void session::accept(std::string_view response,
                     const actors::neighbour<actors::gateway_actor,
                                             actors::client_arrived>& gateway,
                     actors::client_hello hello, std::function<void()> taken) {
  taken_ = std::move(taken);
  deflate_ = hello.deflate;
  if (deflate_.agreed())
    frames_.expect_deflated();
  auto answer = segment::make(static_cast<std::uint32_t>(response.size()));
  answer->append(response);
  push_transport({answer, 0, answer->size()});
  gateway.tell({shared_from_this(), std::move(hello)});
}

/// Tells the poller what is waited for now.
void session::watch() {
  if (gone_)
    return;
  bool takes = started_ && early_.empty() && wants_more();
  bool reads = !at_end_ && (lingering_ || takes);
  auto wanted =
      (reads ? poller::reads : 0u) | (is_blocked() ? poller::writes : 0u);
  if (polled_ && wanted == watched_)
    return;
  watched_ = wanted;
  bool known = polled_ ? home_.sockets().change(socket_.get(), *this, wanted)
                       : home_.sockets().add(socket_.get(), *this, wanted);
  polled_ = polled_ || known;
  if (!known)
    end_now(no_close_frame, false, "no memory to watch the socket");
}

// -- reading ------------------------------------------------------------------

void session::start(
    actors::neighbour<actors::connection_actor, actors::inbound_view> reader) {
  reader_ = reader.seen_from(home_);
  started_ = true;
  tell_taken();
  if (gone_) {
    tell_closed(no_close_frame, true, "the connection is gone");
    return;
  }
  take_early();
}

void session::on_readable() {
  if (!started_ && !lingering_) {
    watch(); // Not before its actor is there.
    return;
  }
  auto self = shared_from_this(); // What comes may end it.
  fault_point("session.read", [] { return std::string_view{}; });
  auto buffer = home_.read_buffer();
  for (int i = 0; i < reads_in_a_row && !gone_; ++i) {
    auto got =
        ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && would_block(errno))
      break;
    if (got < 0) {
      end_now(no_close_frame, true, what_of(errno));
      return;
    }
    if (got == 0) {
      at_end_ = true;
      tell_closed(no_close_frame, !closing_, "the client hung up");
      linger();
      break;
    }
    heard_ = true;
    auto count = static_cast<std::size_t>(got);
    counted().bytes_in.add(count);
    if (!lingering_) // Else it is read to see its end.
      take(buffer.data(), count);
    // What is told at once is worked on at once: a read of it is enough.
    if (count < buffer.size() || !early_.empty()
        || std::exchange(told_at_once_, false))
      break;
  }
  watch();
}

/// What the window has no room for is kept: at most one read of it, and nothing
/// more is read until it is taken.
void session::take(char* bytes, std::size_t count) {
  auto used = frames_.read(bytes, count, *this);
  if (!gone_ && !lingering_ && used < count)
    early_.assign(bytes + used, count - used);
  pause_inflating();
}

void session::take_early() {
  if (!early_.empty() && !lingering_) {
    early_taken_ += frames_.read(early_.data() + early_taken_,
                                 early_.size() - early_taken_, *this);
    if (gone_ || lingering_ || early_taken_ == early_.size()) {
      std::string{}.swap(early_);
      early_taken_ = 0;
    }
    pause_inflating();
  }
  watch();
}

void session::on_message(std::string_view bytes, bool is_text) {
  if (closing_ || !reader_)
    return; // Nobody cares any more.
  // Behind those that wait, it has to wait too.
  actors::inbound_view here{bytes, is_text};
  if (unhandled_messages_ == 0 && reader_.tell_at_once(here)) {
    told_at_once_ = true;
    return;
  }
  ++unhandled_messages_;
  unhandled_bytes_ += bytes.size();
  caf::anon_send(reader_.handle(),
                 actors::inbound{std::string{bytes}, is_text, home_.now()});
}

void session::handled(std::size_t messages, std::size_t bytes) {
  bool was_open = window_open();
  unhandled_messages_ -= static_cast<std::uint32_t>(messages);
  unhandled_bytes_ -= bytes;
  if (!was_open && !gone_)
    take_early();
}

bool session::wants_more() const {
  return closing_ || (window_open() && inflated_ <= inflated_per_read_max);
}

/// What was read and not yet handled is bounded: beyond, TCP slows the client.
bool session::window_open() const {
  return unhandled_messages_ < config_.limits.inbound_messages
         && unhandled_bytes_ <= config_.limits.unsent_bytes;
}

ws::inflated session::inflate(std::string_view message, std::size_t bytes_max) {
  if (closing_ || !reader_) // Nobody cares any more.
    return {ws::inflated::verdict::whole, {}};
  auto& space = home_.inflate_space();
  if (deflate_.client_context_bits != 0 && !inflater_)
    inflater_ = std::make_unique<ws::inflater>(deflate_.client_context_bits);
  auto found = inflater_
                   ? inflater_->inflate_next(message, bytes_max, space)
                   : home_.inflater().inflate_alone(message, bytes_max, space);
  inflated_ += static_cast<std::uint32_t>(found.bytes.size());
  return found;
}

/// What was read may inflate to a thousand times as much: then the rest of it
/// is kept for the next turn.
void session::pause_inflating() {
  if (std::exchange(inflated_, 0) > inflated_per_read_max && !early_.empty())
    home_.call([self = shared_from_this()] { self->take_early(); });
}

void session::on_ping(std::string_view payload) {
  if (closing_)
    return; // Its close frame is to be the last, and what waits is bounded.
  push_transport(ws::make_frame(ws::opcode::pong, payload));
  // Who pings without end and reads no pong.
  if (own_bytes() > bytes_max())
    too_slow();
}

void session::on_broken() {
  end_now(no_close_frame, true, "the connection broke");
}

/// What was read is not read on. Who was about to end anyway just ends.
void session::on_crash() {
  auto self = shared_from_this();
  tell_crash("connection");
  if (closing_ || lingering_) {
    end_now(no_close_frame, false, "its code failed");
    return;
  }
  close(protocol::close_code::internal_error,
        reason(protocol::close_code::internal_error));
  watch();
}

bool session::heard() {
  // Whom we do not read at the moment cannot be heard: it is our pause.
  bool paused = started_ && (!early_.empty() || !window_open());
  return std::exchange(heard_, false) || paused;
}

// -- sending ------------------------------------------------------------------

std::shared_ptr<outbox> session::out() {
  return shared_from_this();
}

void session::ping() {
  static const slice frame = ws::make_frame(ws::opcode::ping, {});
  push(frame);
}

void session::run() {
  flush_safely();
}

void session::flush_safely() {
  try {
    fault_point("session.flush", [] { return std::string_view{}; });
    flush();
  } catch (...) {
    auto self = shared_from_this();
    tell_crash("connection");
    end_now(no_close_frame, false, "its code failed");
  }
}

void session::flush() {
  if (in_batch_)
    return; // `on_sent` comes back.
  if (closing_ && !said_goodbye_)
    say_goodbye();
  std::array<iovec, ranges_per_send> ranges;
  while (!is_blocked() && !gone_) {
    auto used = gather(ranges);
    if (used == 0)
      break;
    gathered_ = 0;
    for (std::size_t i = 0; i < used; ++i)
      gathered_ += ranges[i].iov_len;
    if (used == 1) {
      in_batch_ = true;
      home_.batch().add(
          *this, socket_.get(),
          {static_cast<const char*>(ranges[0].iov_base), gathered_});
      return;
    }
    msghdr what{};
    what.msg_iov = ranges.data();
    what.msg_iovlen = used;
    auto taken = ::sendmsg(socket_.get(), &what, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (!took(taken < 0 ? -errno : taken))
      return;
  }
  if (lingering_ && empty())
    linger();
}

/// The send under way has ended so. False: so has the connection.
bool session::took(long taken) {
  if (taken == -EINTR) {
    sent(0);
    return true; // Again.
  }
  if (taken == -EAGAIN || taken == -EWOULDBLOCK)
    taken = 0;
  if (taken < 0) {
    end_now(no_close_frame, true, what_of(static_cast<int>(-taken)));
    return false;
  }
  auto& counts = counted();
  counts.bytes_out.add(static_cast<std::uint64_t>(taken));
  if (counts.samples_flush()) [[unlikely]]
    observe_flush();
  sent(static_cast<std::size_t>(taken));
  if (static_cast<std::size_t>(taken) < gathered_) {
    set_blocked(true);
    watch();
  }
  return true;
}

/// Before what it took is forgotten: all that it began with.
void session::observe_flush() const {
  counted().observe_flush(frames());
}

void session::on_sent(long taken) {
  in_batch_ = false;
  if (!gone_ && took(taken) && (!empty() || closing_ || lingering_))
    flush_safely();
}

void session::on_writable() {
  set_blocked(false);
  watch();
  home_.sends().add(*this);
}

void session::too_slow() {
  if (closing_)
    return;
  cut();
  close(protocol::close_code::too_slow, reason(protocol::close_code::too_slow));
}

// -- the end ------------------------------------------------------------------

void session::close(protocol::close_code code, std::string_view reason) {
  if (closing_ || lingering_ || gone_)
    return;
  closing_ = true;
  goodbye_code_ = static_cast<std::uint16_t>(code);
  goodbye_reason_ = reason.substr(0, reason_bytes_max);
  until_gone_ = shared_from_this();
  // At the turn's end: by then the rooms have handed over what came before.
  home_.sends().add(*this);
  home_.timers().at(home_.now() + config_.net.close_timeout, deadline_,
                    [this] { abort(); });
}

/// Sends the close frame; the client's answer is waited for while its frames
/// are read and dropped.
void session::say_goodbye() {
  if (gone_ || lingering_)
    return;
  push_close(goodbye_code_, goodbye_reason_);
  if (started_)
    take_early();
  else
    linger();
}

void session::on_close(std::uint16_t code, std::string_view why) {
  push_close(code, {}); // RFC 6455 section 5.5.1: answered with its code.
  tell_closed(code, !closing_, why);
  linger();
}

void session::on_violation(protocol::close_code code, std::string_view what) {
  push_close(static_cast<std::uint16_t>(code), reason(code));
  tell_closed(static_cast<std::uint16_t>(code), true, what);
  linger();
}

/// Once: what comes after it would be nothing to the client.
void session::push_close(std::uint16_t code, std::string_view reason) {
  if (std::exchange(said_goodbye_, true))
    return;
  seal();
  std::string payload;
  if (code != no_close_code) {
    payload += static_cast<char>(code >> 8);
    payload += static_cast<char>(code & 0xff);
    payload += reason;
  }
  push_transport(ws::make_frame(ws::opcode::close, payload));
}

/// Tells the actor, once; it ends.
void session::tell_closed(std::uint16_t code, bool by_client,
                          std::string_view why) {
  if (closing_) { // By us, however the client takes it.
    code = goodbye_code_;
    by_client = false;
    why = goodbye_reason_;
  }
  if (reader_)
    caf::anon_send(std::exchange(reader_, {}).handle(),
                   actors::socket_closed{code, by_client, std::string{why}});
}

void session::linger() {
  if (gone_)
    return;
  lingering_ = true;
  until_gone_ = shared_from_this();
  seal();
  if (!deadline_.pending())
    home_.timers().at(home_.now() + config_.net.close_timeout, deadline_,
                      [this] { abort(); });
  if (!empty()) {
    home_.sends().add(*this); // `flush` comes back when all is sent.
    return;
  }
  if (at_end_) {
    let_go();
    return;
  }
  if (!std::exchange(shut_down_, true))
    ::shutdown(socket_.get(), SHUT_WR);
  watch(); // Until the client has shut its side too.
}

void session::abort() {
  end_now(no_close_frame, false, "cut off");
}

void session::end_now(std::uint16_t code, bool by_client,
                      std::string_view why) {
  auto self = weak_from_this().lock(); // Letting go may drop the last owner.
  let_go();
  tell_closed(code, by_client, why);
}

void session::let_go() {
  if (std::exchange(gone_, true))
    return;
  auto self = std::exchange(until_gone_, {});
  deadline_.cancel();
  tell_taken();
  shut();
  if (polled_)
    home_.sockets().remove(socket_.get(), *this);
  socket_.reset();
}

void session::tell_taken() {
  if (auto taken = std::exchange(taken_, nullptr))
    taken();
}

} // namespace greenroom::net
