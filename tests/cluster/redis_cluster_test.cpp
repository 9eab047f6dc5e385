// The bus and the store on a Redis Cluster.

#include <algorithm>
#include <string>
#include <vector>

#include "core/events.hpp"
#include "tests/cluster/moving_redis.hpp"
#include "tests/conformance/state_suite.hpp"
#include "tests/conformance/store_suite.hpp"
#include "tests/support/logged.hpp"
#include "tests/support/redis_cluster.hpp"

using namespace greenroom;
using namespace greenroom::test;
using namespace std::chrono_literals;

namespace {

int count_in(const std::string& text, const std::string& word) {
  int count = 0;
  for (auto at = text.find(word); at != std::string::npos;
       at = text.find(word, at + 1))
    ++count;
  return count;
}

/// By what a server tells of its commands.
int calls_of(const std::string& command, const std::string& told) {
  auto begin = "cmdstat_" + command + ":calls=";
  auto at = told.find(begin);
  return at == std::string::npos ? 0
                                 : std::stoi(told.substr(at + begin.size()));
}

/// Of each of three shards one: a name between `begin` and `end`, as a channel
/// or in a tag.
std::vector<std::string> one_of_each(const redis_cluster& in,
                                     const std::string& begin,
                                     const std::string& end = {}) {
  std::vector<std::string> to(3);
  for (int i = 0; std::ranges::count(to, std::string{}) > 0; ++i) {
    auto number = std::to_string(i);
    to[in.shard_of(begin + number + end)] =
        end.empty() ? begin + number : number;
  }
  return to;
}

std::vector<std::string> heard_in(const bus_user& who,
                                  const std::string& channel) {
  std::vector<std::string> to;
  std::ranges::copy_if(who.got, std::back_inserter(to), [&](const auto& each) {
    return each.starts_with(channel + '=');
  });
  return to;
}

template <class... Users>
bool subscribed(buses& in, const std::vector<std::string>& channels,
                Users&... users) {
  return in.until([&] {
    return std::ranges::all_of(channels, [&](const auto& each) {
      return (users.is->is_subscribed(each) && ...);
    });
  });
}

bool well(buses& in, const std::string& channel, bus_user& from, bus_user& to) {
  static int number = 0;
  auto text = "well " + std::to_string(++number);
  from.is->publish(channel, text);
  return in.until([&] { return to.has(channel + '=' + text); });
}

/// For the tests that leave their servers as they were.
redis_cluster& three_servers() {
  static redis_cluster servers;
  return servers;
}

/// One server that has all slots. It is away when it is killed, and knows after
/// a restart who it was.
struct one_master_world final : bus_world {
  one_master_world() { restore(); }
  std::unique_ptr<cluster::bus> connect(std::size_t queue_bytes) override {
    return in.is.connect(queue_bytes);
  }
  void fail() override { server().kill(); }
  void restore() override {
    if (!server().is_running())
      server().start();
    redis_cluster::wait([] { return servers().is_well(); }, "it is not well");
  }
  void turn() override { in.is.turn(); }

  static redis_cluster& servers() {
    static redis_cluster one{1};
    return one;
  }
  static redis_server& server() { return servers().node(0); }

  buses in{servers().url()};
};

} // namespace

// -- the bus ------------------------------------------------------------------

TEST_CASE("a bus over a Redis Cluster is a bus") {
  bus_suite([] { return std::make_unique<one_master_world>(); });
}

TEST_CASE("a bus goes over all shards, in order") {
  auto& servers = three_servers();
  buses in{servers.url()};
  auto channels = one_of_each(servers, "c");
  bus_user ann{in.is, channels};
  bus_user bob{in.is, channels};
  REQUIRE(subscribed(in, channels, ann, bob));
  for (int i = 100; i < 200; ++i)
    for (const auto& channel : channels)
      ann.is->publish(channel, std::to_string(i));
  REQUIRE(in.until([&] { return bob.got.size() == 300; }));
  for (const auto& channel : channels) {
    auto heard = heard_in(bob, channel);
    CHECK(heard.size() == 100);
    CHECK(std::ranges::is_sorted(heard));
  }
  // To each shard two connections of each, and nothing to other shards.
  for (std::size_t i = 0; i < 3; ++i) {
    auto list = servers.ask(i, {"CLIENT", "LIST"});
    CHECK(count_in(list, ":publish ") == 2);
    CHECK(count_in(list, ":subscribe ") == 2);
  }
  CHECK(ann.ups == 1);
  CHECK(ann.lost.empty());
}

