#include <memory>
#include <thread>

#include "core/loop_counters.hpp"
#include "core/metrics.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace std::chrono_literals;

TEST_CASE("a bucket holds what is at most its bound, and more than the one "
          "before") {
  time_counter times;
  times.observe(50us);
  times.observe(51us);
  times.observe(-1s);
  times.observe(6s);
  CHECK(times.in_bucket(0) == 2);
  CHECK(times.in_bucket(1) == 1);
  CHECK(times.in_bucket(time_counter::size - 1) == 1);
  CHECK(times.sum() == 6'000'101'000);
}

TEST_CASE("a counter takes numbers of any size, and goes down again") {
  counter counts;
  counts.add();
  counts.add(std::uint64_t{1} << 40);
  CHECK(counts.value() == (std::uint64_t{1} << 40) + 1);
  counts.subtract(2);
  CHECK(counts.value() == (std::uint64_t{1} << 40) - 1);
  counts.subtract(std::uint64_t{1} << 40);
  CHECK(counts.value() + 1 == 0);
}

TEST_CASE("one message in 64 is measured, the first among them") {
  loop_counters counts;
  int measured = 0;
  CHECK(counts.samples_message());
  for (int i = 0; i < 640; ++i)
    measured += counts.samples_message() ? 1 : 0;
  CHECK(measured == 10);
}

TEST_CASE("bytes that come on one thread and go on another cancel out") {
  loop_counters one;
  loop_counters other;
  auto run_on = [](loop_counters& counts, auto what) {
    std::thread{[&counts, what] {
      counting::mine = &counts;
      what();
    }}.join();
  };
  auto bytes = std::make_unique<counted_bytes<memory_kind::logs>>();
  run_on(one, [&] { *bytes = 100; });
  run_on(other, [&] { *bytes -= 40; });
  auto sum = [&] {
    return one.of(memory_kind::logs).value()
           + other.of(memory_kind::logs).value();
  };
  CHECK(sum() == 60);
  run_on(other, [&] { bytes.reset(); });
  CHECK(sum() == 0);
}

TEST_CASE("every close code is in a class") {
  CHECK(class_of(1000) == close_class::normal);
  CHECK(class_of(1006) == close_class::lost);
  CHECK(class_of(1009) == close_class::protocol);
  CHECK(class_of(1011) == close_class::internal);
  CHECK(class_of(1013) == close_class::busy);
  CHECK(class_of(4008) == close_class::application);
}

TEST_CASE("metrics are named as Prometheus wants them") {
  for (const auto* each : metrics::all) {
    INFO(each->name);
    CHECK(each->name.ends_with("_total")
          == (each->type == metric_type::counter));
    CHECK(each->meaning.ends_with("."));
    for (const auto* other : metrics::all)
      CHECK((each == other || each->name != other->name));
  }
}
