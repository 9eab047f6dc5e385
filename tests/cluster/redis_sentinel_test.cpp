// The bus and the store on a Redis whose master moves, as sentinels tell them.

#include "core/events.hpp"
#include "tests/cluster/moving_redis.hpp"
#include "tests/support/logged.hpp"
#include "tests/support/redis_client.hpp"

using namespace greenroom;
using namespace greenroom::test;
using namespace std::chrono_literals;
using verdict = appended::verdict;
using steady = std::chrono::steady_clock;

namespace {

/// A master and its replica. Sentinels come when both know each other.
struct pair_of_servers {
  pair_of_servers() {
    redis_client{replica}(
        {"REPLICAOF", "127.0.0.1", std::to_string(master.port())});
    redis_client asks{replica};
    REQUIRE(turn_until(
        [] {},
        [&] { return asks({"ROLE"}).find("connected") != std::string::npos; }));
  }

  static std::vector<std::string> quick() {
    return {"--repl-diskless-sync-delay", "0"};
  }

  redis_server master{quick()};
  redis_server replica{quick()};
};

struct sentinel_world : pair_of_servers {
  explicit sentinel_world(const std::vector<std::string>& more = {})
    : one(master.port(), 1, more) {}

  [[nodiscard]] std::string url() const {
    return "redis+sentinel://" + one.address() + "/mymaster";
  }

  /// Until it would know whom to promote.
  void wait_for_replica() {
    redis_client asks{one};
    REQUIRE(turn_until([] {},
                       [&] {
                         return asks({"SENTINEL", "REPLICAS", "mymaster"})
                                    .find("master-link-status ok")
                                != std::string::npos;
                       }));
  }

  std::string fail_over() {
    wait_for_replica();
    return redis_client{one}({"SENTINEL", "FAILOVER", "mymaster"});
  }

  redis_sentinel one;
};

template <class Server>
int count_in_client_list(const Server& of, const std::string& word) {
  auto list = redis_client{of}({"CLIENT", "LIST"});
  int count = 0;
  for (auto at = list.find(word); at != std::string::npos;
       at = list.find(word, at + 1))
    ++count;
  return count;
}

/// How many connections of nodes a server has.
int clients(const redis_server& of) {
  return count_in_client_list(of, "name=greenroom:");
}

/// Who is subscribed at a sentinel: it has no PUBSUB.
int watchers(const redis_sentinel& of) {
  return count_in_client_list(of, " sub=1 ");
}

std::string epoch_at(const redis_server& server) {
  return redis_client{server}({"HGET", "greenroom:{p:lounge}:meta", "epoch"});
}

std::string top_at(const redis_server& server) {
  return redis_client{server}({"HGET", "greenroom:{p:lounge}:meta", "top"});
}

} // namespace

// -- the bus ------------------------------------------------------------------

TEST_CASE("a bus follows a planned failover at once") {
  sentinel_world world;
  buses in{world.url()};
  logged moved{events::redis_master};
  bus_user ann{in.is, {"all"}};
  bus_user bob{in.is, {"all"}};
  REQUIRE(in.until([&] { return ann.up && bob.up; }));
  CHECK(clients(world.master) == 4);
  CHECK(moved.lines == 0);
  CHECK(world.fail_over() == "OK");
  REQUIRE(in.until([&] { return ann.ups == 2 && bob.ups == 2; }));
  CHECK(ann.reason == "another master");
  CHECK(clients(world.replica) == 4);
  CHECK(moved.lines == 4); // One a connection.
  CHECK(moved.text("endpoint") == world.replica.url());
  CHECK(moved.text("was") == world.master.url());
  CHECK(crosses(in, ann, bob, "x"));
  CHECK(crosses(in, bob, ann, "y"));
}

TEST_CASE("a bus goes on after its master was killed") {
  sentinel_world world;
  buses in{world.url()};
  bus_user ann{in.is, {"all"}};
  bus_user bob{in.is, {"all"}};
  REQUIRE(in.until([&] { return ann.up && bob.up; }));
  world.wait_for_replica();
  world.master.kill();
  REQUIRE(in.until([&] { return !ann.up && !bob.up; }));
  REQUIRE(in.until([&] { return ann.up && bob.up; }));
  CHECK(clients(world.replica) == 4);
  CHECK(crosses(in, bob, ann, "after"));
}

