#include "core/room_log.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace std::chrono_literals;

TEST_CASE("[P-4.1] messages get offsets without holes, from 1") {
  room_log log{"e", room_settings{}};
  CHECK(log.top() == 0);
  CHECK(log.append("", {}).offset == 1);
  CHECK(log.append("", {}).offset == 2);
  CHECK(log.top() == 2);
}

TEST_CASE("[P-3.4] a key that was seen gives its first offset again") {
  room_log log{"e", room_settings{}};
  auto first = log.append("ann#1", {});
  log.append("ann#2", {});
  auto again = log.append("ann#1", {});
  CHECK(again.duplicate);
  CHECK(again.offset == first.offset);
  CHECK(log.top() == 2);
}

TEST_CASE("[P-3.4] a repeat pushes no other key out") {
  room_settings bounds;
  bounds.dedupe_messages = 1;
  room_log log{"e", bounds};
  log.append("a", {});
  CHECK(log.append("a", {}).duplicate);
  CHECK(log.append("a", {}).duplicate);
  CHECK(log.top() == 1);
}

TEST_CASE("[P-3.4] keys are forgotten after the window, and beyond the count") {
  room_settings bounds;
  bounds.dedupe_messages = 2;
  bounds.dedupe_window = 10s;
  room_log log{"e", bounds};
  log.append("a", steady_time{});
  CHECK(log.append("a", steady_time{} + 9s).duplicate);
  CHECK_FALSE(log.append("a", steady_time{} + 10s).duplicate);
  log.append("b", steady_time{} + 11s);
  log.append("c", steady_time{} + 11s);
  CHECK_FALSE(log.append("a", steady_time{} + 11s).duplicate);
}
