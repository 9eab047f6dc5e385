#include "cluster/slot_map.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cluster/redis_shards.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/resp.hpp"

using namespace greenroom;
using namespace greenroom::cluster;
using namespace greenroom::test;

namespace {

const slot_map::address asked{"asked", 7000};

boost::system::result<slot_map, slot_map_error> read(const std::string& resp) {
  auto reply = read_resp(resp);
  REQUIRE(reply);
  return slot_map::read(redis_reply{*reply}, asked);
}

/// `addresses`: master, replicas.
std::string range(int first, int last,
                  const std::vector<std::pair<std::string, int>>& addresses) {
  auto to = '*' + std::to_string(2 + addresses.size()) + "\r\n:"
            + std::to_string(first) + "\r\n:" + std::to_string(last) + "\r\n";
  for (const auto& [host, port] : addresses)
    to += "*4\r\n$" + std::to_string(host.size()) + "\r\n" + host
          + "\r\n:" + std::to_string(port) + "\r\n$2\r\nid\r\n*0\r\n";
  return to;
}

std::string map_of(const std::vector<std::string>& ranges) {
  auto to = '*' + std::to_string(ranges.size()) + "\r\n";
  for (const auto& each : ranges)
    to += each;
  return to;
}

slot_map good(const std::string& resp) {
  auto found = read(resp);
  REQUIRE(found.has_value());
  return *found;
}

} // namespace