TEST_CASE("a bus connects to the shards that it needs, and no other") {
  auto& servers = three_servers();
  buses in{servers.url()};
  auto channels = one_of_each(servers, "c");
  bus_user ann{in.is, {channels[1]}};
  REQUIRE(subscribed(in, {channels[1]}, ann));
  auto connected = [&](std::size_t i) {
    return count_in(servers.ask(i, {"CLIENT", "LIST"}), ":publish ");
  };
  CHECK(connected(0) == 0);
  CHECK(connected(1) == 1);
  CHECK(connected(2) == 0);
  ann.is->publish(channels[2], "to nobody here");
  REQUIRE(in.until([&] { return connected(2) == 1; }));
}

TEST_CASE("a bus finds a Redis Cluster by any node that is there") {
  auto& servers = three_servers();
  auto nobody = "127.0.0.1:" + std::to_string(free_port());
  buses in{"redis+cluster://" + nobody + ',' + servers.address(2)};
  bus_user ann{in.is, {"all"}};
  REQUIRE(subscribed(in, {"all"}, ann));
  CHECK(crosses(in, ann, ann, "x"));
}

TEST_CASE("a Redis that is no cluster is told as such") {
  redis_server alone;
  buses in{"redis+cluster://127.0.0.1:" + std::to_string(alone.port())};
  logged down{events::bus_down};
  bus_user ann{in.is, {"all"}};
  REQUIRE(in.until([&] { return ann.downs > 0; }));
  CHECK(ann.reason == "ERR This instance has cluster support disabled");
  CHECK(down.text("reason") == ann.reason);
  CHECK(down.text("link") == "slots");
}

TEST_CASE("a user of a Redis Cluster needs no more than is documented") {
  auto& servers = three_servers();
  for (std::size_t i = 0; i < servers.size(); ++i)
    REQUIRE(servers.ask(i, {"ACL",
                            "SETUSER",
                            "ann",
                            "on",
                            ">pw",
                            "resetkeys",
                            "~greenroom:*",
                            "resetchannels",
                            "&greenroom:*",
                            "-@all",
                            "+ping",
                            "+role",
                            "+cluster|slots",
                            "+cluster|info",
                            "+spublish",
                            "+ssubscribe",
                            "+sunsubscribe",
                            "+info",
                            "+script",
                            "+evalsha",
                            "+@read",
                            "+@write"})
            == "OK");
  auto url = "redis+cluster://ann:pw@" + servers.address(0);
  SECTION("the bus") {
    buses in{url};
    bus_user ann{in.is, {"greenroom:all"}};
    REQUIRE(subscribed(in, {"greenroom:all"}, ann));
    CHECK(well(in, "greenroom:all", ann, ann));
  }
  SECTION("the store") {
    stores in{url};
    shared_user ann{*in.a.is, in.loop, "with rights"};
    shared_user bob{*in.b.is, in.loop, "with rights"};
    REQUIRE(in.open(ann, bob));
    ann.append("x");
    REQUIRE(in.until([&] { return ann.messages == 1 && bob.messages == 1; }));
    CHECK(in.a.is->statistics().failures == 0);
  }
}

TEST_CASE("a failover by plan costs a bus the channels of one shard only") {
  redis_cluster servers{3, 1};
  buses in{servers.url()};
  auto channels = one_of_each(servers, "c");
  bus_user ann{in.is, channels};
  bus_user bob{in.is, channels};
  REQUIRE(subscribed(in, channels, ann, bob));
  CHECK(servers.ask(4, {"CLUSTER", "FAILOVER"}) == "OK");
  REQUIRE(in.until([&] { return !ann.lost.empty() && !bob.lost.empty(); }));
  REQUIRE(subscribed(in, channels, ann, bob));
  for (const auto& channel : channels)
    CHECK(well(in, channel, ann, bob));
  for (const auto* who : {&ann, &bob}) {
    CHECK(who->downs == 0);
    for (const auto& each : who->lost)
      CHECK(each == channels[1]);
  }
  CHECK(count_in(servers.ask(4, {"CLIENT", "LIST"}), ":subscribe ") == 2);
}

