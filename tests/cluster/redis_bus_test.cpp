#include "cluster/redis_bus.hpp"

#include <boost/asio/io_context.hpp>

#include "core/events.hpp"
#include "net/poller.hpp"
#include "tests/cluster/bus_suite.hpp"
#include "tests/support/logged.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/reluctant_redis.hpp"

using namespace greenroom;
using namespace greenroom::test;
using namespace std::chrono_literals;

namespace {

/// Buses over one Redis of the test's own.
class redis_world final : public bus_world {
public:
  explicit redis_world(std::vector<std::string> arguments = {},
                       bool plain = true)
    : server(std::move(arguments), plain) {
    how.redis = server.url();
    how.beat = 50ms;
    how.peer_timeout = 300ms;
    how.connect_timeout = 1s;
    how.backoff_min = 5ms;
    how.backoff_max = 50ms;
  }

  std::unique_ptr<cluster::bus> connect(std::size_t queue_bytes) override {
    auto with = how;
    with.queue_bytes = static_cast<std::uint32_t>(queue_bytes);
    auto made = cluster::make_redis_bus(loop, with, "tester");
    INFO((made ? "" : made.error().text));
    REQUIRE(made.has_value());
    return std::move(*made);
  }
  void fail() override { server.kill(); }
  void restore() override { server.start(); }

  /// As a loop of the node turns: sockets, Asio, timers, and what they wrote
  /// last.
  void turn() override {
    sockets.wait(steady_time::clock::now() + 1ms);
    sockets.poll(steady_time::max());
    io.restart();
    io.poll();
    timers.run_due(steady_time::clock::now());
    turn_end.run_all();
  }

  boost::asio::io_context io{1};
  net::poller sockets;
  timer_queue timers;
  run_once_queue turn_end;
  cluster::redis_loop loop{io, sockets, timers, turn_end};
  redis_server server;
  settings::cluster_settings how;
};

/// Why a bus with the world's settings does not come up.
std::string refusal(redis_world& world) {
  bus_user ann{world, {"a"}};
  REQUIRE(world.until([&] { return ann.downs > 0; }));
  CHECK_FALSE(ann.up);
  return ann.reason;
}

bool works(redis_world& world) {
  bus_user ann{world, {"a"}};
  if (!world.until([&] { return ann.up; }))
    return false;
  ann.is->publish("a", "x");
  return world.until([&] { return ann.has("a=x"); });
}

} // namespace

TEST_CASE("a bus over Redis is a bus") {
  bus_suite([] { return std::make_unique<redis_world>(); });
}

TEST_CASE("a bus over Redis on a local socket is a bus") {
  bus_suite([] {
    auto world = std::make_unique<redis_world>();
    world->how.redis = world->server.socket();
    return world;
  });
}

TEST_CASE("a bus logs in to a Redis that wants it") {
  redis_world world{{"--requirepass", "s3cret:@/", "--user", "ann", "on",
                     ">pw 1", "allchannels", "+@all"}};
  auto at = "@127.0.0.1:" + std::to_string(world.server.port());

  SECTION("with a password") {
    world.how.redis = "redis://:s3cret%3A%40%2F" + at;
    CHECK(works(world));
  }
  SECTION("with user, password and database") {
    world.how.redis = "redis://ann:pw%201" + at + "/5";
    CHECK(works(world));
  }
  SECTION("and tells why it is not let in") {
    CHECK(refusal(world).find("NOAUTH") != std::string::npos);
    logged down{events::bus_down};
    world.how.redis = "redis://ann:wrong" + at;
    auto reason = refusal(world);
    CHECK(reason.find("login refused: WRONGPASS") != std::string::npos);
    CHECK(down.lines > 0);
    CHECK(down.seen.find("ann:***@") != std::string::npos);
    CHECK(down.seen.find("wrong") == std::string::npos);
    world.how.redis = "redis://ann:pw%201" + at + "/99";
    CHECK(refusal(world).find("database refused") != std::string::npos);
  }
}