TEST_CASE("a bus leaves a master that was demoted and keeps its clients") {
  sentinel_world world;
  buses in{world.url()};
  bus_user ann{in.is, {"all"}};
  REQUIRE(in.until([&] { return ann.up; }));
  logged down{events::bus_down};
  redis_server other;
  redis_client at{world.master};
  at({"REPLICAOF", "127.0.0.1", std::to_string(other.port())});
  REQUIRE(in.until([&] { return !ann.up; }));
  CHECK(ann.reason == "not a master: slave");
  // Sentinels still name it, so it is refused until it is one again.
  auto lines = down.lines;
  REQUIRE(in.until([&] { return down.lines > lines + 2; }));
  CHECK_FALSE(ann.up);
  at({"REPLICAOF", "NO", "ONE"});
  REQUIRE(in.until([&] { return ann.up; }));
  CHECK(crosses(in, ann, ann, "x"));
}

TEST_CASE("sentinels that are gone do not matter while one is left") {
  sentinel_world world;
  redis_sentinel two{world.master.port()};
  auto nobody = "127.0.0.1:" + std::to_string(free_port());
  buses in{"redis+sentinel://" + nobody + ',' + two.address() + ','
           + world.one.address() + "/mymaster"};
  bus_user ann{in.is, {"all"}};
  REQUIRE(in.until([&] { return ann.up; }));
  two.kill(); // It was the one that told.
  redis_client{world.master}({"CLIENT", "KILL", "TYPE", "pubsub"});
  REQUIRE(in.until([&] { return ann.ups == 2; }));
  CHECK(crosses(in, ann, ann, "x"));
}

TEST_CASE(
    "who watches hears of a failover also after its sentinel was killed") {
  sentinel_world world;
  redis_sentinel two{world.master.port()};
  buses in{"redis+sentinel://" + two.address() + ',' + world.one.address()
           + "/mymaster"};
  bus_user ann{in.is, {"all"}};
  REQUIRE(in.until([&] { return ann.up; }));
  two.kill();
  // Both of its connections watch there now.
  REQUIRE(in.until([&] { return watchers(world.one) == 2; }));
  CHECK(ann.ups == 1); // It was no outage.
  CHECK(world.fail_over() == "OK");
  REQUIRE(in.until([&] { return ann.ups == 2; }));
  CHECK(ann.reason == "another master");
  CHECK(clients(world.replica) == 2);
}

TEST_CASE("a sentinel that is behind is asked once, then the next") {
  sentinel_world world;
  redis_server nobody;
  redis_server behind;
  redis_client{behind}(
      {"REPLICAOF", "127.0.0.1", std::to_string(nobody.port())});
  redis_sentinel stale{behind.port()}; // Its master is none.
  buses in{"redis+sentinel://" + stale.address() + ',' + world.one.address()
           + "/mymaster"};
  bus_user ann{in.is, {"all"}};
  REQUIRE(in.until([&] { return ann.up; }));
  CHECK(clients(world.master) == 2);
}

TEST_CASE("what sentinels do not know is told as such") {
  sentinel_world world{{"requirepass s3cret"}};
  buses in{world.url()};
  std::string expected;
  SECTION("who asks") {
    expected = "NOAUTH";
  }
  SECTION("the password") {
    in.how.sentinel_password = "wrong";
    expected = "login refused: WRONGPASS";
  }
  SECTION("the master") {
    in.how.sentinel_password = "s3cret";
    in.how.redis = "redis+sentinel://" + world.one.address() + "/other";
    expected = "knows no master named other";
  }
  SECTION("anything: nobody is there") {
    world.one.kill();
    expected = "connect: ";
  }
  logged down{events::bus_down};
  bus_user ann{in.is, {"all"}};
  REQUIRE(in.until([&] { return ann.downs > 0; }));
  INFO(ann.reason);
  CHECK(ann.reason.find("no sentinel tells: redis://") == 0);
  CHECK(ann.reason.find(world.one.address()) != std::string::npos);
  CHECK(ann.reason.find(expected) != std::string::npos);
  CHECK(down.text("reason") == ann.reason);
}

TEST_CASE("sentinels and servers may want different logins") {
  sentinel_world world{{"requirepass s3cret"}};
  redis_client{world.master}({"ACL", "SETUSER", "ann", "on", ">pw",
                              "allchannels", "+ping", "+role", "+publish",
                              "+subscribe", "+unsubscribe"});
  buses in{"redis+sentinel://ann:pw@" + world.one.address() + "/mymaster"};
  in.how.sentinel_password = "s3cret";
  bus_user ann{in.is, {"all"}};
  REQUIRE(in.until([&] { return ann.up; }));
  CHECK(crosses(in, ann, ann, "x"));
}

TEST_CASE("a user of sentinels needs no more than is documented") {
  sentinel_world world{
      {"user eve on >pw resetchannels &+switch-master -@all +ping "
       "+sentinel|get-master-addr-by-name +subscribe"}};
  buses in{world.url()};
  in.how.sentinel_user = "eve";
  in.how.sentinel_password = "pw";
  bus_user ann{in.is, {"all"}};
  REQUIRE(in.until([&] { return ann.up; }));
  CHECK(watchers(world.one) == 2);
}

