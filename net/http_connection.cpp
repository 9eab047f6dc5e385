#include "net/http_connection.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <sstream>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/write.hpp>

#include "core/crash.hpp"
#include "core/events.hpp"
#include "core/fault_point.hpp"
#include "core/loop_counters.hpp"
#include "net/admin_token.hpp"
#include "net/page.hpp"
#include "net/session.hpp"
#include "net/would_block.hpp"

namespace greenroom::net {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

/// On one connection that is not upgraded: bounds what one read can ask for,
/// and how long somebody can keep a place among `limits.handshakes`.
constexpr std::uint32_t requests_max = 100;

/// A few scrapers, a few people, probes; a flood of others costs no more.
constexpr std::uint32_t admin_sockets_max = 64;

} // namespace

std::uint32_t http_services::sockets_max() const {
  return admin ? std::min(admin_sockets_max, config->limits.handshakes)
               : config->limits.handshakes;
}

http_connection::http_connection(io_loop& home, unique_fd socket,
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
  until_done_ = shared_from_this();
  expect_head();
  // On a busy loop the request has come while its client waited to be accepted:
  // then the poller need not know of the socket before it is a session's.
  read();
  watch();
}

void http_connection::watch() {
  if (!socket_)
    return;
  auto wanted = out_.empty() ? poller::reads : poller::writes;
  if (polled_ && wanted == watched_)
    return;
  watched_ = wanted;
  if (polled_) // So this cannot fail.
    (void)home_.sockets().change(socket_.get(), *this, wanted);
  else if (home_.sockets().add(socket_.get(), *this, wanted))
    polled_ = true;
  else
    give_up(); // No memory.
}

// -- reading ------------------------------------------------------------------

void http_connection::expect_head() {
  const auto& limits = services_->config->limits;
  head_bytes_ = 0;
  ++requests_;
  parser_.emplace();
  parser_->header_limit(limits.handshake_bytes);
  parser_->body_limit(0); // No route takes a body.
  home_.timers().at(home_.now() + limits.handshake_timeout, deadline_,
                    [this] { on_timeout(); });
}

void http_connection::on_readable() {
  auto self = shared_from_this(); // What comes may end it.
  read();
  watch();
}

void http_connection::read() {
  auto buffer = home_.read_buffer();
  auto got = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0 && would_block(errno))
    return;
  if (got < 0) {
    give_up();
    return;
  }
  if (got == 0)
    on_end();
  else if (!lingering_)
    in_.append(buffer.data(), static_cast<std::size_t>(got));
  work();
}

/// Answers what is there, request by request.
void http_connection::work() {
  while (socket_ && out_.empty() && !lingering_ && read_head())
    route();
}

/// False: the head is not whole, or is refused.
bool http_connection::read_head() {
  if (in_.empty())
    return false;
  error_code failed;
  auto used = parser_->put(boost::asio::buffer(in_), failed);
  in_.erase(0, used);
  head_bytes_ += used;
  // Beast holds its limit against what one call is given, which may be less
  // than the head.
  auto unfinished = parser_->is_header_done() ? 0 : in_.size();
  if (head_bytes_ + unfinished > services_->config->limits.handshake_bytes)
    failed = http::error::header_limit;
  if (failed && failed != http::error::need_more)
    refuse_head(failed);
  return !failed && parser_->is_header_done();
}

bool http_connection::has_begun() const {
  return !in_.empty() || parser_->got_some();
}

void http_connection::on_end() {
  if (lingering_ || !has_begun()) {
    give_up();
    return;
  }
  in_.clear();
  refuse_head(http::error::partial_message);
}

void http_connection::refuse_head(error_code why) {
  if (why == http::error::header_limit)
    refuse({431, "the request head is too large (limits.handshake-bytes)"});
  else
    refuse({400, "not a valid HTTP request: " + why.message()});
}

void http_connection::on_timeout() {
  auto self = shared_from_this();
  // Who does not read its answer, or has said nothing (an idle kept
  // connection), is simply left; who has begun hears why.
  if (lingering_ || !out_.empty() || !has_begun())
    give_up();
  else
    refuse({408, "the request took too long (limits.handshake-timeout)"});
  watch();
}