TEST_CASE("a bus goes on after the master of a shard was killed, and sends "
          "what was published meanwhile") {
  redis_cluster servers{3, 1};
  buses in{servers.url()};
  auto channels = one_of_each(servers, "c");
  bus_user ann{in.is, channels};
  bus_user bob{in.is, {channels[0], channels[2]}};
  REQUIRE(subscribed(in, channels, ann));
  REQUIRE(subscribed(in, {channels[0], channels[2]}, bob));
  servers.node(0).kill();
  REQUIRE(in.until([&] { return !ann.lost.empty() && !bob.lost.empty(); }));
  // The others are not concerned.
  CHECK(well(in, channels[2], ann, bob));
  for (int i = 10; i < 20; ++i)
    ann.is->publish(channels[0], std::to_string(i));
  // Bob may come over later than they are sent.
  REQUIRE(in.until([&] {
    return calls_of("spublish", servers.ask(3, {"INFO", "commandstats"})) >= 10;
  }));
  CHECK(std::ranges::is_sorted(heard_in(bob, channels[0])));
  REQUIRE(subscribed(in, channels, ann));
  REQUIRE(subscribed(in, {channels[0], channels[2]}, bob));
  for (const auto& channel : {channels[0], channels[2]})
    CHECK(well(in, channel, ann, bob));
  CHECK(ann.downs == 0);
  CHECK(ann.is->stats().dropped == 0);
}

TEST_CASE("channels go with their slot, and what is published goes on in "
          "order") {
  redis_cluster servers;
  buses in{servers.url()};
  logged slots{events::redis_slots};
  auto channels = one_of_each(servers, "c");
  bus_user ann{in.is, channels};
  bus_user bob{in.is, channels};
  REQUIRE(subscribed(in, channels, ann, bob));
  auto slot = cluster::hash_slot(channels[0]);
  int number = 1'000;
  auto publish_some = [&] {
    for (int i = 0; i < 10; ++i)
      ann.is->publish(channels[0], std::to_string(number++));
    in.is.turn();
  };
  for (std::size_t from = 0; from < 3; ++from) {
    auto to = (from + 1) % 3;
    auto lost = ann.lost.size();
    publish_some();
    servers.move(slot, from, to);
    publish_some();
    REQUIRE(in.until([&] {
      publish_some();
      return ann.lost.size() > lost;
    }));
    REQUIRE(subscribed(in, channels, ann, bob));
    publish_some();
    auto last = channels[0] + '=' + std::to_string(number - 1);
    REQUIRE(in.until([&] { return ann.has(last) && bob.has(last); }));
  }
  for (const auto* who : {&ann, &bob}) {
    CHECK(std::ranges::is_sorted(heard_in(*who, channels[0])));
    CHECK(who->downs == 0);
    for (const auto& each : who->lost)
      CHECK(each == channels[0]);
  }
  CHECK(ann.is->stats().dropped == 0);
  CHECK(slots.lines >= 4);
  // It may be left there as anywhere.
  ann.is->unsubscribe(channels[0]);
  REQUIRE(in.until([&] {
    return servers.ask(0, {"PUBSUB", "SHARDNUMSUB", channels[0]})
           == channels[0] + " 1";
  }));
}

TEST_CASE("who comes to a channel whose shard is away is told so") {
  redis_cluster servers{3, 0, {"--cluster-require-full-coverage", "no"}};
  buses in{servers.url()};
  auto channels = one_of_each(servers, "c");
  bus_user ann{in.is, {channels[0]}};
  REQUIRE(subscribed(in, {channels[0]}, ann));
  servers.node(1).kill();
  ann.is->subscribe(channels[1]); // It was never there.
  REQUIRE(in.until([&] { return !ann.lost.empty(); }));
  CHECK(ann.lost.front() == channels[1]);
  auto told = ann.lost.size();
  ann.is->subscribe(channels[1] + "{" + channels[1] + "}");
  REQUIRE(in.until([&] { return ann.lost.size() > told; }));
  CHECK(well(in, channels[0], ann, ann));
  CHECK(ann.downs == 0);
  CHECK(ann.is->is_subscribed(channels[0]));
  servers.node(1).start();
  REQUIRE(subscribed(in, {channels[1]}, ann));
  CHECK(well(in, channels[1], ann, ann));
}