TEST_CASE("a bus tells that its user may not subscribe or publish") {
  redis_world world{
      {"--user", "ann", "on", ">pw", "resetchannels", "&a", "+@all"}};
  world.how.redis =
      "redis://ann:pw@127.0.0.1:" + std::to_string(world.server.port());
  CHECK(works(world));
  bus_user ann{world, {"a", "other"}};
  REQUIRE(world.until([&] { return ann.downs > 0; }));
  CHECK(ann.reason.find("subscribing refused: NOPERM") != std::string::npos);

  // What can never pass is dropped; what stands behind it passes.
  bus_user bob{world, {"a"}};
  REQUIRE(world.until([&] { return bob.up; }));
  bob.is->publish("other", "x");
  bob.is->publish("a", "y");
  CHECK(world.until(
      [&] { return bob.has("a=y") && bob.is->stats().dropped == 1; }));
}

namespace {

/// A Redis over TLS with a certificate for `host`.
struct tls_world {
  explicit tls_world(const std::string& host)
    : made(host),
      port(free_port()),
      is({"--tls-port", std::to_string(port), "--tls-cert-file",
          made.certificate, "--tls-key-file", made.key, "--tls-ca-cert-file",
          made.ca, "--tls-auth-clients", "no"},
         false) {
    is.how.ca_file = made.ca;
  }

  redis_world& at(const std::string& host) {
    is.how.redis = "rediss://" + host + ':' + std::to_string(port);
    return is;
  }

  certificates made;
  std::uint16_t port;
  redis_world is;
};

} // namespace

TEST_CASE("a bus over TLS works by address and by name") {
  tls_world world{"IP:127.0.0.1,DNS:localhost"};
  CHECK(works(world.at("127.0.0.1")));
  CHECK(works(world.at("localhost")));
}

TEST_CASE("a bus over TLS refuses a server that is somebody else") {
  tls_world by_address{"IP:127.0.0.1"};
  CHECK(works(by_address.at("127.0.0.1")));
  CHECK(refusal(by_address.at("localhost")) == "TLS: hostname mismatch");
  tls_world by_name{"DNS:localhost"};
  CHECK(works(by_name.at("localhost")));
  CHECK(refusal(by_name.at("127.0.0.1")) == "TLS: IP address mismatch");
}

TEST_CASE("a bus over TLS refuses an authority that it does not know") {
  tls_world world{"IP:127.0.0.1"};
  world.is.how.ca_file.clear();
  CHECK(refusal(world.at("127.0.0.1")).find("TLS: ") == 0);
  certificates other{"IP:127.0.0.1"};
  world.is.how.ca_file = other.ca;
  CHECK(refusal(world.at("127.0.0.1")).find("TLS: ") == 0);

  world.is.how.ca_file = "/nowhere/ca.pem";
  auto made = cluster::make_redis_bus(world.is.loop, world.is.how, "tester");
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().text.find("cluster.ca-file: ") == 0);
}

TEST_CASE("a bus over TLS does not talk to a Redis without it") {
  redis_world world;
  world.how.redis.insert(5, "s");
  CHECK_FALSE(refusal(world).empty());
}

TEST_CASE("a Redis that is connected but silent is down") {
  redis_world world;
  bus_user ann{world, {"a"}};
  REQUIRE(world.until([&] { return ann.up; }));
  world.server.freeze();
  REQUIRE(world.until([&] { return !ann.up; }));
  CHECK(ann.reason.find("no answer within") == 0);
  world.server.thaw();
  CHECK(world.until([&] { return ann.up; }));
}

