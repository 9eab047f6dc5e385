// Rooms whose logs answer later: what is asked for meanwhile, and who goes
// away.

#include "tests/support/catch.hpp"
#include "tests/support/hand_store.hpp"
#include "tests/support/probes.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

struct reading {
  hand_store logs; // Outlives the node's actors.
  insider_view sees;
  quiet_node node;
  room_key key{room_space::protocol, "a"};

  explicit reading(settings config = calm(), bool is_shared = false)
    : logs(is_shared), node{std::move(config), 2} {
    node.context->shared = &logs;
  }

  /// A member that has said something, while reads were answered.
  guest speaker() {
    auto ann = node.member("user-ann", "a");
    ann.says(R"({"type":"message","roomId":"a","text":"one"})");
    ann.sees();
    return ann;
  }

  /// Asks for the newest messages, and gives where they come.
  std::shared_ptr<fake_outbox> joins(const actors::connection_actor& who,
                                     protocol::request_id id,
                                     std::uint32_t history) {
    auto asks = newcomer_of(who, node.loop(0));
    asks.about = {"c-" + std::to_string(who.id()), "spy", {}};
    asks.join = 1;
    caf::anon_send(node.context->keeper_of(key).handle(),
                   actors::join{key, asks, std::move(id), {}, history});
    return std::static_pointer_cast<fake_outbox>(asks.out);
  }

  std::pair<actors::connection_actor, std::shared_ptr<fake_outbox>> enters() {
    auto spy = node.spawn<insider>(0, std::ref(sees));
    auto out = joins(spy, {}, 0);
    node.run();
    REQUIRE(sees.entered.size() == 1);
    return {spy, out};
  }

  /// So many questions, with ids from 0 on.
  void asks(const actors::connection_actor& spy, int many) {
    for (int i = 0; i < many; ++i)
      caf::anon_send(sees.entered[0].room.handle(),
                     actors::read_log{spy.id(), i, {"a", {}, 1}});
    node.run();
  }
};

} // namespace

TEST_CASE_METHOD(reading, "many answers of a log at once are dealt with one "
                          "after the other, in their order") {
  constexpr int many = 250;
  auto ann = speaker();
  auto [spy, out] = enters();
  logs.holds_reads = true;
  asks(spy, many);
  REQUIRE(logs.reads_waiting() == many);
  out->got.clear();
  logs.answer();
  node.run();
  int next = 0;
  for (std::size_t at = 0; next < many; ++next) {
    at = out->got.find("\"id\":" + std::to_string(next) + ',', at);
    if (at == std::string::npos)
      break;
  }
  CHECK(next == many);
}

TEST_CASE_METHOD(reading, "a room reads so many pages at a time") {
  auto ann = speaker();
  auto [spy, out] = enters();
  logs.holds_reads = true;
  asks(spy, 257);
  CHECK(logs.reads_waiting() == 256);
  REQUIRE(sees.refused.size() == 1);
  CHECK(sees.refused[0].what.code == protocol::error_code::unavailable);
  CHECK(sees.refused[0].what.retry_after.has_value());
  CHECK(sees.refused[0].credit == actors::allowance::question);
  logs.answer();
  asks(spy, 1);
  CHECK(logs.reads_waiting() == 1);
}