TEST_CASE("a node that says itself that it is cut off is not believed") {
  auto& servers = three_servers();
  redis_server stale{redis_cluster::arguments({})};
  redis_client{stale}({"CLUSTER", "ADDSLOTSRANGE", "0", "16000"});
  auto address = "127.0.0.1:" + std::to_string(stale.port());
  auto channels = one_of_each(servers, "c");
  for (int i = 0; i < 4; ++i) { // It begins with any of the two.
    buses in{"redis+cluster://" + address + ',' + servers.address(0)};
    bus_user ann{in.is, channels};
    REQUIRE(subscribed(in, channels, ann));
    for (const auto& channel : channels)
      CHECK(well(in, channel, ann, ann));
    auto list = redis_client{stale}({"CLIENT", "LIST"});
    CHECK(count_in(list, ":subscribe ") == 0);
  }
}

TEST_CASE("where no node says that the cluster is well, any is believed") {
  redis_cluster servers;
  auto channels = one_of_each(servers, "c");
  servers.node(1).kill();
  servers.node(2).kill();
  redis_cluster::wait(
      [&] {
        return servers.ask(0, {"CLUSTER", "INFO"}).find("cluster_state:fail")
               != std::string::npos;
      },
      "it does not notice");
  buses in{servers.url()};
  bus_user ann{in.is, {channels[0]}};
  REQUIRE(subscribed(in, {channels[0]}, ann));
  CHECK(well(in, channels[0], ann, ann));
}

TEST_CASE("a bus that is closed begins nothing more") {
  redis_cluster servers;
  buses in{servers.url()};
  auto channels = one_of_each(servers, "c");
  bus_user ann{in.is, {channels[0], channels[1]}};
  bus_user bob{in.is, channels};
  REQUIRE(subscribed(in, {channels[0], channels[1]}, ann));
  REQUIRE(subscribed(in, channels, bob));
  servers.node(1).freeze(); // It keeps the bus from closing.
  ann.is->publish(channels[1], "waits");
  in.is.turn();
  bool done = false;
  ann.is->close([&] { done = true; });
  auto got = ann.got.size();
  ann.is->subscribe(channels[2]);
  bob.is->publish(channels[0], "x");
  bob.is->publish(channels[2], "y");
  REQUIRE(in.until([&] {
    return bob.has(channels[0] + "=x") && bob.has(channels[2] + "=y");
  }));
  CHECK_FALSE(done);
  servers.node(1).thaw();
  REQUIRE(in.until([&] { return done; }));
  CHECK(ann.got.size() == got);
  auto list = servers.ask(2, {"CLIENT", "LIST"});
  CHECK(count_in(list, ":subscribe ") == 1);
}

TEST_CASE("who only publishes learns from the answer that a slot has moved") {
  redis_cluster servers;
  buses in{servers.url()};
  bus_user ann{in.is, {}};
  bus_user bob{in.is, {"all"}};
  auto slot = cluster::hash_slot("all");
  auto home = servers.shard_of("all");
  REQUIRE(subscribed(in, {"all"}, bob));
  CHECK(well(in, "all", ann, bob));
  // In one of these at the latest Ann has not just asked who has it.
  for (std::size_t step = 0; step < 3; ++step) {
    auto to = (home + step + 1) % 3;
    servers.move(slot, (home + step) % 3, to);
    REQUIRE(in.until([&] { return bob.lost.size() > step; }));
    REQUIRE(subscribed(in, {"all"}, bob));
    CHECK(well(in, "all", ann, bob)); // Said once.
  }
  CHECK(ann.is->stats().dropped == 0);
}

