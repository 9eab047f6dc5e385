#include "net/http_connection.hpp"

#include <utility>

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "core/events.hpp"
#include "net/page.hpp"
#include "net/session.hpp"

namespace greenroom::net {

namespace http = boost::beast::http;
using boost::system::error_code;

http_connection::http_connection(io_loop& home, tcp_socket socket,
                                 std::string peer,
                                 std::shared_ptr<const http_services> services,
                                 std::function<void()> done)
  : home_(home),
    socket_(std::move(socket)),
    peer_(std::move(peer)),
    services_(std::move(services)),
    done_(std::move(done)) {}

http_connection::~http_connection() {
  if (done_)
    done_();
}

void http_connection::start() {
  read_head();
}

void http_connection::read_head() {
  const auto& limits = services_->config->limits;
  parser_.emplace();
  parser_->header_limit(limits.handshake_bytes);
  parser_->body_limit(0); // No route takes a body.
  home_.timers().at(home_.now() + limits.handshake_timeout, deadline_,
                    [this] { on_timeout(); });
  http::async_read_header(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](error_code failed, std::size_t) {
        self->on_head(failed);
      });
}

void http_connection::on_timeout() {
  // Who has said nothing (an idle kept connection) is simply left; who has
  // begun hears why.
  timed_out_ = true;
  auto self = shared_from_this();
  if (!parser_->got_some() && buffer_.size() == 0) {
    give_up();
    return;
  }
  error_code ignored;
  socket_.cancel(ignored); // `on_head` goes on.
}

void http_connection::on_head(error_code failed) {
  deadline_.cancel();
  if (timed_out_) {
    if (socket_.is_open())
      refuse({408, "the request took too long (limits.handshake-timeout)"});
    return;
  }
  static const auto& http_errors =
      http::make_error_code(http::error::bad_value).category();
  if (!failed)
    route();
  else if (failed == http::error::header_limit
           || failed == http::error::buffer_overflow)
    refuse({431, "the request head is too large (limits.handshake-bytes)"});
  else if (failed == http::error::end_of_stream
           || failed.category() != http_errors)
    give_up();
  else
    refuse({400, "not a valid HTTP request: " + failed.message()});
}

void http_connection::route() {
  const auto& head = parser_->get();
  auto read = read_target({head.target().data(), head.target().size()});
  if (auto* why = std::get_if<refused>(&read)) {
    refuse(*why);
    return;
  }
  const auto& at = std::get<target>(read);
  if (at.path == "/ws" || at.path == "/relay") {
    route_upgrade(at);
    return;
  }
  bool known = at.path == "/healthz" || at.path == "/readyz"
               || (at.path == "/" && services_->config->demo.page);
  if (!known) {
    refuse({404, "nothing is here"});
    return;
  }
  if (head.method() != http::verb::get && head.method() != http::verb::head) {
    auto what = answer(405, "only GET and HEAD\n");
    what.set(http::field::allow, "GET, HEAD");
    send(std::move(what));
    return;
  }
  if (at.path == "/") {
    auto what =
        answer(200, std::string{demo_page()}, "text/html; charset=utf-8");
    what.set("Content-Security-Policy",
             "default-src 'none'; style-src 'unsafe-inline'; "
             "script-src 'unsafe-inline'; img-src data:; "
             "connect-src 'self' ws: wss:; base-uri 'none'; "
             "form-action 'none'; frame-ancestors 'none'");
    send(std::move(what));
    return;
  }
  auto why = at.path == "/readyz" ? services_->not_ready() : std::string{};
  send(why.empty() ? answer(200, "ok\n") : answer(503, why + "\n"));
}

void http_connection::route_upgrade(const target& at) {
  if (!parser_->is_done()) {
    refuse({400, "a handshake has no body"});
    return;
  }
  auto decided = read_handshake(parser_->get(), at, *services_->config);
  if (auto* why = std::get_if<refused>(&decided)) {
    log::emit(
        events::handshake_refused,
        {{"peer", peer_}, {"status", why->status}, {"reason", why->text}});
    refuse(*why);
    return;
  }
  auto& agreed = std::get<upgrade>(decided);
  agreed.hello.peer = peer_;
  auto client = std::make_shared<session>(
      home_, std::move(socket_),
      boost::beast::buffers_to_string(buffer_.data()), *services_->config);
  client->accept(upgrade_response(parser_->get(), agreed.subprotocol),
                 services_->gateway, std::move(agreed.hello),
                 std::exchange(done_, nullptr));
}

void http_connection::refuse(const refused& why) {
  auto what = answer(why.status, why.text + "\n");
  if (why.status == 426) {
    what.set(http::field::sec_websocket_version, "13");
    what.set(http::field::upgrade, "websocket");
    what.set(http::field::connection, "Upgrade, close");
  } else {
    what.keep_alive(false);
  }
  send(std::move(what));
}

http_connection::response http_connection::answer(unsigned status,
                                                  std::string body,
                                                  std::string_view type) const {
  response what;
  what.result(status);
  what.version(11);
  what.keep_alive(parser_->is_done() && parser_->get().keep_alive());
  what.set(http::field::content_type, {type.data(), type.size()});
  what.set(http::field::cache_control, "no-store");
  what.set("X-Content-Type-Options", "nosniff");
  what.body() = std::move(body);
  what.prepare_payload();
  return what;
}

void http_connection::send(response what) {
  bool is_head =
      parser_->is_header_done() && parser_->get().method() == http::verb::head;
  bool keep = what.keep_alive();
  if (is_head)
    what.body().clear(); // Its length stays, as RFC 9110 section 9.3.2 asks.
  auto kept = std::make_shared<response>(std::move(what));
  // Who does not read its answer is left.
  home_.timers().at(home_.now() + services_->config->net.close_timeout,
                    deadline_, [this] { give_up(); });
  http::async_write(
      socket_, *kept,
      [self = shared_from_this(), kept, keep](error_code failed, std::size_t) {
        if (!failed && keep)
          self->read_head();
        else
          self->give_up();
      });
}

void http_connection::give_up() {
  deadline_.cancel();
  error_code ignored;
  socket_.shutdown(tcp_socket::shutdown_both, ignored);
  socket_.close(ignored);
}

} // namespace greenroom::net
