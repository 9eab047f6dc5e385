#include "net/io_loop.hpp"

#include <future>
#include <optional>
#include <thread>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/resumable.hpp>

#include "tests/support/catch.hpp"
#include "tests/support/manual_loop.hpp"

using namespace greenroom;
using namespace std::chrono_literals;

namespace {

/// What a loop has to do with Asio: nothing, nothing at the moment, or it waits
/// for something that does not come.
enum class asio_is { absent, idle, waiting };

/// A loop on a thread of its own.
class running {
public:
  explicit running(asio_is what) : loop_(system_, 0, false) {
    if (what != asio_is::absent)
      timer_.emplace(loop_.io(), 1h);
    if (what == asio_is::waiting)
      timer_->async_wait([](boost::system::error_code) {});
    thread_ = std::thread{[this] {
      loop_.run();
    }};
  }
  ~running() {
    loop_.stop();
    thread_.join();
  }

  net::io_loop& operator*() { return loop_; }

private:
  test::quiet_system system_;
  net::io_loop loop_;
  std::optional<boost::asio::steady_timer> timer_;
  std::thread thread_;
};

template <class Result>
bool came(std::future<Result>& what) {
  return what.wait_for(10s) == std::future_status::ready;
}

} // namespace

TEST_CASE("a call from another thread runs on the loop's, in order") {
  running loop{GENERATE(asio_is::absent, asio_is::idle, asio_is::waiting)};
  std::promise<std::vector<int>> done;
  auto result = done.get_future();
  std::vector<int> order;
  bool own_thread = true;
  for (int i = 0; i < 100; ++i)
    (*loop).call([&, i] {
      order.push_back(i);
      own_thread = own_thread && (*loop).is_own_thread();
      if (i == 99)
        done.set_value(order);
    });
  REQUIRE(came(result));
  CHECK(own_thread);
  auto got = result.get();
  CHECK(got.size() == 100);
  CHECK(std::is_sorted(got.begin(), got.end()));
}

TEST_CASE("a loop that waits wakes up for its timers") {
  running loop{GENERATE(asio_is::absent, asio_is::idle, asio_is::waiting)};
  std::promise<void> fired;
  auto result = fired.get_future();
  timer_queue::timer timer;
  auto began = std::chrono::steady_clock::now();
  (*loop).call([&] {
    (*loop).timers().at((*loop).now() + 5ms, timer, [&] { fired.set_value(); });
  });
  REQUIRE(came(result));
  CHECK(std::chrono::steady_clock::now() - began >= 5ms);
}

TEST_CASE("a loop runs what it gives Asio to do") {
  running loop{GENERATE(asio_is::idle, asio_is::waiting)};
  auto& io = (*loop).io();
  SECTION("at once") {
    std::promise<void> ran;
    auto result = ran.get_future();
    (*loop).call([&] { boost::asio::post(io, [&] { ran.set_value(); }); });
    CHECK(came(result));
  }
  SECTION("after a wait, and waits for sockets meanwhile") {
    std::promise<void> ran;
    std::promise<void> called;
    auto result = ran.get_future();
    auto meanwhile = called.get_future();
    boost::asio::steady_timer timer{io};
    (*loop).call([&] {
      timer.expires_after(50ms);
      timer.async_wait([&](boost::system::error_code) { ran.set_value(); });
    });
    (*loop).call([&] { called.set_value(); });
    CHECK(came(meanwhile));
    CHECK(came(result));
  }
}

TEST_CASE("an actor that another thread schedules wakes a waiting loop") {
  struct once final : caf::resumable {
    resume_result resume(caf::execution_unit*, std::size_t) override {
      ran.set_value();
      return awaiting_message;
    }
    void intrusive_ptr_add_ref_impl() override {}
    void intrusive_ptr_release_impl() override {}
    std::promise<void> ran;
  };
  once first;
  once second;
  auto first_ran = first.ran.get_future();
  auto second_ran = second.ran.get_future();
  running loop{GENERATE(asio_is::absent, asio_is::idle, asio_is::waiting)};
  (*loop).exec_later(&first);
  REQUIRE(came(first_ran));
  (*loop).exec_later(&second); // By now it waits again, or is about to.
  CHECK(came(second_ran));
}
