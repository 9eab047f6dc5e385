#include "net/listener.hpp"

#include <sys/socket.h>

#include "core/events.hpp"

namespace greenroom::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// Out of file descriptors or memory: trying at once would spin.
constexpr std::chrono::milliseconds accept_pause{100};

using reuse_port =
    asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

std::string describe(const tcp::endpoint& peer) {
  auto address = peer.address().to_string();
  if (peer.address().is_v6())
    address = '[' + address + ']';
  return address + ':' + std::to_string(peer.port());
}

} // namespace

listener::listener(io_loop& home, tcp_acceptor acceptor, http_services services)
  : home_(home),
    acceptor_(std::move(acceptor)),
    services_(std::make_shared<const http_services>(std::move(services))) {}

void listener::start() {
  accept();
}

void listener::close() {
  if (std::exchange(closed_, true))
    return;
  retry_.cancel();
  error_code ignored;
  acceptor_.close(ignored);
  log::emit(events::listener_closed, {{"loop", home_.index()}});
}

void listener::accept() {
  // Beyond the limit, newcomers wait in the kernel's queue.
  if (closed_ || accepting_
      || handshakes_ >= services_->config->limits.handshakes)
    return;
  accepting_ = true;
  acceptor_.async_accept(home_.io(),
                         [this](error_code failed, tcp_socket client) {
                           on_accepted(failed, std::move(client));
                         });
}

void listener::on_accepted(error_code failed, tcp_socket client) {
  accepting_ = false;
  if (closed_)
    return;
  error_code gone;
  auto peer = failed ? tcp::endpoint{} : client.remote_endpoint(gone);
  if (failed && failed != asio::error::connection_aborted) {
    log::emit(events::accept_failed,
              {{"loop", home_.index()}, {"reason", failed.message()}});
    pause();
    return;
  }
  if (!failed && !gone) {
    error_code ignored;
    client.set_option(tcp::no_delay(true), ignored);
    client.non_blocking(true, ignored);
    ++handshakes_;
    std::make_shared<http_connection>(home_, std::move(client), describe(peer),
                                      services_,
                                      [weak = weak_from_this()] {
                                        if (auto self = weak.lock()) {
                                          --self->handshakes_;
                                          self->accept();
                                        }
                                      })
        ->start();
  }
  accept();
}

void listener::pause() {
  home_.timers().at(home_.now() + accept_pause, retry_, [this] { accept(); });
}

tcp_acceptor open_acceptor(asio::io_context& io, const tcp::endpoint& at,
                           error_code& error) {
  tcp_acceptor acceptor{io};
  acceptor.open(at.protocol(), error);
  if (!error)
    acceptor.set_option(tcp_acceptor::reuse_address(true), error);
  if (!error)
    acceptor.set_option(reuse_port(true), error);
  if (!error)
    acceptor.bind(at, error);
  if (!error)
    acceptor.listen(asio::socket_base::max_listen_connections, error);
  return acceptor;
}

error_code probe_port(asio::io_context& io, const tcp::endpoint& at) {
  error_code error;
  tcp_acceptor probe{io};
  probe.open(at.protocol(), error);
  if (!error)
    probe.set_option(tcp_acceptor::reuse_address(true), error);
  if (!error)
    probe.bind(at, error);
  return error;
}

} // namespace greenroom::net
