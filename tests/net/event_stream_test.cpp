// Server-Sent Events on a real socket, by a loop that runs.

#include "net/event_stream.hpp"

#include <algorithm>
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
  explicit streamed(
      std::chrono::milliseconds beat = net::event_stream::beat_every) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    reader = unique_fd{ends[0]};
    thread_ = std::thread{[this] {
      loop_.run();
    }};
    on_loop([&] {
      stream_ = std::make_shared<net::event_stream>(
          loop_, unique_fd{ends[1]}, [this] { gone_.set_value(); }, beat);
      stream_->start();
    });
  }

  ~streamed() {
    on_loop([&] { stream_.reset(); });
    loop_.stop();
    thread_.join();
  }

  void send(const std::string& data) {
    on_loop([&] { stream_->send(net::event_stream::event_of(data)); });
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

  std::size_t unsent() {
    std::size_t bytes = 0;
    on_loop([&] { bytes = stream_->unsent(); });
    return bytes;
  }

  [[nodiscard]] bool is_gone() const {
    return is_gone_.wait_for(0s) == std::future_status::ready;
  }

  bool is_gone_soon() {
    return is_gone_.wait_for(10s) == std::future_status::ready;
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
  std::future<void> is_gone_ = gone_.get_future();
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
  std::string piece(100'000, 'x');
  std::size_t most = 0;
  while (!its.is_gone() && most <= net::event_stream::unsent_bytes_max) {
    most = std::max(most, its.unsent());
    its.send(piece);
  }
  REQUIRE(its.is_gone());
  CHECK(most <= net::event_stream::unsent_bytes_max);
  CHECK(most > net::event_stream::unsent_bytes_max - 2 * piece.size());
}

TEST_CASE("where nothing is sent, a comment is, so that proxies keep it") {
  streamed its{10ms};
  CHECK(its.read_until(": \n\n: \n\n").ends_with(": \n\n"));
  CHECK_FALSE(its.is_gone());
}

TEST_CASE("who takes nothing from one beat to another is left") {
  streamed its{50ms};
  its.send(std::string(1'000'000, 'x'));
  CHECK(its.is_gone_soon());
}
