// Several redis_stores on one Redis, as nodes have them.

#include "cluster/log_wire.hpp"
#include "cluster/room_functions.hpp"
#include "core/events.hpp"
#include "tests/conformance/key_user.hpp"
#include "tests/conformance/shared_user.hpp"
#include "tests/support/logged.hpp"
#include "tests/support/mutate.hpp"
#include "tests/support/redis_client.hpp"
#include "tests/support/redis_store_world.hpp"

using namespace greenroom;
using namespace greenroom::test;
using namespace std::chrono_literals;
using verdict = appended::verdict;
using id = protocol::request_id;
using steady = std::chrono::steady_clock;

namespace {

/// Two nodes, whose rooms are on the test's loop.
struct nodes {
  using options = std::function<void(cluster::redis_store_options&)>;

  explicit nodes(const options& with = {})
    : a(server.url(), "node-a", with), b(server.url(), "node-b", with) {}

  bool until(const std::function<bool()>& so,
             std::chrono::milliseconds at_most = 10s) {
    auto deadline = steady::now() + at_most;
    while (!so()) {
      if (steady::now() > deadline)
        return false;
      loop.turn();
    }
    return true;
  }

  template <class... Users>
  bool open_keys(Users&... users) {
    return until([&] { return (users.opened.value_or(false) && ...); });
  }

  template <class... Users>
  bool open(Users&... users) {
    bool good = until([&] {
      return ((users.opened.value_or(false) && users.linked) && ...);
    });
    // A store that is just made may have to connect first.
    ((users.downs = 0, users.ups = 0), ...);
    return good;
  }

  std::string redis(const std::vector<std::string>& command) {
    return redis_client{server}(command);
  }

  /// Somebody appends to a room, and nobody hears of it.
  void append_unheard(const std::string& room, const std::string& text) {
    auto key = "s-eve#" + std::to_string(++unheard_);
    call_unheard(
        room, "append", {"0", "0"}, key,
        cluster::pack_entry(1'700'000'000'000, 300, key, text_event(text)));
  }

  /// Somebody sets a key there, likewise.
  void set_unheard(const std::string& room, const std::string& key,
                   const std::string& value) {
    call_unheard(
        room, "set", {"1000", "1000000"}, key,
        cluster::pack_key({key, {protocol::encoding::json, value}, "eve"}));
  }

  redis_server server;
  hand_loop loop;
  redis_node a;
  redis_node b;

private:
  /// `most`: keys of state, and their bytes.
  void call_unheard(const std::string& room, const char* function,
                    const std::pair<std::string, std::string>& most,
                    const std::string& name, const std::string& packed) {
    auto tag = "greenroom:{p:" + room + '}';
    redis({"EVAL",
           cluster::room_functions(),
           "4",
           tag + ":meta",
           tag + ":log",
           tag + ":ids",
           tag + ":state",
           function,
           "epoch-unheard",
           "nowhere",
           "0",
           "1700000000000",
           "10000",
           "100000000",
           "0",
           "1000",
           "120000",
           most.first,
           most.second,
           name,
           "",
           packed});
  }

  int unheard_ = 0;
};

} // namespace

TEST_CASE("[P-4.1] rooms on two nodes hear one order, each message once") {
  nodes on;
  shared_user ann{*on.a.is, on.loop};
  shared_user bob{*on.b.is, on.loop};
  REQUIRE(on.open(ann, bob));
  CHECK(ann.is->state().epoch == bob.is->state().epoch);
  for (int i = 0; i < 300; ++i) {
    ann.append("a" + std::to_string(i), id{std::int64_t{i}});
    bob.append("b" + std::to_string(i), {}, "s-bob");
    if (i % 7 == 0)
      on.loop.turn();
  }
  REQUIRE(on.until([&] { return ann.messages == 600 && bob.messages == 600; }));
  CHECK(ann.told == bob.told);
  CHECK(ann.all_answered());
  CHECK(bob.all_answered());
  CHECK(ann.is->state().top == 600);
  CHECK(ann.downs == 0);
}

TEST_CASE("who opens a log hears what comes from then on") {
  nodes on;
  shared_user ann{*on.a.is, on.loop};
  REQUIRE(on.open(ann));
  ann.append("before");
  REQUIRE(on.until([&] { return ann.messages == 1; }));
  shared_user bob{*on.b.is, on.loop};
  REQUIRE(on.open(bob));
  CHECK(bob.is->state().top == 1);
  ann.append("after");
  REQUIRE(on.until([&] { return bob.messages == 1; }));
  CHECK(bob.told == "2=after");
}

TEST_CASE("[P-3.4] an id is one message on all nodes") {
  nodes on;
  shared_user ann{*on.a.is, on.loop};
  shared_user bob{*on.b.is, on.loop};
  REQUIRE(on.open(ann, bob));
  ann.append("x", id{1});
  REQUIRE(on.until([&] { return ann.messages == 1 && bob.messages == 1; }));
  bob.append("x", id{1});
  REQUIRE(on.until([&] { return bob.all_answered(); }));
  CHECK(ann.answers[0] == appended{verdict::accepted, 1});
  CHECK(bob.answers[0] == appended{verdict::duplicate, 1});
  bob.append("y", {}, "s-bob");
  REQUIRE(on.until([&] { return ann.messages == 2 && bob.messages == 2; }));
  CHECK(bob.told == "1=x 2=y");
}

