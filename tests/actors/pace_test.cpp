#include "tests/support/catch.hpp"
#include "tests/support/probes.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;
using protocol::close_code;

namespace {

settings slow_pace(std::uint32_t per_second, std::uint32_t burst) {
  auto config = anonymous();
  config.limits.messages_per_second = per_second;
  config.limits.messages_burst = burst;
  return config;
}

void publish(guest& who, int times) {
  for (int i = 0; i < times; ++i)
    who.queues(R"({"type":"message","roomId":"a","text":"x"})");
}

} // namespace

TEST_CASE("[P-7] over its rate a client is told when to try again") {
  quiet_node node{slow_pace(10, 3)};
  auto ann = node.connect();
  ann.sees();
  for (int i = 0; i < 4; ++i)
    ann.queues(R"({"type":"ping","id":9})");
  node.run();
  auto seen = ann.sees();
  CHECK(seen.types() == "pong pong pong error");
  auto refused = seen.only("error");
  CHECK(refused["code"] == "rate_limited");
  CHECK(refused["id"] == "9");
  CHECK(refused["retryAfter"] == "100");
  node.advance(99ms);
  ann.says(R"({"type":"ping"})");
  CHECK(ann.sees().only("error")["retryAfter"] == "1");
  node.advance(1ms);
  ann.says(R"({"type":"ping"})");
  CHECK(ann.sees().types() == "pong");
}

TEST_CASE("[P-7] what cannot be read counts against the rate, too") {
  quiet_node node{slow_pace(10, 2)};
  auto ann = node.connect();
  ann.sees();
  ann.sends("{").sends("{").sends("{");
  CHECK(ann.sees().each("code") == "bad_json bad_json rate_limited");
}

TEST_CASE("[P-7] who goes on after `rate_limited` is closed with 4029") {
  auto config = slow_pace(1, 1);
  config.limits.violations = 3;
  quiet_node node{config};
  auto ann = node.connect();
  ann.sees();
  for (int i = 0; i < 4; ++i)
    ann.says(R"({"type":"ping"})");
  CHECK(ann->is_open());
  CHECK(ann.sees().count("error") == 3);
  ann.says(R"({"type":"ping"})");
  CHECK(ann->closed == close_code::too_many_violations);
}

