#include "net/session.hpp"

#include <array>
#include <cerrno>

#include <sys/socket.h>

#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <caf/send.hpp>

#include "core/ws_frame.hpp"

namespace greenroom::net {

namespace websocket = boost::beast::websocket;
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// Ranges in one sendmsg: most turns need one or two; the kernel allows 1,024.
constexpr std::size_t ranges_per_send = 64;

/// A read buffer larger than this goes back to the heap after its message.
constexpr std::size_t kept_buffer_bytes = 4 * 1024;

/// RFC 6455 section 7.4.1: the connection ended without a close frame.
constexpr std::uint16_t abnormal_closure = 1006;

/// How a connection ended, for its actor: Beast has sent the close frame that
/// belongs to an error of the client's.
actors::socket_closed describe(error_code why,
                               const websocket::close_reason& said) {
  if (why == websocket::error::closed)
    return {said.code == 0 ? std::uint16_t{1005} : said.code,
            true,
            {said.reason.data(), said.reason.size()}};
  std::uint16_t code = abnormal_closure;
  if (why == websocket::error::message_too_big
      || why == websocket::error::buffer_overflow)
    code = 1009;
  else if (why == websocket::error::bad_frame_payload)
    code = 1007;
  else if (why == websocket::condition::protocol_violation)
    code = 1002;
  return {code, true, why.message()};
}

/// Beast 1.81 checks UTF-8 as it comes, but does not notice that a text message
/// ends within a sequence when its last frame is empty (RFC 6455 section 8.1).
/// All before the last sequence is checked, so the last four bytes tell.
bool ends_whole(asio::const_buffer message) {
  const auto* bytes = static_cast<const unsigned char*>(message.data());
  for (std::size_t back = 1; back <= 4 && back <= message.size(); ++back) {
    auto byte = bytes[message.size() - back];
    if ((byte & 0xc0) == 0x80)
      continue; // Not the first byte of its sequence.
    std::size_t length = byte < 0x80   ? 1
                         : byte < 0xe0 ? 2
                         : byte < 0xf0 ? 3
                                       : 4;
    return back == length;
  }
  return message.size() == 0;
}

} // namespace

session::session(io_loop& home, tcp_socket socket, std::string early,
                 const settings& config)
  : outbox(home.sends(), config.limits.unsent_bytes),
    home_(home),
    config_(config),
    stream_(std::move(socket), *this, std::move(early)) {
  stream_.read_message_max(config.limits.message_bytes);
  // Timeouts are the connection actor's and this class's; Beast's would cost a
  // timer a connection.
  stream_.set_option(websocket::stream_base::timeout{
      websocket::stream_base::none(), websocket::stream_base::none(), false});
}

session::~session() {
  let_go();
}

void session::accept(upgrade_request request, std::string subprotocol,
                     actors::gateway_actor gateway, actors::client_hello hello,
                     std::function<void()> taken) {
  taken_ = std::move(taken);
  if (!subprotocol.empty())
    stream_.set_option(websocket::stream_base::decorator(
        [subprotocol =
             std::move(subprotocol)](websocket::response_type& answer) {
          answer.set(boost::beast::http::field::sec_websocket_protocol,
                     subprotocol);
        }));
  auto kept = std::make_shared<upgrade_request>(std::move(request));
  stream_.async_accept(
      *kept, [self = shared_from_this(), kept, gateway = std::move(gateway),
              hello = std::move(hello)](error_code failed) mutable {
        self->on_accepted(failed, gateway, hello);
      });
}

void session::on_accepted(error_code failed, actors::gateway_actor& gateway,
                          actors::client_hello& hello) {
  if (failed) {
    linger();
    return;
  }
  caf::anon_send(gateway,
                 actors::client_arrived{shared_from_this(), std::move(hello)});
}

// -- reading ------------------------------------------------------------------

void session::start(actors::connection_actor reader) {
  reader_ = std::move(reader);
  tell_taken();
  read();
}

void session::read() {
  if (reading_ || lingering_ || !window_open())
    return;
  reading_ = true;
  stream_.async_read(
      buffer_, [self = shared_from_this()](error_code failed, std::size_t) {
        self->on_read(failed);
      });
}

void session::on_read(error_code failed) {
  reading_ = false;
  if (failed) {
    tell_closed(failed, !closing_);
    linger();
    return;
  }
  auto bytes = buffer_.cdata();
  if (stream_.got_text() && !ends_whole(bytes)) {
    buffer_.consume(bytes.size());
    close(protocol::close_code::bad_payload,
          reason(protocol::close_code::bad_payload));
    read();
    return;
  }
  ++unhandled_messages_;
  unhandled_bytes_ += bytes.size();
  if (reader_)
    caf::anon_send(
        reader_,
        actors::inbound{{static_cast<const char*>(bytes.data()), bytes.size()},
                        stream_.got_text()});
  buffer_.consume(bytes.size());
  if (buffer_.capacity() > kept_buffer_bytes)
    buffer_.shrink_to_fit();
  read();
}