TEST_CASE("nothing is lost between two nodes while Redis stands still") {
  redis_world world;
  world.how.peer_timeout = 10s;
  bus_user ann{world, {}};
  bus_user bob{world, {"b"}};
  REQUIRE(world.until([&] { return ann.up && bob.up; }));
  world.server.freeze();
  for (int i = 0; i < 5'000; ++i)
    ann.is->publish("b", std::to_string(i) + std::string(100, 'x'));
  world.turn();
  world.server.thaw();
  REQUIRE(world.until([&] { return bob.got.size() == 5'000; }));
  CHECK(ann.is->stats().dropped == 0);
}

TEST_CASE("a bus publishes again what a broken connection may have lost") {
  redis_world world;
  bus_user ann{world, {}};
  REQUIRE(world.until([&] { return ann.up; }));
  world.server.freeze();
  for (int i = 0; i < 100; ++i)
    ann.is->publish("b", std::to_string(i));
  world.turn(); // Written, never answered.
  world.server.kill();
  world.server.start();
  bus_user bob{world, {"b"}};
  // Whoever is subscribed in time gets all, in order, from where it came in.
  REQUIRE(world.until([&] { return ann.up && bob.up; }));
  ann.is->publish("b", "end");
  REQUIRE(world.until([&] { return bob.has("b=end"); }));
  CHECK(ann.is->stats().dropped == 0);
}

TEST_CASE("a connection that Redis ends comes back") {
  redis_world world;
  bus_user ann{world, {"a"}};
  REQUIRE(world.until([&] { return ann.up; }));
  for (std::string kind : {"pubsub", "normal"}) {
    auto downs = ann.downs;
    REQUIRE(run({"redis-cli", "-p", std::to_string(world.server.port()),
                 "client", "kill", "type", kind})
            == 0);
    REQUIRE(world.until([&] { return ann.downs > downs && ann.up; }));
    ann.is->publish("a", kind);
    CHECK(world.until([&] { return ann.has("a=" + kind); }));
  }
}

TEST_CASE("a channel that is left before it is confirmed holds up nothing") {
  redis_world world;
  reluctant_redis redis;
  world.how.redis = redis.url();
  bus_user ann{world, {"all", "reluctant"}};
  REQUIRE(world.until(
      [&] { return ann.subscriptions_to("all") == 1 && redis.is_asked(); }));
  CHECK_FALSE(ann.up);
  ann.is->unsubscribe("reluctant");
  CHECK(world.until([&] { return ann.up; }));
}

TEST_CASE("what is no Redis is told as such") {
  redis_world world;
  SECTION("nobody listens") {
    world.how.redis = "redis://127.0.0.1:" + std::to_string(free_port());
    CHECK(refusal(world).find("connect: ") == 0);
  }
  SECTION("no such host") {
    world.how.redis = "redis://nowhere.invalid";
    CHECK(refusal(world).find("resolve: ") == 0);
  }
  SECTION("no such socket") {
    world.how.redis = "/nowhere/redis.sock";
    CHECK(refusal(world).find("connect: ") == 0);
  }
  SECTION("somebody who accepts and says nothing") {
    world.how.connect_timeout = 200ms;
    world.server.freeze();
    CHECK(refusal(world) == "login: no answer within 200 ms");
  }
  SECTION("a URL that is none") {
    world.how.redis = "http://secret@h";
    auto made = cluster::make_redis_bus(world.loop, world.how, "tester");
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().text.find("cluster.redis: ") == 0);
    CHECK(made.error().text.find("secret") == std::string::npos);
  }
}

TEST_CASE("an outage of many attempts does not fill the log") {
  redis_world world;
  world.how.redis = "/nowhere/redis.sock";
  world.how.backoff_min = 1ms;
  world.how.backoff_max = 2ms;
  logged down{events::bus_down};
  bus_user ann{world, {"a"}};
  int turns = 0;
  REQUIRE(world.until([&] { return ++turns > 300; }));
  CHECK(down.lines >= 2); // Both connections.
  CHECK(down.lines <= 24);
  CHECK(ann.downs == 1);
}

TEST_CASE("a queue that overflows tells it once a second") {
  redis_world world;
  world.how.redis = "/nowhere/redis.sock";
  logged dropped{events::bus_dropped};
  bus_user ann{world, {}, 1'000};
  for (int i = 0; i < 1'000; ++i)
    ann.is->publish("a", "some bytes");
  CHECK(ann.is->stats().dropped > 900);
  CHECK(dropped.lines == 1);
}
