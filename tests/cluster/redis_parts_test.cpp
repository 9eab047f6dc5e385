// The parts of the Redis bus that need no Redis.

#include "cluster/hash_slot.hpp"
#include "cluster/publish_queue.hpp"
#include "cluster/redis_words.hpp"
#include "cluster/subscriptions.hpp"
#include "core/backoff.hpp"
#include "tests/support/catch.hpp"

using greenroom::backoff;
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

TEST_CASE("what is expendable costs nobody else a place") {
  constexpr std::size_t places = 8;
  auto text = [](char of) {
    return std::string(10, of);
  };
  publish_queue queue{places * (sizeof(publish_queue::entry) + 1 + 10)};
  CHECK(queue.push({"m", text('a')}).messages == 0);
  // It is taken up to a quarter.
  CHECK(queue.offer({"r", text('1'), 0}));
  CHECK_FALSE(queue.offer({"r", text('2'), 0}));
  for (char each = 'b'; each < 'h'; ++each)
    CHECK(queue.push({"m", text(each)}).messages == 0);
  REQUIRE(queue.size() == places);
  auto letters = [&](char first, char last) {
    std::string all;
    for (char each = first; each <= last; ++each)
      all += text(each);
    return all;
  };

  SECTION("it is dropped before all others, though it is not the oldest") {
    CHECK(queue.push({"m", text('h')}).messages == 0);
    CHECK(queue.push({"m", text('i')}).messages == 1);
    CHECK(rest(queue) == letters('b', 'i'));
  }
  SECTION("but not on its way, until it waits again") {
    REQUIRE(queue.take() != nullptr);
    REQUIRE(queue.take() != nullptr);
    CHECK(queue.push({"m", text('h')}).messages == 1);
    queue.rewind();
    CHECK(queue.push({"m", text('i')}).messages == 0);
    CHECK(rest(queue) == text('a') + letters('c', 'i'));
  }
  SECTION("also where it has gone elsewhere") {
    auto moved = queue.take_out([](auto) { return true; });
    publish_queue other{places * (sizeof(publish_queue::entry) + 1 + 10)};
    for (auto& each : moved)
      CHECK(other.push(std::move(each)).messages == 0);
    CHECK(other.push({"m", text('h')}).messages == 0);
    CHECK(rest(other) == letters('a', 'h'));
  }
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

namespace {

const auto is_of_d = [](std::uint16_t slot) {
  return slot == hash_slot("d");
};

} // namespace

TEST_CASE("channels take along what was published to them, in order") {
  publish_queue queue{10'000};
  for (auto* bytes : {"1", "2", "3", "4", "5", "6"})
    queue.push({bytes[0] % 2 == 0 ? "d" : "c", bytes});
  queue.take();
  queue.take();
  queue.take();
  std::string taken;
  for (const auto& each : queue.take_out(is_of_d))
    taken += each.bytes;
  CHECK(taken == "246");
  // Three answers are still to come, one of them of what has gone.
  CHECK(queue.on_the_way() == 3);
  CHECK(queue.answered() == 1);
  CHECK(queue.answered() == 0);
  CHECK(queue.answered() == 1);
  CHECK(queue.on_the_way_bytes() == 0);
  CHECK(rest(queue) == "5");
  queue.answered();
  CHECK(queue.size() == 0);
  // Nothing of it takes place any more.
  auto all = 10'000 - sizeof(publish_queue::entry) - 1;
  CHECK(queue.push({"c", std::string(all, 'x')}).messages == 0);
}

TEST_CASE("what has gone elsewhere is not sent again") {
  publish_queue queue{10'000};
  for (auto* channel : {"d", "c", "d"})
    queue.push({channel, channel});
  queue.take();
  queue.take();
  CHECK(queue.take_out(is_of_d).size() == 2);
  queue.rewind();
  CHECK(queue.size() == 1);
  CHECK(rest(queue) == "c");
}

TEST_CASE("channels that go elsewhere leave nothing behind") {
  subscriptions channels;
  for (auto* channel : {"c", "d", "e"}) {
    channels.add(channel);
    channels.sent(channel);
  }
  CHECK(channels.confirmed("c"));
  CHECK(channels.confirmed("d"));
  CHECK(channels.in_force().size() == 2);
  channels.add("f");
  channels.sent("f");
  channels.remove("f"); // Nobody will confirm it any more.
  auto gone = channels.take_out(
      [](std::uint16_t slot) { return slot != hash_slot("c"); });
  CHECK(gone.size() == 2);
  CHECK(channels.size() == 1);
  CHECK(channels.complete());
  // It comes back: what was awaited of it before does not count.
  channels.add("e");
  channels.sent("e");
  CHECK(channels.confirmed("e"));
  channels.add("f");
  channels.sent("f");
  CHECK(channels.confirmed("f"));
}

TEST_CASE("slots are those of Redis") {
  // As CLUSTER KEYSLOT tells.
  CHECK(hash_slot("") == 0);
  CHECK(hash_slot("foo") == 12'182);
  CHECK(hash_slot("bar") == 5'061);
  CHECK(hash_slot("123456789") == 12'739); // 0x31C3, of the specification.
  CHECK(hash_slot("a{bar}b{foo}") == 5'061);
  CHECK(hash_slot("{}{bar}") != 5'061);
  CHECK(hash_slot("foo{}") == hash_slot("foo{}"));
  CHECK(hash_slot("{bar") != 5'061);
  CHECK(hash_slot("x{{bar}}") == hash_slot("{bar"));
  CHECK(hash_slot_of_tag("bar") == 5'061);
  CHECK(hash_slot_of_tag("bar}foo") == 5'061);
}

TEST_CASE("a server of a Redis Cluster says which slot it has not") {
  CHECK(moved_slot("MOVED 3999 127.0.0.1:6381") == 3'999);
  CHECK(moved_slot("MOVED 16383 h:1") == 16'383);
  CHECK_FALSE(moved_slot("MOVED 16384 h:1").has_value());
  CHECK_FALSE(moved_slot("MOVED x").has_value());
  CHECK_FALSE(moved_slot("MOVED ").has_value());
  CHECK_FALSE(moved_slot("ASK 3999 127.0.0.1:6381").has_value());
  CHECK(is_moving("ASK 3999 127.0.0.1:6381"));
  CHECK(is_moving("TRYAGAIN Multiple keys request during rehashing of slot"));
  CHECK_FALSE(is_moving("MOVED 3999 127.0.0.1:6381"));
}