TEST_CASE("a subscription that breaks loses no message") {
  nodes on;
  shared_user ann{*on.a.is, on.loop};
  shared_user bob{*on.b.is, on.loop};
  REQUIRE(on.open(ann, bob));
  for (int round = 0; round < 5; ++round) {
    on.redis({"CLIENT", "KILL", "TYPE", "pubsub"});
    for (int i = 0; i < 50; ++i)
      ann.append(std::to_string(round) + '-' + std::to_string(i));
    REQUIRE(on.until([&] { return bob.downs > round && bob.linked; }));
  }
  REQUIRE(on.until([&] { return ann.messages == 250 && bob.messages == 250; }));
  CHECK(ann.told == bob.told);
  CHECK(bob.turns == 0);
}

TEST_CASE("calls whose answer is lost are made again, once") {
  nodes on;
  shared_user ann{*on.a.is, on.loop};
  shared_user bob{*on.b.is, on.loop};
  REQUIRE(on.open(ann, bob));
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 50; ++i)
      ann.append(std::to_string(round) + '-' + std::to_string(i));
    on.loop.turn();
    on.redis({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  }
  REQUIRE(on.until([&] { return ann.all_answered() && bob.messages >= 250; }));
  ann.append("end");
  REQUIRE(on.until([&] {
    return ann.told.ends_with("=end") && bob.told.ends_with("=end");
  }));
  CHECK(bob.messages == 251);
  CHECK(ann.told == bob.told);
}

TEST_CASE("where no ids are remembered, no call is made again") {
  nodes on;
  auto bounds = wide_bounds();
  bounds.dedupe_messages = 0;
  shared_user ann{*on.a.is, on.loop, "lounge", bounds};
  shared_user bob{*on.b.is, on.loop, "lounge", bounds};
  REQUIRE(on.open(ann, bob));
  on.server.freeze();
  ann.append("once", id{1});
  REQUIRE(on.until([&] { return ann.all_answered(); }));
  CHECK(ann.answers[0].is == verdict::unavailable);
  on.server.thaw(); // And finds it in its socket.
  REQUIRE(on.until([&] { return ann.messages == 1 && bob.messages == 1; }));
  ann.append("end");
  REQUIRE(on.until([&] { return ann.messages == 2 && bob.messages == 2; }));
  CHECK(bob.told == "1=once 2=end");
}

TEST_CASE("functions that Redis has forgotten are loaded again, in order") {
  nodes on;
  shared_user ann{*on.a.is, on.loop};
  REQUIRE(on.open(ann));
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    if (i % 50 == 20)
      on.redis({"SCRIPT", "FLUSH"});
    ann.append(std::to_string(i));
    expected +=
        (i == 0 ? "" : " ") + std::to_string(i + 1) + '=' + std::to_string(i);
    on.loop.turn();
  }
  REQUIRE(on.until([&] { return ann.messages == 200; }));
  CHECK(ann.told == expected);
  CHECK(ann.downs == 0);
}

// -- what gets lost -----------------------------------------------------------

TEST_CASE("a hole is read before what stands behind it is told") {
  nodes on;
  logged repaired{events::store_repaired};
  shared_user ann{*on.a.is, on.loop};
  REQUIRE(on.open(ann));
  on.append_unheard("lounge", "lost");
  ann.append("heard");
  REQUIRE(on.until([&] { return ann.messages == 2; }, 2s));
  CHECK(ann.told == "1=lost 2=heard");
}

TEST_CASE("a lost tail is found by a second look within 2 s") {
  nodes on;
  shared_user ann{*on.a.is, on.loop};
  shared_user bob{*on.b.is, on.loop};
  REQUIRE(on.open(ann, bob));
  ann.append("heard");
  REQUIRE(on.until([&] { return bob.messages == 1; }));
  on.append_unheard("lounge", "lost");
  REQUIRE(on.until([&] { return ann.messages == 2 && bob.messages == 2; }, 2s));
  CHECK(bob.told == "1=heard 2=lost");
}

TEST_CASE("a peer's word is a reason to read") {
  nodes on{[](auto& how) {
    how.look = 1h;
    how.look_at_all = 1h;
  }};
  shared_user bob{*on.b.is, on.loop};
  REQUIRE(on.open(bob));
  on.append_unheard("lounge", "lost");
  on.redis({"PUBLISH", "greenroom:tops",
            cluster::encode_tops(
                {"node-c", 1, {{"p:lounge", bob.is->state().epoch, 1, 0}}})});
  // Well before the silence of that node would be one.
  REQUIRE(on.until([&] { return bob.messages == 1; }, 2s));
}