TEST_CASE_METHOD(reading, "a room reads so many newcomers' pasts at a time") {
  auto ann = speaker();
  logs.holds_reads = true;
  for (int i = 0; i < 1'025; ++i)
    joins(node.spawn<insider>(0, std::ref(sees)), {}, 1);
  node.run();
  CHECK(logs.reads_waiting() == 1'024);
  REQUIRE(sees.refused.size() == 1);
  CHECK(sees.refused[0].join != 0);
  CHECK(sees.refused[0].what.code == protocol::error_code::unavailable);
  logs.answer();
  node.run();
  CHECK(sees.entered.size() == 1'024);
}

TEST_CASE_METHOD(reading,
                 "[P-3.12] what is sent behind a `history` waits until "
                 "that is answered") {
  auto ann = speaker();
  logs.holds_reads = true;
  ann.says(R"({"type":"history","roomId":"a","id":1})");
  ann.says(R"({"type":"history","roomId":"a","id":2})");
  ann.says(R"({"type":"presence","roomId":"a","id":3})");
  ann.says(R"({"type":"ping","id":4})");
  CHECK(ann.sees().empty());
  CHECK(logs.reads_waiting() == 1);
  logs.answer();
  node.run();
  CHECK(ann.sees().types() == "history");
  logs.answer();
  node.run();
  auto seen = ann.sees();
  CHECK(seen.count("history") + seen.count("presence") + seen.count("pong")
        == 3);
}

TEST_CASE("[P-3.3] who is told that its message was there is not sent it too") {
  reading on{calm(), true};
  auto ann = on.node.member("user-ann", "a");
  auto bob = on.node.member("user-bob", "a");
  on.node.advance(100ms);
  ann.sees(), bob.sees();
  // Its node had to ask for it twice, and the first time it was accepted.
  posted what;
  what.user_id = "user-ann";
  what.body.said = {protocol::encoding::json, "\"x\""};
  on.logs.append("a", what, ann.connection_id(), protocol::request_id{1},
                 on.node.wall_now());
  ann.says(R"({"type":"message","roomId":"a","text":"x","id":1})");
  CHECK(ann.sees().only("ack")["duplicate"] == "true");
  on.logs.tell("a");
  on.node.run();
  CHECK(bob.sees().count("message") == 1);
  CHECK(ann.sees().count("message") == 0);
}

TEST_CASE_METHOD(reading, "a room that fails owes nobody a `history`") {
  auto ann = speaker();
  auto [spy, out] = enters();
  logs.holds_reads = true;
  ann.says(R"({"type":"history","roomId":"a","id":1})");
  wear_out(node, sees.entered[0].room.handle(),
           {spy.id(), {}, {}, bombshell()});
  sees.entered.clear();
  ann.sees();
  ann.says(R"({"type":"ping","id":2})");
  CHECK(ann.sees().types() == "pong");
}

TEST_CASE_METHOD(reading, "who asks to join again while its past is read is "
                          "answered once, the later time") {
  auto ann = speaker();
  logs.holds_reads = true;
  auto spy = node.spawn<insider>(0, std::ref(sees));
  joins(spy, 1, 1);
  auto out = joins(spy, 2, 1);
  node.run();
  logs.answer();
  node.run();
  CHECK(sees.entered.size() == 1);
  CHECK(out->got.find("\"id\":2") != std::string::npos);
}

TEST_CASE_METHOD(reading, "who is gone while its past is read does not keep "
                          "the room") {
  {
    auto ann = speaker();
    logs.holds_reads = true;
    ann.says(R"({"type":"leave_room","roomId":"a"})");
  }
  auto bob = node.connect("user-bob", 1);
  bob.says(R"({"type":"join_room","roomId":"a","history":1})");
  REQUIRE(logs.reads_waiting() == 1);
  SECTION("lost") {
    bob->hangs_up(1006);
  }
  SECTION("closed") {
    bob->hangs_up(1000);
  }
  SECTION("not answered in time") {
    node.advance(5s);
    CHECK(bob.sees().only("error")["code"] == "unavailable");
  }
  node.advance(31s); // `rooms.linger`.
  CHECK(node.context->rooms == 0);
  logs.answer();
  node.run();
  CHECK(bob.sees().count("joined") == 0);
}

TEST_CASE("[P-4.1] a message that cannot be read leaves no silent hole") {
  reading room;
  auto ann = room.speaker();
  for (auto text : {"two", "three", "four", "five"})
    ann.says(R"({"type":"message","roomId":"a","text":")" + std::string{text}
             + R"("})");
  room.logs.unreadable = {3};
  auto page = [&](const std::string& more) {
    ann.sees();
    ann.says(R"({"type":"history","roomId":"a")" + more + '}');
    auto messages = ann.sees().only("history")["messages"];
    std::string texts;
    for (auto text : {"one", "two", "three", "four", "five"})
      if (messages.find('"' + std::string{text} + '"') != std::string::npos)
        texts += ' ' + std::string{text};
    return texts;
  };
  CHECK(page(R"(,"from":1)") == " one two");
  CHECK(page(R"(,"from":3)") == " four five");
  CHECK(page("") == " four five");
  auto joins = [&](const std::string& more) {
    auto bob = room.node.connect("user-bob", 1);
    bob.sees();
    bob.says(R"({"type":"join_room","roomId":"a")" + more + '}');
    return bob.sees();
  };
  CHECK(joins(R"(,"history":5)").all("message").each("text") == "four five");
  ann.says(R"({"type":"leave_room","roomId":"a"})").joins("a");
  auto epoch = ann.sees().only("joined")["epoch"];
  auto seen = joins(R"(,"since":{"epoch":")" + epoch + R"(","offset":1})");
  CHECK(seen.only("joined")["recovered"] == "false");
  CHECK(seen.only("joined")["reason"] == "trimmed");
  CHECK(seen.count("message") == 0);
}
