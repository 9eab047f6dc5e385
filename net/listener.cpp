#include "net/listener.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "core/crash.hpp"
#include "core/events.hpp"
#include "net/heap_room.hpp"
#include "net/would_block.hpp"

namespace greenroom::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// Out of file descriptors or memory: trying at once would spin.
constexpr std::chrono::milliseconds accept_pause{100};

/// Then it is the turn of those who are in.
constexpr int accepts_in_a_row = 64;

using reuse_port =
    asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

/// What a client needs of its loop's heap, about, and how many of them the heap
/// grows for at once.
constexpr std::size_t client_bytes = 6 * 1024;
constexpr std::uint32_t clients_per_growth = 16;

std::string describe(const tcp::endpoint& peer) {
  // The library prints the four numbers one by one, as text for C.
  if (peer.address().is_v4()) {
    std::string text;
    for (auto byte : peer.address().to_v4().to_bytes())
      text += std::to_string(byte) += '.';
    text.back() = ':';
    return text += std::to_string(peer.port());
  }
  auto address = peer.address().to_string();
  if (peer.address().is_v6())
    address = '[' + address + ']';
  return address + ':' + std::to_string(peer.port());
}

/// accept(2): what went wrong with one newcomer is no matter of the next one.
bool concerns_newcomer(int error) {
  switch (error) {
  case ECONNABORTED:
  case EINTR:
  case ENETDOWN:
  case EPROTO:
  case ENOPROTOOPT:
  case EHOSTDOWN:
  case ENONET:
  case EHOSTUNREACH:
  case EOPNOTSUPP:
  case ENETUNREACH:
    return true;
  default:
    return false;
  }
}

} // namespace

listener::listener(io_loop& home, unique_fd socket, http_services services)
  : home_(home),
    socket_(std::move(socket)),
    services_(std::make_shared<const http_services>(std::move(services))) {}

/// The loop does not run any more.
listener::~listener() {
  while (!connections_.empty()) {
    auto last = connections_.front().shared_from_this();
    last->abandon();
    connections_.pop_front();
  }
}

void listener::start() {
  watching_ = home_.sockets().add(socket_.get(), *this, poller::reads);
  if (!watching_)
    throw std::system_error{errno, std::generic_category(), "epoll_ctl"};
}

void listener::close() {
  if (!socket_)
    return;
  retry_.cancel();
  home_.sockets().remove(socket_.get(), *this);
  socket_.reset();
  log::emit(events::listener_closed, {{"loop", home_.index()}});
}

bool listener::accepts() const {
  // Beyond the limit, newcomers wait in the kernel's queue.
  return socket_ && !retry_.pending() && handshakes_ < services_->sockets_max();
}

void listener::watch() {
  if (socket_ && watching_ != accepts()) {
    watching_ = !watching_;
    // The socket is known to the poller, so this cannot fail.
    (void)home_.sockets().change(socket_.get(), *this,
                                 watching_ ? poller::reads : 0u);
  }
}

void listener::on_readable() {
  for (int i = 0; i < accepts_in_a_row && accepts(); ++i)
    if (!accept())
      break;
  watch();
}

void listener::on_crash() {
  tell_crash("listener");
  home_.timers().at(home_.now() + accept_pause, retry_, [this] { watch(); });
  watch();
}

/// False: nobody waits, or it has to be tried later.
bool listener::accept() {
  tcp::endpoint peer;
  auto size = static_cast<socklen_t>(peer.capacity());
  unique_fd client{::accept4(socket_.get(), peer.data(), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (client) {
    peer.resize(size);
    take(std::move(client), peer);
    return true;
  }
  if (would_block(errno))
    return false;
  if (!concerns_newcomer(errno)) {
    pause(errno);
    return false;
  }
  return true;
}

void listener::take(unique_fd client, const tcp::endpoint& peer) {
  if (taken_++ % clients_per_growth == 0)
    make_heap_room(clients_per_growth * client_bytes);
  auto done = [weak = weak_from_this()] {
    if (auto self = weak.lock()) {
      --self->handshakes_;
      self->watch();
    }
  };
  auto newcomer = std::make_shared<http_connection>(
      home_, std::move(client), describe(peer), services_, std::move(done));
  ++handshakes_;
  connections_.push_back(*newcomer);
  // What it says is read at once: what that throws is its own matter.
  newcomer->start_safely();
}

void listener::pause(int error) {
  log::emit(events::accept_failed,
            {{"loop", home_.index()},
             {"reason", std::generic_category().message(error)}});
  home_.timers().at(home_.now() + accept_pause, retry_, [this] { watch(); });
}

unique_fd open_listening(tcp::endpoint& at, error_code& error) {
  asio::io_context io;
  tcp::acceptor acceptor{io};
  acceptor.open(at.protocol(), error);
  if (!error)
    acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error)
    acceptor.set_option(reuse_port(true), error);
  if (!error) // Linux hands it on to who is accepted.
    acceptor.set_option(tcp::no_delay(true), error);
  if (!error)
    acceptor.non_blocking(true, error);
  if (!error)
    acceptor.bind(at, error);
  if (!error)
    acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error)
    at = acceptor.local_endpoint(error);
  return error ? unique_fd{} : unique_fd{acceptor.release(error)};
}

error_code probe_port(const tcp::endpoint& at) {
  error_code error;
  asio::io_context io;
  tcp::acceptor probe{io};
  probe.open(at.protocol(), error);
  if (!error)
    probe.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error)
    probe.bind(at, error);
  return error;
}

} // namespace greenroom::net