TEST_CASE("a map tells the master of each slot") {
  auto map = good(map_of({range(0, 99, {{"a", 1}, {"r", 2}}),
                          range(100, 16'383, {{"b", 3}}),
                          range(50, 50, {{"b", 3}, {"r", 2}})}));
  REQUIRE(map.masters().size() == 2);
  auto master = [&](std::uint16_t slot) {
    return map.masters()[map.owner(slot)];
  };
  CHECK(master(0) == slot_map::address{"a", 1});
  CHECK(master(99) == slot_map::address{"a", 1});
  CHECK(master(50) == slot_map::address{"b", 3});
  CHECK(master(16'383) == slot_map::address{"b", 3});
  CHECK(map.replicas().size() == 1);
  CHECK(map.missing() == 0);
}

TEST_CASE("slots that nobody has are missing") {
  auto map = good(map_of({range(10, 19, {{"a", 1}})}));
  CHECK(map.missing() == hash_slots - 10);
  CHECK(map.owner(9) == slot_map::nobody);
  map.lose(10);
  CHECK(map.owner(10) == slot_map::nobody);
  CHECK(map.missing() == hash_slots - 9);
}

TEST_CASE("maps differ by what slots have whom, not by the order of telling") {
  auto one = map_of({range(0, 9, {{"a", 1}}), range(10, 19, {{"b", 1}})});
  auto turned = map_of({range(10, 19, {{"b", 1}}), range(0, 9, {{"a", 1}})});
  CHECK(good(one).differences(good(turned)) == 0);
  CHECK(good(one).differences({}) == 20);
  auto other = map_of({range(0, 9, {{"a", 2}}), range(10, 20, {{"b", 1}})});
  CHECK(good(one).differences(good(other)) == 11);
}

TEST_CASE("a node that does not know its address is where it was asked") {
  auto map = good(map_of({range(0, 9, {{"", 7}})}));
  CHECK(map.masters()[0] == slot_map::address{"asked", 7});
  map = good("*1\r\n*3\r\n:0\r\n:9\r\n*2\r\n$-1\r\n:7\r\n");
  CHECK(map.masters()[0] == slot_map::address{"asked", 7});
}

TEST_CASE("a master without an address leaves its slots missing") {
  auto map = good(map_of({range(0, 9, {{"?", 1}, {"r", 1}}),
                          range(10, 19, {{"a", 1}, {"?", 1}})}));
  CHECK(map.masters().size() == 1);
  CHECK(map.replicas().empty());
  CHECK(map.missing() == hash_slots - 10);
  CHECK(read(map_of({range(0, 9, {{"?", 1}})})).error().text
        == "no master has an address");
}

TEST_CASE("what is no map of slots is refused") {
  CHECK(read("-ERR This instance has cluster support disabled\r\n").error().text
        == "ERR This instance has cluster support disabled");
  CHECK(read("*0\r\n").error().text == "no slot has a master");
  CHECK(read("+OK\r\n").error().text == "no slot has a master");
  for (const auto& bad : {
           range(0, 16'384, {{"a", 1}}),
           range(-1, 5, {{"a", 1}}),
           range(9, 8, {{"a", 1}}),
           range(0, 9, {}),
           range(0, 9, {{"a", 0}}),
           range(0, 9, {{"a", 65'536}}),
           std::string{"+x\r\n"},
           std::string{"*3\r\n:0\r\n:9\r\n*1\r\n$1\r\na\r\n"},
           std::string{"*3\r\n:0\r\n:9\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n"},
           std::string{"*3\r\n+0\r\n:9\r\n*2\r\n$1\r\na\r\n:1\r\n"},
       }) {
    INFO(bad);
    CHECK(read(map_of({bad})).error().text == "not a map of slots");
  }
}

TEST_CASE("a map has a bound") {
  std::vector<std::string> ranges;
  for (int i = 0; i < 1'024; ++i)
    ranges.push_back(range(i, i, {{"a", 1 + i}}));
  CHECK(good(map_of(ranges)).masters().size() == slot_map::masters_max);
  ranges.push_back(range(2'000, 2'000, {{"b", 1}}));
  CHECK_FALSE(read(map_of(ranges)).has_value());
}

// -- shards -------------------------------------------------------------------

namespace {

/// What was taken out of which shard.
using load = std::vector<std::pair<std::string, std::uint16_t>>;

struct shard {
  slot_map::address at;
  std::vector<std::string>& ended;
  std::vector<std::uint16_t> slots;

  ~shard() { ended.push_back(at.host); }

  void take_out(const std::function<bool(std::uint16_t)>& which, load& to) {
    for (auto slot : slots)
      if (which(slot))
        to.emplace_back(at.host, slot);
    std::erase_if(slots, which);
  }
};

using shards = redis_shards<shard>;

struct some_shards {
  std::vector<std::string> ended;
  load moving;

  std::unique_ptr<shard> make(const slot_map::address& at) {
    return std::unique_ptr<shard>{new shard{at, ended, {}}};
  }
  shards all{make({"nowhere", 1}), [this](const slot_map::address& at) {
               return make(at);
             }};
};

} // namespace

TEST_CASE("of one server, everything is there") {
  some_shards some;
  shards one{some.make({})};
  CHECK_FALSE(one.is_cluster());
  CHECK(&one.of("foo") == &one.first());
  CHECK(&one.of_tag("bar") == &one.first());
  CHECK(one.find("foo") == &one.first());
}

TEST_CASE("shards are made when they are needed, and stay while they are "
          "masters") {
  some_shards some;
  auto& [ended, moving, all] = some;
  auto foo = hash_slot("foo");
  auto bar = hash_slot("bar");
  CHECK(&all.of("foo") == &all.first()); // There is no map yet.
  CHECK(all.find("foo") == &all.first());
  all.first().slots = {foo};
  auto first = good(
      map_of({range(0, 9'999, {{"a", 1}}), range(10'000, 16'383, {{"b", 1}})}));
  CHECK(all.update(first, moving));
  CHECK(std::exchange(moving, {}) == load{{"nowhere", foo}});
  CHECK_FALSE(all.update(first, moving)); // As it was.
  CHECK(all.find("bar") == nullptr);
  auto* with_foo = &all.of("foo");
  CHECK(with_foo->at.host == "b");
  CHECK(all.find("foo") == with_foo);
  CHECK(&all.of_tag("foo") == with_foo);
  CHECK(all.of("bar").at.host == "a");
  int count = 0;
  all.each([&](shard&) { ++count; });
  CHECK(count == 3);

  // A slot that went is nowhere until there is a map.
  with_foo->slots = {foo, 16'000};
  all.of("bar").slots = {bar};
  CHECK_FALSE(all.lose(foo, all.of("bar"), moving)); // It had it before.
  CHECK(&all.of("foo") == with_foo);
  CHECK(all.lose(foo, *with_foo, moving));
  CHECK_FALSE(all.lose(foo, *with_foo, moving));
  CHECK(std::exchange(moving, {}) == load{{"b", foo}});
  CHECK(&all.of("foo") == &all.first());
  CHECK(all.is_nowhere(all.of("foo")));

  // Told in another order; `a` has gone.
  CHECK(ended.empty());
  CHECK(all.update(
      good(map_of({range(0, 99, {{"c", 1}}), range(100, 16'383, {{"b", 1}})})),
      moving));
  CHECK(ended == std::vector<std::string>{"a"});
  CHECK(moving == load{{"a", bar}});
  CHECK(&all.of("foo") == with_foo);
  CHECK(&all.of("bar") == with_foo);
}

TEST_CASE("all who have the same map find the same name on a master") {
  some_shards some;
  auto& all = some.all;
  CHECK(all.name_within("tops:", {"a", 1}).empty());
  CHECK(all.update(good(map_of({range(0, 5'000, {{"a", 1}}),
                                range(5'001, 16'383, {{"b", 1}})})),
                   some.moving));
  for (const auto* host : {"a", "b"}) {
    auto name = all.name_within("tops:", {host, 1});
    CHECK(name.starts_with("tops:"));
    CHECK(all.of(name).at.host == host);
    CHECK(name == all.name_within("tops:", {host, 1}));
  }
  CHECK(all.name_within("tops:", {"c", 1}).empty());
}