// -- the store ----------------------------------------------------------------

TEST_CASE(
    "[P-4.3] a failover that lost nothing costs a new epoch, no message") {
  sentinel_world world;
  stores in{world.url()};
  shared_user ann{*in.a.is, in.loop};
  shared_user bob{*in.b.is, in.loop};
  REQUIRE(in.open(ann, bob));
  ann.append("x");
  REQUIRE(in.until([&] {
    return ann.messages == 1 && bob.messages == 1
           && top_at(world.replica) == "1";
  }));
  auto epoch = ann.is->state().epoch;
  CHECK(epoch_at(world.replica) == epoch);
  CHECK(world.fail_over() == "OK");
  REQUIRE(in.until([&] { return ann.turns == 1 && bob.turns == 1; }));
  bob.append("y", {}, "s-bob");
  REQUIRE(in.until([&] { return ann.messages == 2 && bob.messages == 2; }));
  CHECK(ann.told == "1=x turned 2=y");
  CHECK(bob.told == ann.told);
  CHECK(ann.turned.known);
  CHECK(ann.turned.from == 1);
  CHECK(ann.is->state().before == epoch);
  CHECK(epoch_at(world.replica) == bob.is->state().epoch);
}

TEST_CASE("[P-4.3] a failover that lost the newest messages is announced") {
  sentinel_world world;
  stores in{world.url()};
  logged turned{events::store_turned};
  shared_user ann{*in.a.is, in.loop};
  shared_user bob{*in.b.is, in.loop};
  REQUIRE(in.open(ann, bob));
  ann.append("x");
  REQUIRE(in.until(
      [&] { return bob.messages == 1 && top_at(world.replica) == "1"; }));
  world.wait_for_replica();
  // The replica may not follow any more.
  redis_client at{world.master};
  at({"ACL", "SETUSER", "default", "-psync", "-sync"});
  at({"CLIENT", "KILL", "TYPE", "replica"});
  ann.append("lost");
  REQUIRE(in.until([&] { return ann.messages == 2 && bob.messages == 2; }));
  CHECK(top_at(world.replica) == "1");
  world.master.kill();
  REQUIRE(in.until([&] { return !ann.linked && !bob.linked; }));
  bob.append("waits", {}, "s-bob");
  REQUIRE(in.until([&] { return ann.messages == 3 && bob.messages == 3; }));
  CHECK(ann.told == "1=x 2=lost turned 2=waits");
  CHECK(bob.told == ann.told);
  CHECK(ann.turned.from == 1);
  CHECK(ann.is->state().base == 1);
}

TEST_CASE("[P-4.3] of two nodes that go over one after the other, none loses "
          "an acked message silently") {
  sentinel_world world;
  hand_loop loop;
  auto until = [&](const std::function<bool()>& so) {
    return turn_until([&] { loop.turn(); }, so);
  };
  redis_node early{world.url(), "early"};
  // Knows the old address for good: as one whose sentinel is cut off.
  redis_node late{world.master.url(), "late"};
  shared_user ann{*early.is, loop};
  shared_user bob{*late.is, loop};
  REQUIRE(until([&] {
    return ann.opened.value_or(false) && bob.opened.value_or(false)
           && ann.linked && bob.linked;
  }));
  ann.append("x");
  REQUIRE(
      until([&] { return bob.messages == 1 && top_at(world.replica) == "1"; }));
  CHECK(world.fail_over() == "OK");
  // The old master goes on for some seconds: what is acked there is lost.
  REQUIRE(until([&] { return ann.turns == 1; }));
  bob.append("at the old one", {}, "s-bob");
  ann.append("at the new one");
  REQUIRE(until([&] { return ann.messages == 2 && bob.messages == 2; }));
  CHECK(ann.told == "1=x turned 2=at the new one");
  CHECK(bob.told == "1=x 2=at the old one");
  CHECK(bob.is->state().epoch != ann.is->state().epoch);
  // A replica now, it has what the new master has, and bob is told so by a new
  // epoch when somebody may write there again.
  REQUIRE(until([&] {
    return redis_client{world.master}({"ROLE"}).starts_with("slave")
           && bob.downs > 0;
  }));
  REQUIRE(
      until([&] { return epoch_at(world.master) == ann.is->state().epoch; }));
  CHECK(world.fail_over() == "OK");
  REQUIRE(until([&] {
    return ann.turns == 2 && ann.linked && bob.turns > 0 && bob.linked;
  }));
  ann.append("both");
  auto has_it = [](const shared_user& who) {
    return who.told.find("=both") != std::string::npos;
  };
  REQUIRE(until([&] { return has_it(ann) && has_it(bob); }));
  CHECK(bob.is->state().epoch == ann.is->state().epoch);
}