TEST_CASE("a bus closes behind what it published to all shards") {
  auto& servers = three_servers();
  buses in{servers.url()};
  auto channels = one_of_each(servers, "c");
  bus_user ann{in.is, channels};
  bus_user bob{in.is, channels};
  REQUIRE(subscribed(in, channels, ann, bob));
  for (int i = 0; i < 500; ++i)
    for (const auto& channel : channels)
      ann.is->publish(channel, std::to_string(i));
  bool done = false;
  ann.is->close([&] { done = true; });
  REQUIRE(in.until([&] { return done && bob.got.size() == 1'500; }));
}

// -- the store ----------------------------------------------------------------

namespace {

/// "1=a 2=b", without what else was told.
std::string messages_of(const shared_user& who) {
  std::string to;
  for (std::size_t at = 0; at < who.told.size();) {
    auto end = std::min(who.told.find(' ', at), who.told.size());
    auto word = who.told.substr(at, end - at);
    if (word.find('=') != std::string::npos)
      to += (to.empty() ? "" : " ") + word;
    at = end + 1;
  }
  return to;
}

class redis_cluster_world final : public redis_world {
public:
  redis_cluster_world() {
    for (std::size_t i = 0; i < servers.size(); ++i)
      REQUIRE(servers.ask(i, {"FLUSHALL"}) == "OK");
  }
  ~redis_cluster_world() override { stop(); }
  [[nodiscard]] std::string url() const override { return servers.url(); }

  redis_cluster& servers = three_servers();
};

bool all_accepted(const shared_user& who) {
  return std::ranges::all_of(who.answers, [](const auto& each) {
    return each.is == appended::verdict::accepted;
  });
}

std::string numbered(std::uint64_t first, std::uint64_t last) {
  std::string to;
  for (auto i = first; i <= last; ++i)
    to +=
        (to.empty() ? "" : " ") + std::to_string(i) + "=m" + std::to_string(i);
  return to;
}

} // namespace

TEST_CASE("rooms of all shards have one order on all nodes") {
  auto& servers = three_servers();
  stores in{servers.url()};
  std::vector<std::unique_ptr<shared_user>> users;
  for (const auto& room : one_of_each(servers, "{p:", "}")) {
    users.push_back(std::make_unique<shared_user>(*in.a.is, in.loop, room));
    users.push_back(std::make_unique<shared_user>(*in.b.is, in.loop, room));
  }
  REQUIRE(in.until([&] {
    return std::ranges::all_of(users, [](const auto& each) {
      return each->opened.value_or(false) && each->linked;
    });
  }));
  for (int i = 0; i < 50; ++i)
    for (std::size_t k = 0; k < users.size(); ++k)
      users[k]->append(std::to_string(k) + '.' + std::to_string(i), {},
                       "s-" + std::to_string(k));
  REQUIRE(in.until([&] {
    return std::ranges::all_of(
        users, [](const auto& each) { return each->messages == 100; });
  }));
  for (std::size_t k = 0; k < users.size(); k += 2)
    CHECK(users[k]->told == users[k + 1]->told);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(servers.ask(i, {"DBSIZE"}) != "0");
}

TEST_CASE("[P-4.3] a failover of a shard by plan loses nothing") {
  redis_cluster servers{3, 1};
  stores in{servers.url()};
  shared_user ann{*in.a.is, in.loop};
  shared_user bob{*in.b.is, in.loop};
  REQUIRE(in.open(ann, bob));
  ann.append("m1");
  auto replica = 3 + servers.shard_of("{p:lounge}");
  REQUIRE(in.until([&] { return ann.messages == 1 && bob.messages == 1; }));
  CHECK(servers.ask(replica, {"CLUSTER", "FAILOVER"}) == "OK");
  REQUIRE(in.until([&] { return ann.turns > 0 && bob.turns > 0; }));
  bob.append("m2", {}, "s-bob");
  REQUIRE(in.until([&] { return ann.messages == 2 && bob.messages == 2; }));
  CHECK(messages_of(ann) == "1=m1 2=m2");
  CHECK(messages_of(bob) == "1=m1 2=m2");
  CHECK(ann.turned.known);
  CHECK(ann.turned.from == 1);
  CHECK(all_accepted(ann));
  CHECK(all_accepted(bob));
}

TEST_CASE("[P-4.3] what is said while the master of a shard is dead waits") {
  redis_cluster servers{3, 1};
  stores in{servers.url()};
  shared_user ann{*in.a.is, in.loop};
  shared_user bob{*in.b.is, in.loop};
  REQUIRE(in.open(ann, bob));
  ann.append("m1");
  auto shard = servers.shard_of("{p:lounge}");
  REQUIRE(in.until([&] {
    return bob.messages == 1
           && servers.ask(3 + shard,
                          {"CLUSTER", "COUNTKEYSINSLOT",
                           std::to_string(cluster::hash_slot("{p:lounge}"))})
                  != "0";
  }));
  servers.node(shard).kill();
  REQUIRE(in.until([&] { return !ann.linked && !bob.linked; }));
  ann.append("m2");
  REQUIRE(in.until([&] { return ann.messages == 2 && bob.messages == 2; }));
  CHECK(messages_of(bob) == "1=m1 2=m2");
  CHECK(messages_of(ann) == messages_of(bob));
  CHECK(all_accepted(ann));
}

TEST_CASE("a room goes with its slot: its messages go on, none lost, none "
          "twice") {
  redis_cluster servers;
  stores in{servers.url()};
  shared_user ann{*in.a.is, in.loop};
  shared_user bob{*in.b.is, in.loop};
  REQUIRE(in.open(ann, bob));
  auto slot = cluster::hash_slot("{p:lounge}");
  auto home = servers.shard_of("{p:lounge}");
  std::uint64_t number = 0;
  auto say = [&] {
    ++number;
    ann.append('m' + std::to_string(number));
  };
  for (std::size_t step = 0; step < 3; ++step) {
    auto from = (home + step) % 3;
    auto to = (home + step + 1) % 3;
    say();
    servers.move(slot, from, to);
    say();
    auto turns = static_cast<int>(step) + 1;
    REQUIRE(in.until([&] { return ann.turns >= turns && bob.turns >= turns; }));
    say();
    REQUIRE(in.until(
        [&] { return ann.messages == number && bob.messages == number; }));
  }
  CHECK(messages_of(ann) == numbered(1, number));
  CHECK(messages_of(bob) == messages_of(ann));
  CHECK(all_accepted(ann));
}

TEST_CASE("a room whose slot is on its way waits until it is there") {
  redis_cluster servers;
  stores in{servers.url()};
  shared_user ann{*in.a.is, in.loop};
  shared_user bob{*in.b.is, in.loop};
  REQUIRE(in.open(ann, bob));
  auto slot = cluster::hash_slot("{p:lounge}");
  auto from = servers.shard_of("{p:lounge}");
  auto to = (from + 1) % 3;
  ann.append("m1");
  REQUIRE(in.until([&] { return bob.messages == 1; }));
  servers.begin_move(slot, from, to);
  servers.move_keys(slot, from, to, 1); // Some here, some there.
  ann.append("m2");
  bob.append("m3", {}, "s-bob");
  auto was_told = [&](const std::string& error) {
    return in.until([&] {
      return servers.ask(from, {"INFO", "errorstats"})
                 .find("errorstat_" + error)
             != std::string::npos;
    });
  };
  REQUIRE(was_told("TRYAGAIN"));
  servers.move_keys(slot, from, to); // All there, and yet not theirs.
  REQUIRE(was_told("ASK"));
  CHECK(ann.answers.size() == 1);
  servers.end_move(slot, from, to);
  REQUIRE(in.until([&] { return ann.messages == 3 && bob.messages == 3; }));
  CHECK(messages_of(ann) == messages_of(bob));
  CHECK(all_accepted(ann));
  CHECK(all_accepted(bob));
}

TEST_CASE("a slot that stays half moved is told of") {
  redis_cluster servers;
  stores in{servers.url()};
  logged refused{events::store_refused};
  shared_user ann{*in.a.is, in.loop};
  REQUIRE(in.open(ann));
  auto from = servers.shard_of("{p:lounge}");
  servers.begin_move(cluster::hash_slot("{p:lounge}"), from, (from + 1) % 3);
  ann.append("m1");
  REQUIRE(in.until([&] { return refused.lines > 0; }));
  CHECK(refused.text("reason").starts_with("TRYAGAIN"));
}

TEST_CASE("a move of a slot that is called off costs a room a pause") {
  redis_cluster servers;
  hand_loop loop;
  // Nothing else would make it ask again.
  redis_node node{servers.url(), "a", [](auto& how) {
                    how.look = how.look_at_all = 1h;
                  }};
  shared_user ann{*node.is, loop};
  auto until = [&](const std::function<bool()>& so) {
    return turn_until([&] { loop.turn(); }, so);
  };
  REQUIRE(until([&] { return ann.opened.value_or(false) && ann.linked; }));
  auto slot = cluster::hash_slot("{p:lounge}");
  auto from = servers.shard_of("{p:lounge}");
  servers.begin_move(slot, from, (from + 1) % 3);
  ann.append("m1"); // Some of its keys are not there: maybe they have moved.
  REQUIRE(until([&] {
    return servers.ask(from, {"INFO", "errorstats"}).find("errorstat_TRYAGAIN")
           != std::string::npos;
  }));
  for (auto i : {from, (from + 1) % 3})
    servers.ask(i, {"CLUSTER", "SETSLOT", std::to_string(slot), "STABLE"});
  REQUIRE(until([&] { return ann.all_answered(); }));
  CHECK(all_accepted(ann));
  CHECK(ann.turns == 0);
}

TEST_CASE("a store over a Redis Cluster is a store", "[store]") {
  store_suite([] { return std::make_unique<redis_cluster_world>(); });
}

TEST_CASE("a store over a Redis Cluster keeps the state of rooms", "[store]") {
  state_suite([] { return std::make_unique<redis_cluster_world>(); });
}