void http_connection::on_broken() {
  auto self = shared_from_this();
  give_up();
}

void http_connection::start_safely() {
  auto self = shared_from_this();
  try {
    start();
  } catch (...) {
    on_crash();
  }
}

void http_connection::on_crash() {
  tell_crash("http");
  on_broken();
}

// -- routes -------------------------------------------------------------------

void http_connection::route() {
  fault_point("http.route", [this] {
    auto target = parser_->get().target();
    return std::string_view{target.data(), target.size()};
  });
  const auto& head = parser_->get();
  auto read = read_target(head.target());
  if (auto* why = std::get_if<refused>(&read)) {
    refuse(*why);
    return;
  }
  const auto& at = std::get<target>(read);
  if (services_->admin) {
    route_admin(at);
    return;
  }
  if (at.path == "/ws" || at.path == "/relay") {
    route_upgrade(at);
    return;
  }
  if (tell_health(at))
    return;
  if (at.path != "/" || !services_->config->demo.page) {
    refuse({404, "nothing is here"});
    return;
  }
  if (is_plain_read()) {
    auto what =
        answer(200, std::string{demo_page()}, "text/html; charset=utf-8");
    what.set("Content-Security-Policy",
             "default-src 'none'; style-src 'unsafe-inline'; "
             "script-src 'unsafe-inline'; img-src data:; "
             "connect-src 'self' ws: wss:; base-uri 'none'; "
             "form-action 'none'; frame-ancestors 'none'");
    send(std::move(what));
  }
}

/// False: the path is another one.
bool http_connection::tell_health(const target& at) {
  if (at.path != "/healthz" && at.path != "/readyz")
    return false;
  if (is_plain_read()) {
    auto why =
        at.path == "/readyz" ? services_->not_ready() : services_->not_alive();
    send(why.empty() ? answer(200, "ok\n") : answer(503, why + "\n"));
  }
  return true;
}

/// False: it is another method, and was answered.
bool http_connection::is_plain_read() {
  const auto& head = parser_->get();
  if (head.method == http::verb::get || head.method == http::verb::head)
    return true;
  auto what = answer(405, "only GET and HEAD\n");
  what.set(http::field::allow, "GET, HEAD");
  send(std::move(what));
  return false;
}

/// Who has no token does not hear either what there is.
void http_connection::route_admin(const target& at) {
  if (!is_operator() || tell_health(at) || !is_plain_read())
    return;
  const auto& admin = *services_->admin;
  if (admin.stream && at.path == admin.stream->path)
    begin_stream(*admin.stream);
  else if (auto found = admin.page(at.path))
    send(answer(std::move(*found)));
  else
    refuse({404, "nothing is here"});
}

http_connection::response http_connection::answer(served page) const {
  auto what = answer(page.moved_to.empty() ? 200 : 308, std::move(page.body),
                     page.type);
  if (!page.moved_to.empty())
    what.set(http::field::location,
             {page.moved_to.data(), page.moved_to.size()});
  if (!page.policy.empty())
    what.set("Content-Security-Policy",
             {page.policy.data(), page.policy.size()});
  return what;
}

/// False: it is none, and was answered.
bool http_connection::is_operator() {
  const auto& admin = *services_->admin;
  const auto& head = parser_->get();
  auto refused_with = [&](unsigned status, std::string_view why) {
    admin.refused(peer_, why);
    refuse({status, std::string{why}});
    return false;
  };
  if (auto why = why_not_from_there(head); !why.empty())
    return refused_with(403, why);
  if (admin.token.empty())
    return is_local_name(head[http::field::host])
           || refused_with(
               421, "without admin.token, only by an address or as localhost");
  auto why = why_not_admin(head, admin.token);
  if (why.empty())
    return true;
  admin.refused(peer_, why);
  auto what = answer(401, std::string{why} + '\n');
  // A line each: browsers look at the first challenge of a line alone.
  what.set(http::field::www_authenticate,
           R"(Basic realm="Greenroom: admin.token as the password")");
  what.insert(http::field::www_authenticate, "Bearer");
  what.keep_alive(false);
  send(std::move(what));
  return false;
}

