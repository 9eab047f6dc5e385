// Server-Sent Events on a real socket, by a loop that runs.

#include "net/event_stream.hpp"

#include <future>
#include <thread>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/catch.hpp"
#include "tests/support/manual_loop.hpp"

using namespace greenroom;
using namespace std::chrono_literals;

namespace {

/// A stream on a loop of its own, and the socket of who reads it.
class streamed {
public:
  streamed() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    reader = unique_fd{ends[0]};
    thread_ = std::thread{[this] {
      loop_.run();
    }};
    on_loop([&] {
      stream_ = std::make_shared<net::event_stream>(
          loop_, unique_fd{ends[1]}, [this] { gone_.set_value(); });
      stream_->start();
    });
  }

  ~streamed() {
    on_loop([&] { stream_.reset(); });
    loop_.stop();
    thread_.join();
  }

  void send(const std::string& data) {
    on_loop([&] { stream_->send(data); });
  }

  /// What has come by the time that `end` has.
  std::string read_until(const std::string& end) {
    std::string all;
    while (all.find(end) == all.npos) {
      pollfd waits{reader.get(), POLLIN, 0};
      REQUIRE(::poll(&waits, 1, 10'000) == 1);
      char buffer[4096];
      auto got = ::read(reader.get(), buffer, sizeof buffer);
      REQUIRE(got > 0);
      all.append(buffer, static_cast<std::size_t>(got));
    }
    return all;
  }

  bool is_gone_soon() {
    return gone_.get_future().wait_for(10s) == std::future_status::ready;
  }

  unique_fd reader;

private:
  void on_loop(const std::function<void()>& what) {
    std::promise<void> done;
    loop_.call([&] {
      what();
      done.set_value();
    });
    done.get_future().wait();
  }

  test::quiet_system system_;
  net::io_loop loop_{system_, 0, false};
  std::shared_ptr<net::event_stream> stream_;
  std::promise<void> gone_;
  std::thread thread_;
};

} // namespace

TEST_CASE("events come behind the head of an answer, in order") {
  streamed its;
  auto head = its.read_until("retry: 1000\n\n");
  CHECK(head.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(head.find("Content-Type: text/event-stream\r\n") != head.npos);
  its.send(R"({"a":1})");
  its.send(R"({"a":2})");
  CHECK(its.read_until("2}\n\n") == "data: {\"a\":1}\n\ndata: {\"a\":2}\n\n");
}

TEST_CASE("what its reader says changes nothing") {
  streamed its;
  its.read_until("retry: 1000\n\n");
  REQUIRE(::write(its.reader.get(), "GET / HTTP/1.1\r\n\r\n", 18) == 18);
  its.send("1");
  CHECK(its.read_until("1\n\n") == "data: 1\n\n");
}

TEST_CASE("a large event comes whole to who reads") {
  streamed its;
  its.read_until("retry: 1000\n\n");
  std::string large(2'000'000, 'x');
  its.send(large);
  its.send("end");
  CHECK(its.read_until("end\n\n") == "data: " + large + "\n\ndata: end\n\n");
}

TEST_CASE("who has gone is told of, and costs nothing more") {
  streamed its;
  its.read_until("retry: 1000\n\n");
  its.reader.reset();
  CHECK(its.is_gone_soon());
  its.send("late");
}

TEST_CASE("who does not read is left, with so much unsent") {
  streamed its;
  std::string large(1'000'000, 'x');
  for (std::size_t sent = 0; sent < 8; ++sent)
    its.send(large);
  CHECK(its.is_gone_soon());
}