TEST_CASE("a peer that falls silent is a reason to read every room") {
  nodes on{[](auto& how) {
    how.look = 1h;
    how.look_at_all = 1h;
    how.beat = 100ms;
  }};
  shared_user bob{*on.b.is, on.loop};
  REQUIRE(on.open(bob));
  on.append_unheard("lounge", "lost");
  on.redis(
      {"PUBLISH", "greenroom:tops", cluster::encode_tops({"node-c", 1, {}})});
  REQUIRE(on.until([&] { return bob.messages == 1; }));
}

TEST_CASE("the silence of so many peers is noticed, and of no more") {
  nodes on{[](auto& how) {
    how.look = 1h;
    how.look_at_all = 1h;
    how.beat = 150ms; // A peer may miss eight.
    how.peers_max = 2;
  }};
  shared_user bob{*on.b.is, on.loop};
  REQUIRE(on.open(bob));
  auto word = [&](const std::string& node) {
    on.redis(
        {"PUBLISH", "greenroom:tops", cluster::encode_tops({node, 1, {}})});
  };
  // Node a and node-c have the places.
  auto keep_c_for = [&](std::chrono::milliseconds time) {
    auto until = steady::now() + time;
    REQUIRE(on.until([&] {
      word("node-c");
      return steady::now() > until;
    }));
  };
  keep_c_for(600ms);
  word("node-d");
  on.append_unheard("lounge", "lost");
  keep_c_for(2'400ms);
  CHECK(bob.messages == 0);
  REQUIRE(on.until([&] { return bob.messages == 1; }));
}

TEST_CASE("every room is looked at once in a while") {
  nodes on{[](auto& how) {
    how.look = 1h;
    how.look_at_all = 500ms;
  }};
  shared_user bob{*on.b.is, on.loop};
  REQUIRE(on.open(bob));
  on.append_unheard("lounge", "lost");
  REQUIRE(on.until([&] { return bob.messages == 1; }));
}

TEST_CASE("what was trimmed before it was heard is told as such") {
  nodes on;
  auto bounds = wide_bounds();
  bounds.messages = 2;
  shared_user bob{*on.b.is, on.loop, "lounge", bounds};
  REQUIRE(on.open(bob));
  for (auto text : {"x", "y", "z", "u", "v"})
    on.append_unheard("lounge", text);
  bob.append("w");
  REQUIRE(on.until([&] { return bob.told.ends_with("6=w"); }));
  CHECK(bob.told == "skipped 1-4 5=v 6=w");
}

// -- what Redis loses ---------------------------------------------------------

TEST_CASE("[P-4.3] a Redis that was emptied begins another epoch") {
  nodes on;
  logged turned{events::store_turned};
  shared_user ann{*on.a.is, on.loop};
  shared_user bob{*on.b.is, on.loop};
  REQUIRE(on.open(ann, bob));
  ann.append("x");
  ann.append("y");
  REQUIRE(on.until([&] { return bob.messages == 2; }));
  auto epoch = ann.is->state().epoch;
  on.redis({"FLUSHALL"});
  bob.append("z");
  REQUIRE(on.until([&] { return ann.messages == 3 && bob.messages == 3; }));
  CHECK(ann.told == "1=x 2=y turned 1=z");
  CHECK(bob.told == ann.told);
  CHECK_FALSE(ann.turned.known);
  CHECK(ann.turned.epoch != epoch);
  CHECK(ann.is->state().epoch == bob.is->state().epoch);
  CHECK(bob.answers[0] == appended{verdict::accepted, 1});
}

TEST_CASE("[P-4.3] a Redis that comes back with less begins another epoch") {
  nodes on;
  shared_user ann{*on.a.is, on.loop};
  shared_user bob{*on.b.is, on.loop};
  REQUIRE(on.open(ann, bob));
  ann.append("x", id{1});
  REQUIRE(on.until([&] { return bob.messages == 1; }));
  on.redis({"SAVE"});
  ann.append("lost", id{2});
  REQUIRE(on.until([&] { return ann.messages == 2 && bob.messages == 2; }));
  on.server.kill();
  REQUIRE(on.until([&] { return !ann.linked && !bob.linked; }, 2s));
  bob.append("waits", {}, "s-bob");
  on.server.start();
  REQUIRE(on.until([&] { return ann.messages == 3 && bob.messages == 3; }));
  CHECK(ann.told == "1=x 2=lost turned 2=waits");
  CHECK(bob.told == ann.told);
  CHECK(ann.turned.known);
  CHECK(ann.turned.from == 1);
  CHECK(ann.is->state().before != ann.is->state().epoch);
  CHECK(ann.is->state().base == 1);
  CHECK(bob.answers[0] == appended{verdict::accepted, 2});
  // Ids were lost with what they named.
  ann.append("again", id{2});
  REQUIRE(on.until([&] { return bob.told.ends_with("3=again"); }));
}

TEST_CASE("[P-4.3] a replica that takes over goes on in another epoch") {
  redis_server replica;
  nodes on;
  on.redis({"CONFIG", "SET", "repl-diskless-sync-delay", "0"});
  redis_client at_replica{replica};
  shared_user ann{*on.a.is, on.loop};
  REQUIRE(on.open(ann));
  at_replica({"REPLICAOF", "127.0.0.1", std::to_string(on.server.port())});
  ann.append("x");
  auto top = [&] {
    return at_replica({"HGET", "greenroom:{p:lounge}:meta", "top"});
  };
  REQUIRE(on.until([&] { return ann.messages == 1 && top() == "1"; }));
  at_replica({"REPLICAOF", "NO", "ONE"});
  auto epoch = at_replica({"HGET", "greenroom:{p:lounge}:meta", "epoch"});
  ann.append("late");
  REQUIRE(on.until([&] { return ann.messages == 2; }));
  // A node that finds it.
  redis_node c{replica.url(), "node-c"};
  shared_user cay{*c.is, on.loop};
  REQUIRE(on.open(cay));
  CHECK(cay.is->state().top == 1);
  CHECK(cay.is->state().base == 1);
  CHECK(cay.is->state().before == epoch);
  CHECK(cay.is->state().epoch != ann.is->state().epoch);
}

// -- how it is reached --------------------------------------------------------

TEST_CASE("a store reaches its Redis by a socket and over TLS") {
  certificates made{"IP:127.0.0.1"};
  auto port = std::to_string(free_port());
  redis_server server{{"--tls-port", port, "--tls-cert-file", made.certificate,
                       "--tls-key-file", made.key, "--tls-ca-cert-file",
                       made.ca, "--tls-auth-clients", "no"}};
  hand_loop loop;
  redis_node by_socket{server.socket(), "node-a"};
  redis_node by_tls{"rediss://127.0.0.1:" + port, "node-b", {}, made.ca};
  shared_user ann{*by_socket.is, loop};
  shared_user bob{*by_tls.is, loop};
  auto until = [&](const std::function<bool()>& so) {
    auto deadline = steady::now() + 10s;
    while (!so() && steady::now() < deadline)
      loop.turn();
    return so();
  };
  REQUIRE(until([&] {
    return ann.opened.value_or(false) && bob.opened.value_or(false);
  }));
  for (int i = 0; i < 100; ++i) {
    ann.append("a" + std::to_string(i));
    bob.append(std::to_string(i) + std::string(5'000, 'b'), {}, "s-bob");
  }
  REQUIRE(until([&] { return ann.messages == 200 && bob.messages == 200; }));
  CHECK(ann.told == bob.told);
  CHECK(ann.all_answered());
  CHECK(bob.all_answered());
}

// -- while Redis is away ------------------------------------------------------

TEST_CASE("a Redis that stands still is noticed within 2 s") {
  nodes on;
  shared_user ann{*on.a.is, on.loop};
  shared_user bob{*on.b.is, on.loop};
  REQUIRE(on.open(ann, bob));
  on.server.freeze();
  ann.append("waits");
  REQUIRE(on.until([&] { return !ann.linked && !bob.linked; }, 2s));
  on.server.thaw();
  REQUIRE(
      on.until([&] { return ann.linked && bob.linked && bob.messages == 1; }));
  CHECK(ann.told == "1=waits");
  CHECK(bob.told == "1=waits");
}

TEST_CASE("a Redis that delivers nothing is noticed within 2 s") {
  nodes on;
  logged silent{events::store_silent};
  logged refused{events::store_refused};
  shared_user ann{*on.a.is, on.loop};
  REQUIRE(on.open(ann));
  on.redis({"ACL", "SETUSER", "default", "-publish"});
  REQUIRE(on.until([&] { return ann.downs > 0; }, 2s));
  on.redis({"ACL", "SETUSER", "default", "+publish"});
  REQUIRE(on.until([&] { return ann.linked; }));
  ann.append("x");
  REQUIRE(on.until([&] { return ann.messages == 1; }));
}

TEST_CASE("a log opens as soon as Redis is there") {
  redis_server server;
  server.kill();
  hand_loop loop;
  redis_node a{server.url(), "node-a"};
  shared_user ann{*a.is, loop};
  auto deadline = steady::now() + 10s;
  while (ann.linked && steady::now() < deadline)
    loop.turn();
  CHECK_FALSE(ann.linked);
  CHECK_FALSE(ann.opened.has_value());
  server.start();
  while (!ann.linked && steady::now() < deadline)
    loop.turn();
  CHECK(ann.linked);
  CHECK(ann.opened == true);
}

TEST_CASE("what waits for Redis is bounded, by number, bytes and time") {
  std::size_t count = 16;
  std::size_t bytes = 1'000'000;
  auto after = 10'000ms;
  std::string text = "x";
  SECTION("number") {
    count = 3;
  }
  SECTION("bytes") {
    bytes = 9'000;
    text = std::string(2'500, 'x');
  }
  SECTION("time") {
    after = 300ms;
  }
  nodes on{[&](auto& how) {
    how.waiting_max = count;
    how.waiting_bytes_max = bytes;
    how.unavailable_after = milliseconds{after};
  }};
  shared_user ann{*on.a.is, on.loop};
  REQUIRE(on.open(ann));
  on.server.kill();
  REQUIRE(on.until([&] { return !ann.linked; }));
  for (int i = 0; i < 5; ++i)
    ann.append(text + std::to_string(i)); // Its user tells them apart by that.
  if (after == 300ms) {
    REQUIRE(on.until([&] { return ann.answers.size() == 5; }));
    CHECK(ann.answers[0].is == verdict::unavailable);
    CHECK(on.a.is->statistics().unavailable == 5);
    CHECK(on.a.is->statistics().waiting == 0);
    return;
  }
  CHECK(ann.refused.size() == 2);
  CHECK(on.a.is->statistics().unavailable == 2);
  CHECK(on.a.is->statistics().waiting == 3);
  on.server.start();
  REQUIRE(on.until([&] { return ann.all_answered(); }));
  CHECK(ann.answers.size() == 3);
  CHECK(ann.answers[2] == appended{verdict::accepted, 3});
  CHECK(on.a.is->statistics().waiting == 0);
}

TEST_CASE("calls under way are bounded, by number and bytes") {
  bool by_number = GENERATE(true, false);
  redis_store_world world;
  world.with = [&](cluster::redis_store_options& options) {
    options.silent_after = 60s; // It is this test that holds Redis up.
    options.unavailable_after = 60s;
    options.beat = 100ms;
    (by_number ? options.window_calls_max : options.window_bytes_max) = 3;
  };
  world.start();
  {
    std::vector<std::unique_ptr<log_user>> rooms;
    for (int i = 0; i < 40; ++i)
      rooms.push_back(
          std::make_unique<log_user>(world, "room-" + std::to_string(i)));
    redis_client redis{world.server};
    /// Bytes that Redis has read of the store's commands, and not done.
    auto waiting = [&] {
      auto clients = redis({"CLIENT", "LIST"});
      auto line = clients.find("name=greenroom:node-a:log ");
      REQUIRE(line != std::string::npos);
      return std::stoul(clients.substr(clients.find(" qbuf=", line) + 6));
    };
    redis({"CLIENT", "PAUSE", "60000", "WRITE"});
    for (auto& each : rooms)
      each->append(std::string(1'000, 'x'));
    // Words go beside the calls: those that come behind show that all calls
    // which may be sent have been.
    std::vector<std::size_t> seen;
    REQUIRE(world.until([&] {
      auto now = waiting();
      if (now > 0 && (seen.empty() || now > seen.back()))
        seen.push_back(now);
      return seen.size() >= 4;
    }));
    CHECK(seen.back() < 3 * 2'000 + 1'000);
    redis({"CLIENT", "UNPAUSE"});
    REQUIRE(world.until([&] {
      return std::ranges::all_of(
          rooms, [](auto& each) { return each->all_answered(); });
    }));
    for (auto& each : rooms)
      CHECK(*each->answers[0] == appended{verdict::accepted, 1});
  }
}

TEST_CASE("reads have places of their own and take none of an append") {
  nodes on{[](auto& how) {
    how.waiting_max = 3;
    how.reading_max = 2;
  }};
  shared_user ann{*on.a.is, on.loop};
  REQUIRE(on.open(ann));
  on.server.kill();
  REQUIRE(on.until([&] { return !ann.linked; }));
  int found = 0;
  int refused = 0;
  auto read = [&] {
    ann.is->read(1, 1, ann.now, [&](auto what) { ++(what ? found : refused); });
  };
  for (int i = 0; i < 4; ++i)
    read();
  CHECK(refused == 2);
  for (int i = 0; i < 4; ++i)
    ann.append("x");
  CHECK(ann.refused.size() == 1);
  CHECK(on.a.is->statistics().waiting == 5);
  on.server.start();
  REQUIRE(on.until([&] { return ann.all_answered() && found == 2; }));
  read();
  REQUIRE(on.until([&] { return found == 3; }));
  CHECK(refused == 2);
  CHECK(on.a.is->statistics().waiting == 0);
}

TEST_CASE("a subscriber that Redis cuts off as too slow repairs itself") {
  nodes on;
  on.redis({"CONFIG", "SET", "client-output-buffer-limit", "pubsub 1 1 1"});
  shared_user ann{*on.a.is, on.loop};
  shared_user bob{*on.b.is, on.loop};
  REQUIRE(on.open(ann, bob));
  // More than a socket takes at once, so that it is in Redis's buffer.
  for (int i = 0; i < 100; ++i)
    ann.append(std::to_string(i) + std::string(200'000, 'x'));
  REQUIRE(on.until([&] { return bob.downs > 0; }));
  on.redis({"CONFIG", "SET", "client-output-buffer-limit", "pubsub 0 0 0"});
  REQUIRE(on.until([&] { return ann.messages == 100 && bob.messages == 100; }));
  CHECK(ann.told == bob.told);
}

TEST_CASE("a Redis that hides its life is refused") {
  redis_server server;
  redis_client{server}({"ACL", "SETUSER", "default", "-info"});
  logged refused{events::store_refused};
  hand_loop loop;
  redis_node a{server.url(), "node-a"};
  shared_user ann{*a.is, loop};
  auto deadline = steady::now() + 10s;
  while (!ann.opened && steady::now() < deadline)
    loop.turn();
  CHECK(ann.opened == false);
  CHECK(refused.lines == 1);
}

// -- keys ---------------------------------------------------------------------

TEST_CASE("all keys of a room are in one slot, whatever its id is") {
  nodes on;
  for (std::string room : {"a{b}c", "}", "{", "{}", "a b\"c"}) {
    shared_user ann{*on.a.is, on.loop, room};
    REQUIRE(on.open(ann));
    ann.append("x");
    REQUIRE(on.until([&] { return ann.messages == 1; }));
    auto base = "greenroom:{p:" + room + '}';
    CHECK(on.redis({"EXISTS", base + ":meta", base + ":log", base + ":ids"})
          == "3");
  }
}

TEST_CASE("a log that nobody asks for is deleted, all of it") {
  nodes on{[](auto& how) {
    how.logs.expiry = milliseconds{300};
  }};
  {
    shared_user ann{*on.a.is, on.loop};
    REQUIRE(on.open(ann));
    ann.append("x", id{1});
    REQUIRE(on.until([&] { return ann.messages == 1; }));
    auto left = on.redis({"PTTL", "greenroom:{p:lounge}:log"});
    CHECK(std::stoll(left) > 0);
  }
  REQUIRE(on.until([&] { return on.redis({"DBSIZE"}) == "0"; }));
}

TEST_CASE("a room in which nothing was said does not stay in Redis") {
  nodes on;
  auto left = [&](const std::string& part) {
    return std::stoll(on.redis({"PTTL", "greenroom:{p:lounge}:" + part}));
  };
  auto bounds = key_user::with_state();
  bounds.age = milliseconds{600'000};
  SECTION("nothing") {
    shared_user ann{*on.a.is, on.loop, "lounge", bounds};
    REQUIRE(on.open(ann));
    CHECK(left("meta") > 200'000);
    CHECK(left("meta") <= 300'000);
  }
  SECTION("a message, which goes when nobody may read it any more") {
    shared_user ann{*on.a.is, on.loop, "lounge", bounds};
    REQUIRE(on.open(ann));
    ann.append("x", id{1});
    REQUIRE(on.until([&] { return ann.messages == 1; }));
    CHECK(left("meta") > 86'400'000);
    CHECK(left("log") > 600'000);
    CHECK(left("log") <= 660'000);
    CHECK(left("ids") <= 180'000);
    // Its place is known all the same.
    on.redis({"DEL", "greenroom:{p:lounge}:log", "greenroom:{p:lounge}:ids"});
    shared_user bob{*on.b.is, on.loop, "lounge", bounds};
    REQUIRE(on.open(bob));
    bob.append("y");
    REQUIRE(on.until([&] { return ann.messages == 2; }));
    CHECK(ann.told == "1=x 2=y");
  }
  SECTION("a key") {
    key_user ann{*on.a.is, on.loop, "lounge", bounds};
    REQUIRE(on.open_keys(ann));
    ann.set("x", "1");
    REQUIRE(on.until([&] { return ann.all_answered(); }));
    CHECK(left("meta") > 86'400'000);
    CHECK(left("state") > 86'400'000);
  }
}

TEST_CASE("what a stranger puts into a room's keys stops nobody") {
  nodes on;
  auto bounds = key_user::with_state();
  bounds.messages = 4;
  auto at = [](const char* part) {
    return std::string{"greenroom:{p:lounge}:"} + part;
  };
  shared_user ann{*on.a.is, on.loop, "lounge", bounds};
  REQUIRE(on.open(ann));
  ann.append("x");
  REQUIRE(on.until([&] { return ann.messages == 1; }));
  on.redis({"XADD", at("log"), "2-0", "m", "\xc1 no MessagePack"});
  on.redis({"HSET", at("meta"), "top", "2"});
  on.redis({"HSET", at("state"), "k", "\xc1 nor this", "j", "", "i", "\x05\xc1",
            "h", "\x05\x01\x01\xc4\x09"});
  ann.append("y");
  REQUIRE(on.until([&] { return ann.messages == 2; }));
  CHECK(ann.told == "1=x skipped 2-2 3=y");
  SECTION("it is trimmed like any other") {
    for (auto text : {"a", "b", "c", "d"})
      ann.append(text);
    REQUIRE(on.until([&] { return ann.messages == 6; }));
    CHECK(on.redis({"XLEN", at("log")}) == "4");
  }
  SECTION("who opens the room, and sets keys, can") {
    key_user bob{*on.b.is, on.loop, "lounge", bounds};
    REQUIRE(on.open_keys(bob));
    CHECK(bob.shown().empty());
    bob.set("k", "1");
    REQUIRE(on.until([&] { return bob.all_answered(); }));
    CHECK(bob.shown() == "k=1");
  }
}

// -- shared keys --------------------------------------------------------------

TEST_CASE("[P-4.6] rooms on two nodes see one order of changes") {
  nodes on;
  key_user ann{*on.a.is, on.loop};
  key_user bob{*on.b.is, on.loop};
  REQUIRE(on.open_keys(ann, bob));
  for (int i = 0; i < 300; ++i) {
    ann.set("k" + std::to_string(i % 5), "1" + std::to_string(i));
    bob.set("k" + std::to_string(i % 7), i % 11 == 0 ? "" : "2");
    if (i % 13 == 0)
      on.loop.turn();
  }
  // Who reads what it missed hears the whole once more.
  REQUIRE(on.until([&] {
    return ann.all_answered() && bob.all_answered()
           && ann.shown() == bob.shown()
           && ann.number("k3") == bob.number("k3");
  }));
}

TEST_CASE("[P-4.6] of two nodes that set over one change, one is refused") {
  nodes on;
  key_user ann{*on.a.is, on.loop};
  key_user bob{*on.b.is, on.loop};
  REQUIRE(on.open_keys(ann, bob));
  ann.set("x", "1");
  REQUIRE(on.until([&] { return bob.shown() == "x=1"; }));
  ann.set("x", "2", ann.number("x"));
  bob.set("x", "3", bob.number("x"));
  REQUIRE(on.until([&] { return ann.all_answered() && bob.all_answered(); }));
  using enum key_answer::verdict;
  CHECK((ann.answers[1].is == accepted) != (bob.answers[0].is == accepted));
  // Who was refused knows why by then.
  auto& loser = ann.answers[1].is == accepted ? bob : ann;
  CHECK(loser.shown() == (&loser == &bob ? "x=2" : "x=3"));
}

TEST_CASE("[P-4.6] after a rewind the number that somebody expects is another "
          "change") {
  nodes on;
  key_user ann{*on.a.is, on.loop};
  key_user bob{*on.b.is, on.loop};
  REQUIRE(on.open_keys(ann, bob));
  ann.set("x", "1");
  REQUIRE(on.until([&] { return bob.shown() == "x=1" && ann.all_answered(); }));
  CHECK(ann.number("x") == 1);
  on.redis({"FLUSHALL"});
  bob.set("x", "2");
  auto deadline = steady::now() + 10s; // The loop stands still.
  while (on.redis({"HGET", "greenroom:{p:lounge}:meta", "state"}) != "1")
    REQUIRE(steady::now() < deadline);
  // She has not heard of it, and her 1 is not this one.
  auto place = ann.set("x", "3", 1);
  REQUIRE(on.until([&] { return ann.all_answered() && bob.all_answered(); }));
  CHECK(ann.answers[place].is == key_answer::verdict::conflict);
  REQUIRE(
      on.until([&] { return ann.shown() == "x=2" && bob.shown() == "x=2"; }));
}

TEST_CASE("a lost change of a key is found by a second look within 2 s") {
  nodes on;
  key_user ann{*on.a.is, on.loop};
  REQUIRE(on.open_keys(ann));
  ann.set("x", "1");
  REQUIRE(on.until([&] { return ann.all_answered(); }));
  on.set_unheard("lounge", "y", "2");
  CHECK(on.until([&] { return ann.shown() == "x=1 y=2"; }, 2s));
}

TEST_CASE("a peer's word of a change is a reason to read") {
  nodes on;
  key_user ann{*on.a.is, on.loop};
  key_user bob{*on.b.is, on.loop};
  REQUIRE(on.open_keys(ann, bob));
  // Until nothing was heard for a while, so that only the peer's word is left.
  on.set_unheard("lounge", "x", "1");
  bob.set("y", "2"); // Its answer tells it of a hole.
  CHECK(on.until([&] { return ann.shown() == "x=1 y=2"; }, 3s));
  CHECK(on.until([&] { return bob.shown() == "x=1 y=2"; }, 3s));
}

TEST_CASE("a subscription that breaks loses no change of a key") {
  nodes on;
  key_user ann{*on.a.is, on.loop};
  key_user bob{*on.b.is, on.loop};
  REQUIRE(on.open_keys(ann, bob));
  for (int i = 0; i < 20; ++i) {
    ann.set("k" + std::to_string(i), "1");
    if (i % 5 == 0)
      on.redis({"CLIENT", "KILL", "TYPE", "pubsub"});
    on.loop.turn();
  }
  REQUIRE(
      on.until([&] { return ann.all_answered() && bob.keys.size() == 20; }));
  CHECK(ann.shown() == bob.shown());
}

TEST_CASE("a change whose answer is lost is not made again") {
  nodes on;
  key_user ann{*on.a.is, on.loop};
  REQUIRE(on.open_keys(ann));
  on.server.freeze();
  ann.set("x", "1");
  // Soon where it was under way, else when it is given up.
  REQUIRE(on.until([&] { return ann.all_answered(); }, 20s));
  CHECK(ann.answers[0].is == key_answer::verdict::unavailable);
  on.server.thaw(); // And finds it in its socket.
  REQUIRE(on.until([&] { return ann.shown() == "x=1"; }));
  ann.set("y", "2");
  REQUIRE(on.until([&] { return ann.all_answered(); }));
  CHECK(ann.shown() == "x=1 y=2");
  CHECK(ann.changes == 2);
}

TEST_CASE("[P-4.3] what a Redis lost of the state is gone on all nodes") {
  nodes on;
  key_user ann{*on.a.is, on.loop};
  key_user bob{*on.b.is, on.loop};
  REQUIRE(on.open_keys(ann, bob));
  ann.set("x", "1");
  REQUIRE(on.until([&] { return bob.shown() == "x=1"; }));
  on.redis({"FLUSHALL"});
  bob.set("y", "2");
  REQUIRE(
      on.until([&] { return ann.shown() == "y=2" && bob.shown() == "y=2"; }));
  CHECK(bob.all_answered());
  CHECK(ann.turns == 1);
  CHECK(bob.answers[0].is == key_answer::verdict::accepted);
}

TEST_CASE("changes that wait for Redis are bounded by time") {
  nodes on{[](auto& how) {
    how.unavailable_after = milliseconds{200};
  }};
  key_user ann{*on.a.is, on.loop};
  REQUIRE(on.open_keys(ann));
  on.server.freeze();
  ann.set("x", "1");
  REQUIRE(on.until([&] { return ann.all_answered(); }));
  CHECK(ann.answers[0].is == key_answer::verdict::unavailable);
}

TEST_CASE("two nodes have the same keys, whatever happens meanwhile") {
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    INFO("seed " << seed);
    test::random dice{seed};
    nodes on;
    key_user ann{*on.a.is, on.loop};
    key_user bob{*on.b.is, on.loop};
    REQUIRE(on.open_keys(ann, bob));
    for (int step = 0; step < 150; ++step) {
      auto what = pick(dice, 100);
      auto& who = pick(dice, 2) == 0 ? ann : bob;
      if (what < 80) {
        auto key = "k" + std::to_string(pick(dice, 9));
        auto value = pick(dice, 5) == 0 ? "" : std::to_string(step);
        if (pick(dice, 3) == 0)
          who.set(key, value, who.number(key));
        else
          who.set(key, value);
      } else if (what < 85) {
        on.set_unheard("lounge", "k" + std::to_string(pick(dice, 9)), "0");
      } else if (what < 88) {
        on.redis({"CLIENT", "KILL", "TYPE", "pubsub"});
      } else if (what < 90) {
        on.redis({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
      } else if (what < 92) {
        on.redis({"SCRIPT", "FLUSH"});
      } else {
        on.loop.turn();
      }
    }
    ann.set("last", "1");
    REQUIRE(on.until([&] { return ann.all_answered() && bob.all_answered(); }));
    bob.set("last", "2");
    REQUIRE(on.until([&] {
      return bob.all_answered() && ann.shown() == bob.shown()
             && ann.shown().ends_with("last=2");
    }));
    CHECK(ann.turns == 0);
  }
}

// -- all of it ----------------------------------------------------------------

TEST_CASE("two nodes hear what is in the log, whatever happens meanwhile") {
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    INFO("seed " << seed);
    test::random dice{seed};
    nodes on;
    shared_user ann{*on.a.is, on.loop};
    shared_user bob{*on.b.is, on.loop};
    REQUIRE(on.open(ann, bob));
    int said = 0;
    for (int step = 0; step < 150; ++step) {
      auto what = pick(dice, 100);
      auto& who = pick(dice, 2) == 0 ? ann : bob;
      if (what < 80) {
        for (auto n = 1 + pick(dice, 5); n > 0; --n)
          who.append(std::to_string(said++), {},
                     &who == &ann ? "s-ann" : "s-bob");
      } else if (what < 85) {
        on.append_unheard("lounge", std::to_string(said++));
      } else if (what < 88) {
        on.redis({"CLIENT", "KILL", "TYPE", "pubsub"});
      } else if (what < 91) {
        on.redis({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
      } else if (what < 93) {
        on.redis({"SCRIPT", "FLUSH"});
      } else {
        on.loop.turn();
      }
    }
    auto all = static_cast<std::uint64_t>(said);
    REQUIRE(
        on.until([&] { return ann.messages == all && bob.messages == all; }));
    CHECK(ann.all_answered());
    CHECK(bob.all_answered());
    CHECK(ann.told == bob.told);
    for (const auto& each : ann.answers)
      CHECK((each.is == verdict::accepted || each.is == verdict::duplicate));
    CHECK(ann.turns == 0);
  }
}