void http_connection::begin_stream(const stream_place& where) {
  if (auto why = where.why_not(); !why.empty()) {
    counted().streams_refused.add();
    refuse({503, std::string{why}});
    return;
  }
  if (parser_->get().method == http::verb::head) {
    send(answer(200, {}, "text/event-stream"));
    return;
  }
  if (polled_)
    home_.sockets().remove(socket_.get(), *this);
  let_go();
  where.begin(std::move(socket_), std::exchange(done_, nullptr));
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
  hand_on(std::move(std::get<upgrade>(decided)));
}

/// Makes the socket a session, on the loop where the client is to live.
void http_connection::hand_on(upgrade agreed) {
  auto switching = upgrade_response(parser_->get(), agreed);
  agreed.hello.peer = std::move(peer_);
  auto seat = services_->place(agreed.hello, home_.index());
  auto fd = socket_.get();
  // An empty string that had something would take its memory along.
  auto early = in_.empty() ? std::string{} : std::move(in_);
  if (seat.loop == &home_) {
    auto client = std::make_shared<session>(
        home_, std::move(socket_), std::move(early), *services_->config);
    if (polled_)
      client->take_over(*this);
    let_go();
    client->accept(switching, seat.gateway, std::move(agreed.hello),
                   std::exchange(done_, nullptr));
    return;
  }
  if (polled_)
    home_.sockets().remove(fd, *this);
  let_go();
  auto taken = [&home = home_, done = std::exchange(done_, nullptr)] {
    home.call(done);
  };
  auto client = std::make_shared<session>(*seat.loop, std::move(socket_),
                                          std::move(early), *services_->config);
  // Moved: its last owner has to be on its loop.
  seat.loop->call([client = std::move(client), switching = std::move(switching),
                   gateway = std::move(seat.gateway),
                   hello = std::move(agreed.hello),
                   taken = std::move(taken)]() mutable {
    client->accept(switching, gateway, std::move(hello), std::move(taken));
  });
}

// -- answers ------------------------------------------------------------------

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
  what.keep_alive(parser_->is_done() && parser_->keep_alive()
                  && requests_ < requests_max);
  what.set(http::field::content_type, {type.data(), type.size()});
  what.set(http::field::cache_control, "no-store");
  what.set("X-Content-Type-Options", "nosniff");
  what.body() = std::move(body);
  what.prepare_payload();
  return what;
}

void http_connection::send(response what) {
  bool is_head =
      parser_->is_header_done() && parser_->get().method == http::verb::head;
  keep_ = what.keep_alive();
  if (is_head)
    what.body().clear(); // Its length stays, as RFC 9110 section 9.3.2 asks.
  std::ostringstream text;
  text << what;
  out_ = std::move(text).str();
  sent_ = 0;
  home_.timers().at(home_.now() + services_->config->net.close_timeout,
                    deadline_, [this] { on_timeout(); });
  flush();
}

void http_connection::on_writable() {
  auto self = shared_from_this();
  flush();
  work();
  watch();
}

void http_connection::flush() {
  auto taken = ::send(socket_.get(), out_.data() + sent_, out_.size() - sent_,
                      MSG_DONTWAIT | MSG_NOSIGNAL);
  if (taken < 0 && would_block(errno))
    return; // `on_writable` comes back.
  if (taken < 0) {
    give_up();
    return;
  }
  sent_ += static_cast<std::size_t>(taken);
  if (sent_ < out_.size())
    return;
  out_.clear();
  if (keep_)
    expect_head();
  else
    linger();
}

/// Closing at once would reset the connection if the client still sends, and
/// lose the answer on its way. The deadline of `send` goes on.
void http_connection::linger() {
  lingering_ = true;
  std::string{}.swap(in_);
  ::shutdown(socket_.get(), SHUT_WR);
}

void http_connection::give_up() {
  if (!socket_)
    return;
  if (polled_)
    home_.sockets().remove(socket_.get(), *this);
  ::shutdown(socket_.get(), SHUT_RDWR);
  socket_.reset();
  let_go();
}

/// Who called keeps it for as long as it needs it.
void http_connection::let_go() {
  deadline_.cancel();
  until_done_.reset();
}

} // namespace greenroom::net
