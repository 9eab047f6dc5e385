// The parts of the Redis bus that need no Redis.

#include "cluster/backoff.hpp"
#include "cluster/publish_queue.hpp"
#include "cluster/subscriptions.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom::cluster;
using namespace std::chrono_literals;

TEST_CASE("pauses grow to a bound and differ") {
  backoff pauses{100ms, 5'000ms, 7};
  auto bound = 100ms;
  bool differ = false;
  auto first = pauses.next();
  CHECK(first <= bound);
  for (int i = 0; i < 200; ++i) {
    bound = std::min(bound * 2, 5'000ms);
    auto pause = pauses.next();
    CHECK(pause >= 0ms);
    CHECK(pause <= bound);
    differ = differ || pause != first;
  }
  CHECK(differ);
  CHECK(pauses.failures() == 201);
  pauses.reset();
  CHECK(pauses.next() <= 100ms);
}

TEST_CASE("the longest settings of pauses do not overflow") {
  backoff pauses{60'000ms, 3'600'000ms, 7};
  for (int i = 0; i < 100; ++i)
    CHECK(pauses.next() <= 3'600'000ms);
}

namespace {

std::string rest(publish_queue& queue) {
  std::string all;
  while (auto* next = queue.take())
    all += next->bytes;
  return all;
}

} // namespace

TEST_CASE("what is published leaves in order") {
  publish_queue queue{10'000};
  for (auto* bytes : {"1", "2", "3"})
    queue.push({"c", bytes});
  CHECK(queue.take()->bytes == "1");
  CHECK(queue.take()->bytes == "2");
  CHECK(queue.on_the_way() == 2);
  queue.answered();
  CHECK(queue.size() == 2);
  CHECK(rest(queue) == "3");
  queue.answered();
  queue.answered();
  queue.answered(); // Never more than there was.
  CHECK(queue.size() == 0);
  CHECK(queue.on_the_way_bytes() == 0);
}

TEST_CASE("what was on its way when a connection broke goes first again") {
  publish_queue queue{10'000};
  for (auto* bytes : {"1", "2", "3", "4"})
    queue.push({"c", bytes});
  queue.take();
  queue.take();
  queue.take();
  queue.answered();
  queue.rewind();
  CHECK(queue.on_the_way_bytes() == 0);
  CHECK(rest(queue) == "234");
}

TEST_CASE("a full queue drops the oldest that is not on its way") {
  auto entry_bytes = sizeof(publish_queue::entry) + 2;
  publish_queue queue{4 * entry_bytes};
  for (auto* bytes : {"1", "2", "3", "4"})
    CHECK(queue.push({"c", bytes}).messages == 0);
  queue.take();
  auto lost = queue.push({"c", "5"});
  CHECK(lost.messages == 1);
  CHECK(lost.bytes == 1);
  queue.rewind();
  CHECK(rest(queue) == "1345");
  // All of it on its way: the new one has no place.
  CHECK(queue.push({"c", "6"}).messages == 1);
  CHECK(queue.size() == 4);
}

TEST_CASE("a message larger than the queue is dropped alone") {
  publish_queue queue{200};
  queue.push({"c", "1"});
  auto lost = queue.push({"c", std::string(1'000, 'x')});
  CHECK(lost.messages == 1);
  CHECK(lost.bytes == 1'000);
  CHECK(rest(queue) == "1");
}

TEST_CASE("a channel is in force by the last confirmation that is due") {
  subscriptions all;
  CHECK(all.complete());
  CHECK(all.add("a"));
  CHECK_FALSE(all.add("a"));
  all.sent("a");
  CHECK(all.remove("a"));
  CHECK(all.add("a"));
  all.sent("a");
  CHECK_FALSE(all.confirmed("a"));
  CHECK_FALSE(all.complete());
  CHECK(all.confirmed("a"));
  CHECK(all.complete());
  CHECK_FALSE(all.confirmed("a"));
  CHECK_FALSE(all.confirmed("b"));
}

TEST_CASE("a channel that was left needs no confirmation") {
  subscriptions all;
  all.add("a");
  all.sent("a");
  all.remove("a");
  CHECK_FALSE(all.remove("a"));
  CHECK(all.complete());
  CHECK_FALSE(all.is_wanted("a"));
  CHECK_FALSE(all.confirmed("a"));
  CHECK(all.wanted().empty());
}

TEST_CASE("after a broken connection every wanted channel is due again") {
  subscriptions all;
  all.add("a");
  all.add("b");
  all.sent("a");
  all.confirmed("a");
  all.sent("b");
  all.remove("b");
  all.lost();
  CHECK_FALSE(all.complete());
  CHECK(all.wanted() == std::vector<std::string_view>{"a"});
  all.sent("a");
  CHECK(all.confirmed("a"));
  CHECK(all.size() == 1);
}