void session::handled(std::size_t messages, std::size_t bytes) {
  unhandled_messages_ -= static_cast<std::uint32_t>(messages);
  unhandled_bytes_ -= bytes;
  read();
}

/// What was read and not yet handled is bounded: beyond, TCP slows the client.
bool session::window_open() const {
  return unhandled_messages_ < config_.limits.inbound_messages
         && unhandled_bytes_ <= config_.limits.unsent_bytes;
}

bool session::heard() {
  return stream_.next_layer().heard();
}

// -- sending ------------------------------------------------------------------

std::shared_ptr<outbox> session::out() {
  return std::static_pointer_cast<session>(shared_from_this());
}

void session::ping() {
  static const slice frame = ws::make_frame(ws::opcode::ping, {});
  push(frame);
}

void session::run() {
  flush();
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
    auto fd = stream_.next_layer().socket().native_handle();
    const auto& first = ranges[0];
    if (auto* batch = home_.batch(); batch != nullptr && used == 1) {
      in_batch_ = true;
      batch->add(*this, fd,
                 {static_cast<const char*>(first.iov_base), first.iov_len});
      return;
    }
    msghdr what{};
    what.msg_iov = ranges.data();
    what.msg_iovlen = used;
    // `send` is cheaper than `sendmsg` by the copying of its header.
    auto taken = used == 1 ? ::send(fd, first.iov_base, first.iov_len,
                                    MSG_NOSIGNAL | MSG_DONTWAIT)
                           : ::sendmsg(fd, &what, MSG_NOSIGNAL | MSG_DONTWAIT);
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
    end_now(true);
    return false;
  }
  sent(static_cast<std::size_t>(taken));
  if (static_cast<std::size_t>(taken) < gathered_)
    wait_until_writable();
  return true;
}

void session::on_sent(long taken) {
  in_batch_ = false;
  if (!gone_ && took(taken) && (!empty() || closing_ || lingering_))
    flush();
}

void session::wait_until_writable() {
  set_blocked(true);
  if (gone_)
    return;
  stream_.next_layer().socket().async_wait(
      tcp_socket::wait_write, [self = shared_from_this()](error_code failed) {
        self->set_blocked(false);
        if (!failed)
          self->home_.sends().add(*self);
      });
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
  goodbye_.code = static_cast<std::uint16_t>(code);
  reason = reason.substr(0, goodbye_.reason.max_size());
  goodbye_.reason.assign(reason.data(), reason.size());
  until_gone_ = shared_from_this();
  // At the turn's end: by then the rooms have handed over what came before.
  home_.sends().add(*this);
  home_.timers().at(home_.now() + config_.net.close_timeout, deadline_,
                    [this] { abort(); });
}

void session::say_goodbye() {
  said_goodbye_ = true;
  if (gone_ || lingering_)
    return;
  seal();
  stream_.async_close(goodbye_, [self = shared_from_this()](error_code) {
    // With a read under way, that one reports the end.
    if (!self->reading_) {
      self->tell_closed(websocket::error::closed, false);
      self->linger();
    }
  });
}

/// Tells the actor, once; it ends.
void session::tell_closed(error_code why, bool by_client) {
  if (!reader_)
    return;
  auto how = describe(why, stream_.reason());
  how.by_client = by_client;
  caf::anon_send(std::exchange(reader_, {}), std::move(how));
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
  if (!empty() || shut_down_)
    return; // `flush` comes back when all is sent.
  shut_down_ = true;
  error_code ignored;
  stream_.next_layer().socket().shutdown(tcp_socket::shutdown_send, ignored);
  discard();
}

/// Reads until the client has closed its side too.
void session::discard() {
  if (gone_)
    return;
  buffer_.clear();
  stream_.next_layer().socket().async_read_some(
      buffer_.prepare(1024),
      [self = shared_from_this()](error_code failed, std::size_t) {
        if (failed)
          self->let_go();
        else
          self->discard();
      });
}

void session::abort() {
  end_now(false);
}

void session::end_now(bool by_client) {
  auto self = weak_from_this().lock(); // Letting go may drop the last owner.
  let_go();
  tell_closed(asio::error::operation_aborted, by_client);
}

void session::let_go() {
  if (std::exchange(gone_, true))
    return;
  auto self = std::exchange(until_gone_, {});
  deadline_.cancel();
  tell_taken();
  shut();
  error_code ignored;
  stream_.next_layer().socket().close(ignored);
}

void session::tell_taken() {
  if (auto taken = std::exchange(taken_, nullptr))
    taken();
}

} // namespace greenroom::net
