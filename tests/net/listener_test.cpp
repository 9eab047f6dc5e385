#include "net/listener.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>

#include "tests/support/catch.hpp"

using namespace greenroom::net;
using boost::asio::ip::tcp;

namespace {

tcp::endpoint loopback() {
  return {boost::asio::ip::address_v4::loopback(), 0};
}

} // namespace

TEST_CASE("a listening socket tells its port, and who is accepted sends "
          "without delay") {
  auto at = loopback();
  boost::system::error_code error;
  auto listening = open_listening(at, error);
  REQUIRE(listening);
  CHECK(at.port() != 0);

  boost::asio::io_context io;
  tcp::socket client{io};
  client.connect(at);
  pollfd waits{listening.get(), POLLIN, 0};
  REQUIRE(::poll(&waits, 1, 10'000) == 1);
  greenroom::unique_fd accepted{::accept(listening.get(), nullptr, nullptr)};
  int on = 0;
  socklen_t size = sizeof on;
  REQUIRE(::getsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &on, &size)
          == 0);
  CHECK(on != 0);
}

TEST_CASE("several loops may listen on a port, another program may not") {
  auto at = loopback();
  boost::system::error_code error;
  auto first = open_listening(at, error);
  REQUIRE(first);
  auto second = open_listening(at, error);
  CHECK(second);
  CHECK(probe_port(at) == boost::asio::error::address_in_use);
  first.reset();
  second.reset();
  CHECK_FALSE(probe_port(at));
}