TEST_CASE("[P-7] violations are forgotten after their window") {
  auto config = slow_pace(1, 1);
  config.limits.violations = 1;
  quiet_node node{config};
  auto ann = node.connect();
  node.advance(20s);
  for (int i = 0; i < 5; ++i) {
    ann.queues(R"({"type":"ping"})").says(R"({"type":"ping"})");
    node.advance(10'001ms);
  }
  CHECK(ann->is_open());
}

TEST_CASE("a publisher with 256 unconfirmed publishes waits for its room") {
  still_life still; // Outlives the node.
  quiet_node node{slow_pace(0, 1)};
  node.context->keepers = {node.spawn<still_keeper>(0, std::ref(still))};
  auto ann = node.connect();
  ann.joins("a");
  publish(ann, 300);
  node.run();
  CHECK(still.published.size() == 256);
  CHECK(ann->handled_messages == 1 + 256);
  CHECK(still.asked_for_credit() == 16);

  // One answer opens the window for as many as it stands for.
  caf::anon_send(ann->reader(),
                 actors::request_done{{}, actors::allowance::logged});
  node.run();
  CHECK(still.published.size() == 256 + 16);
  for (int i = 0; i < 2; ++i)
    caf::anon_send(ann->reader(),
                   actors::request_done{{}, actors::allowance::logged});
  node.run();
  CHECK(still.published.size() == 300);
}

TEST_CASE("what a room does not confirm waits, each kind by itself") {
  still_life still; // Outlives the node.
  quiet_node node{slow_pace(0, 1)};
  node.context->keepers = {node.spawn<still_keeper>(0, std::ref(still))};
  auto ann = node.connect();
  ann.joins("a");
  auto gives_back = [&](actors::allowance what) {
    caf::anon_send(ann->reader(), actors::request_done{{}, what});
    node.run();
  };
  SECTION("changes of state") {
    for (int i = 0; i < 300; ++i)
      ann.queues(R"({"type":"set_state","roomId":"a","key":"k","value":1})");
    node.run();
    CHECK(still.changed.size() == 256);
    gives_back(actors::allowance::logged);
    CHECK(still.changed.size() == 256);
    gives_back(actors::allowance::passing);
    CHECK(still.changed.size() == 256 + 16);
  }
  SECTION("questions") {
    ann.queues(R"({"type":"presence","roomId":"a"})");
    ann.queues(R"({"type":"history","roomId":"a"})");
    ann.queues(R"({"type":"presence","roomId":"a"})");
    node.run();
    for (std::size_t asked = 1; asked <= 3; ++asked) {
      CHECK(still.asked.size() == asked);
      gives_back(actors::allowance::question);
    }
    CHECK(still.asked
          == std::vector<actors::allowance>(3, actors::allowance::question));
  }
  SECTION("typing gives back nothing of what the log has not confirmed") {
    publish(ann, 255);
    for (int i = 0; i < 16; ++i)
      ann.queues(R"({"type":"typing","roomId":"a"})");
    node.run();
    gives_back(actors::allowance::passing);
    publish(ann, 2);
    node.run();
    CHECK(still.published.size() == 256 + 16);
  }
}

TEST_CASE("a room that changes its state does not hold its members up") {
  quiet_node node{slow_pace(0, 1), 2};
  auto ann = node.member({}, "a", 0);
  auto bob = node.member({}, "a", 1);
  for (auto* who : {&ann, &bob}) {
    for (int i = 0; i < 1'000; ++i)
      who->queues(R"({"type":"set_state","roomId":"a","key":"k","value":1})");
    who->queues(R"({"type":"ping"})");
    node.run();
    CHECK(who->sees().count("pong") == 1);
  }
}

TEST_CASE("a room that confirms does not hold its publishers up") {
  quiet_node node{slow_pace(0, 1), 2};
  auto bob = node.member({}, "a", 1);
  auto ann = node.member({}, "a", 0);
  publish(ann, 1000);
  node.run();
  CHECK(bob.sees().count("message") == 1000);
  CHECK(ann.sees().empty());
}

TEST_CASE("[P-7.1] what may bring much costs more than one request") {
  auto affords = [](std::uint32_t tokens, const std::string& asks) {
    auto config = slow_pace(1, tokens + 1);
    config.heartbeat.interval = 10h;
    quiet_node node{config};
    auto ann = node.member({}, "a");
    ann.says(asks);
    return ann.sees().count("error") == 0;
  };
  const std::string since =
      R"({"type":"join_room","roomId":"b","since":{"epoch":"e","offset":0}})";
  CHECK(affords(5, since));
  CHECK_FALSE(affords(4, since));
  const std::string newest =
      R"({"type":"join_room","roomId":"b","history":1000})";
  CHECK(affords(10, newest));
  CHECK_FALSE(affords(9, newest));
  const std::string again = R"({"type":"join_room","roomId":"a"})";
  CHECK(affords(4, again));
  CHECK_FALSE(affords(3, again));
  const std::string list = R"({"type":"presence","roomId":"a"})";
  CHECK(affords(4, list));
  CHECK_FALSE(affords(3, list));
}

TEST_CASE("[P-7.1] a resume costs once more for each eight rooms") {
  auto affords = [](std::uint32_t tokens, int rooms) {
    auto config = slow_pace(1, tokens);
    config.heartbeat.interval = 10h;
    quiet_node node{config};
    std::string asks = R"({"type":"resume","session":"s","rooms":{)";
    for (int i = 0; i < rooms; ++i)
      asks += (i > 0 ? "," : "") + std::string{R"("room-)"} + std::to_string(i)
              + R"(":{"epoch":"e","offset":0})";
    auto ann = node.connect();
    ann.sees();
    ann.says(asks + "}}");
    return ann.sees().count("resumed") == 1;
  };
  CHECK(affords(1, 7));
  CHECK_FALSE(affords(1, 8));
  CHECK(affords(3, 16));
  CHECK_FALSE(affords(2, 16));
}

TEST_CASE("[P-7.1] the rooms of the URL cost what a resume of them would") {
  quiet_node node{slow_pace(1, 2)};
  actors::client_hello hello;
  for (int i = 0; i < 16; ++i)
    hello.rooms.push_back("room-" + std::to_string(i));
  auto ann = node.arrive(hello);
  CHECK(ann.sees().count("joined") == 16);
  ann.says(R"({"type":"ping"})");
  CHECK(ann.sees().only("error")["code"] == "rate_limited");
  for (int i = 0; i < 8; ++i)
    hello.rooms.push_back("more-" + std::to_string(i));
  auto bob = node.arrive(hello);
  auto seen = bob.sees();
  CHECK(seen.count("joined") == 0);
  CHECK(seen.only("error")["code"] == "rate_limited");
}

TEST_CASE("[P-3.12] who goes while its join waits takes it back") {
  still_life still; // Outlives the node.
  quiet_node node{anonymous()};
  still.answers_joins = false;
  node.context->keepers = {node.spawn<still_keeper>(0, std::ref(still))};
  auto ann = node.connect();
  ann.joins("a");
  CHECK(still.withdrawn.empty());
  ann->hangs_up();
  node.run();
  CHECK(still.withdrawn.size() == 1);
}

TEST_CASE("[P-5.1] a join that nobody answers is refused after 5 s") {
  still_life still; // Outlives the node.
  quiet_node node{anonymous()};
  still.answers_joins = false;
  node.context->keepers = {node.spawn<still_keeper>(0, std::ref(still))};
  auto ann = node.connect();
  ann.sees();
  ann.says(R"({"type":"join_room","roomId":"a","id":1})");
  ann.says(R"({"type":"ping","id":2})");
  node.advance(4'999ms);
  CHECK(ann.sees().empty());
  node.advance(1ms);
  auto seen = ann.sees();
  CHECK(seen.types() == "error pong");
  auto refused = seen.only("error");
  CHECK(refused["code"] == "unavailable");
  CHECK(refused["roomId"] == "a");
  CHECK(refused["id"] == "1");
  CHECK(refused["retryAfter"] != "");

  CHECK(still.withdrawn.size() == 1);

  // The room that answers after all is left again.
  still.answer_joins(ann->reader());
  node.run();
  CHECK(still.left == 1);
  ann.says(R"({"type":"message","roomId":"a","text":"x","id":3})");
  CHECK(ann.sees().only("error")["code"] == "not_in_room");
}

TEST_CASE("[P-5.1] what comes late of a join is not taken for the next one's") {
  still_life still; // Outlives the node.
  quiet_node node{anonymous()};
  still.answers_joins = false;
  node.context->keepers = {node.spawn<still_keeper>(0, std::ref(still))};
  auto ann = node.connect();
  ann.says(R"({"type":"join_room","roomId":"a","id":1})");
  node.advance(5s);
  ann.sees();
  ann.says(R"({"type":"join_room","roomId":"a","id":2})");
  ann.says(R"({"type":"message","roomId":"a","text":"x","id":3})");
  REQUIRE(still.joins.size() == 2);
  auto first = still.joins[0].who.join;
  auto second = still.joins[1].who.join;
  CHECK(first != second);
  room_key key{room_space::protocol, "a"};
  SECTION("a refusal") {
    protocol::error why{protocol::error_code::room_full, "full",
                        still.joins[0].id, "a", std::nullopt};
    caf::anon_send(ann->reader(), actors::request_refused{why, key, first, {}});
  }
  SECTION("an entry") {
    caf::anon_send(ann->reader(), actors::room_entered{key, still.room, first});
  }
  SECTION("the end of its room") {
    caf::anon_send(ann->reader(), actors::room_exited{key, first});
  }
  node.run();
  CHECK(ann.sees().empty());
  CHECK(still.published.empty());
  caf::anon_send(ann->reader(), actors::room_entered{key, still.room, second});
  node.run();
  CHECK(still.published.size() == 1);
  CHECK(still.left == 0);
  // Its own end is told.
  caf::anon_send(ann->reader(), actors::room_exited{key, second});
  node.run();
  CHECK(ann.sees().only("left")["reason"] == "closed");
}

TEST_CASE("[P-5.1] a rejoin that nobody answers does not hold a client up") {
  still_life still; // Outlives the node.
  quiet_node node{anonymous()};
  node.context->keepers = {node.spawn<still_keeper>(0, std::ref(still))};
  auto ann = node.connect();
  ann.joins("a");
  still.answers_joins = false;
  ann.sees();
  ann.says(R"({"type":"join_room","roomId":"a","id":1})");
  ann.says(R"({"type":"ping","id":2})");
  node.advance(5s);
  auto seen = ann.sees();
  CHECK(seen.types() == "error pong");
  CHECK(seen.only("error")["id"] == "1");
}
