// What actors of a node do when their own code throws.

#include <map>

#include "actors/pinned.hpp"
#include "actors/room.hpp"
#include "core/events.hpp"
#include "core/fault_point.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/logged.hpp"
#include "tests/support/probes.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

/// Points that throw, and how often still, where `text` is at hand.
std::map<std::string, int, std::less<>> faults;
std::string only_with;

void throw_where_asked(std::string_view point, std::string_view at_hand) {
  auto found = faults.find(point);
  if (found == faults.end() || found->second == 0
      || at_hand.find(only_with) == std::string_view::npos)
    return;
  --found->second;
  throw std::runtime_error{"boom"};
}

struct faulty_node : quiet_node {
  explicit faulty_node(settings config = calm(), std::uint32_t loops = 1)
    : quiet_node(std::move(config), loops) {
    faults.clear();
    only_with.clear();
    installed_fault_hook = throw_where_asked;
  }
  ~faulty_node() { installed_fault_hook = nullptr; }
};

struct room_of {
  explicit room_of(quiet_node& node) {
    auto spy = node.spawn<insider>(0, std::ref(sees));
    room_key key{room_space::protocol, "a"};
    caf::anon_send(node.context->keeper_of(key).handle(),
                   actors::join{key, newcomer_of(spy, node.loop(0)), {}, {}});
    node.run();
    is = sees.entered.at(0).room.handle();
    sees.entered.clear();
  }

  actors::supervised& shell() {
    return actors::supervised_of<actors::room>(is);
  }

  insider_view sees;
  actors::room_actor is;
};

/// Whether `who` is told that the user is in the room.
bool is_listed(guest& who, const std::string& user_id) {
  who.says(R"({"type":"presence","roomId":"a","id":9})");
  return who.sees().only("presence")["members"].find(user_id)
         != std::string::npos;
}

std::string says(const std::string& text, int id = 1) {
  return R"({"type":"message","roomId":"a","id":)" + std::to_string(id)
         + R"(,"text":")" + text + R"("})";
}

} // namespace

TEST_CASE("a room that crashes goes on under its members") {
  faulty_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  ann.says(says("one"));
  logged crashed{events::actor_crashed};
  logged restarted{events::actor_restarted};
  faults["room.publish"] = 1;
  ann.says(says("two", 2));
  ann.says(says("three", 3));
  node.advance(1s);
  CHECK(bob->is_open());
  // No gap and no double, offsets go on, and nothing is left unanswered.
  auto seen = bob.sees();
  CHECK(seen.all("message").each("text") == "one two three");
  CHECK(seen.all("message").each("offset") == "1 2 3");
  CHECK(ann.sees().all("ack").each("offset") == "1 2 3");
  CHECK(crashed.lines == 1);
  CHECK(restarted.lines == 1);
  CHECK(node.context->rooms == 1);
  const auto& counts = counted().of_kind("room");
  CHECK(counts.crashes.value() == 1);
  CHECK(counts.restarts.value() == 1);
  CHECK(counts.escalations.value() == 0);
  CHECK(counted().of_kind("connection").crashes.value() == 0);
}

TEST_CASE("a message that crashes its room twice is put away, and answered") {
  faulty_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  logged put_away{events::message_quarantined};
  faults["room.publish"] = 99;
  only_with = "poison";
  ann.queues(says("before", 1))
      .queues(says("poison", 2))
      .queues(says("behind", 3));
  node.advance(1s);
  auto seen = ann.sees();
  CHECK(seen.all("ack").each("id") == "1 3");
  CHECK(seen.only("error")["code"] == "internal");
  CHECK(seen.only("error")["id"] == "2");
  CHECK(bob.sees().all("message").each("text") == "before behind");
  CHECK(put_away.lines == 1);
  auto kept = node.context->quarantined.all();
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].room == "a");
  CHECK(kept[0].bytes.find("poison") != std::string::npos);
  CHECK(kept[0].reason == "boom");
}

TEST_CASE("what is said while a room is held comes behind what crashed it") {
  faulty_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  ann->by_mail = true;
  faults["room.publish"] = 4; // Two messages, twice each.
  for (int i = 1; i <= 6; ++i)
    ann.queues(says("m" + std::to_string(i), i));
  node.advance(1s);
  auto seen = ann.sees();
  CHECK(seen.all("error").each("id") == "1 2");
  CHECK(bob.sees().all("message").each("text") == "m3 m4 m5 m6");
  CHECK(seen.all("ack").each("id") == "3 4 5 6");
}

TEST_CASE("a message in the log reaches all, though showing it throws") {
  faulty_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  auto cid = node.connect_msgpack("user-cid");
  cid.joins("a");
  cid.sees();
  SECTION("once, before anybody has it") {
    faults["room.show"] = 1;
    ann.says(says("one"));
    CHECK(bob.sees().all("message").each("offset") == "1");
    CHECK(cid.sees().count("message") == 1);
  }
  SECTION("once, for one lane") {
    faults["fan_out.append"] = 1;
    ann.says(says("one"));
    CHECK(bob.sees().count("message") == 1);
    CHECK(cid.sees().count("message") == 1);
  }
  SECTION("each time: they are told of the gap, and it is put away") {
    faults["room.show"] = 2;
    ann.says(says("one"));
    for (auto* who : {&bob, &cid}) {
      auto gap = who->sees().only("gap");
      CHECK(gap["from"] == "1");
      CHECK(gap["to"] == "1");
    }
    CHECK(node.context->quarantined.count() == 1);
    ann.says(says("two", 2));
    CHECK(bob.sees().all("message").each("offset") == "2");
  }
  CHECK(ann.sees().all("ack").each("offset").starts_with("1"));
}

TEST_CASE("a lane that could not take a message tells of the gap") {
  faulty_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  faults["audience.append"] = 1;
  ann.says(says("one"));
  ann.says(says("two", 2));
  auto seen = bob.sees();
  CHECK(seen.only("gap")["from"] == "1");
  CHECK(seen.only("message")["offset"] == "2");
  CHECK(bob->is_open());
}

TEST_CASE("who waits to come into a room that crashes is told to try again") {
  cluster_view cluster; // Outlives the node's actors.
  cluster.answers = false;
  faulty_node node;
  node.context->cluster = node.spawn<fake_cluster>(0, std::ref(cluster));
  auto ann = node.connect("user-ann");
  ann.sees();
  ann.says(R"({"type":"join_room","roomId":"a","id":7})");
  CHECK(ann.sees().empty());
  faults["room.join"] = 1;
  auto bob = node.connect("user-bob");
  bob.sees();
  bob.says(R"({"type":"join_room","roomId":"a","id":8})");
  auto refused = ann.sees().only("error");
  CHECK(refused["code"] == "unavailable");
  CHECK(refused["id"] == "7");
  CHECK(refused["retryAfter"] == "1000");
  // Who crashed it is handled once more, and waits.
  CHECK(bob.sees().empty());
  cluster.tell_link(true);
  node.run();
  CHECK(bob.sees().count("joined") == 1);
}

TEST_CASE("who comes in while the room crashes comes in once") {
  faulty_node node;
  auto bob = node.member("user-bob", "a");
  auto ann = node.connect("user-ann");
  ann.sees();
  only_with = "user-ann";
  SECTION("where it crashes once, behind its place") {
    faults["room.admit"] = 1;
    ann.joins("a");
    node.advance(1s);
    CHECK(ann.sees().count("joined") == 1);
    CHECK(bob.sees().all("presence").size() == 1);
  }
  SECTION("where its audience crashes, behind its seat") {
    faults["audience.admit"] = 1;
    ann.joins("a");
    node.advance(1s);
    CHECK(ann.sees().count("joined") == 1);
    CHECK(bob.sees().all("presence").size() == 1);
  }
  ann.says(says("one"));
  CHECK(bob.sees().count("message") == 1);
  CHECK(ann.sees().count("ack") == 1);
  CHECK(is_listed(ann, "user-bob"));
}

TEST_CASE("who cannot be let in is told, and leaves nothing behind") {
  faulty_node node;
  auto bob = node.member("user-bob", "a");
  auto ann = node.connect("user-ann");
  ann.sees();
  only_with = "user-ann";
  faults["room.admit"] = 2;
  ann.says(R"({"type":"join_room","roomId":"a","id":7})");
  node.advance(1s);
  auto refused = ann.sees().only("error");
  CHECK(refused["code"] == "internal");
  CHECK(refused["id"] == "7");
  CHECK_FALSE(is_listed(bob, "user-ann"));
  faults.clear();
  ann.joins("a");
  CHECK(ann.sees().count("joined") == 1);
}

TEST_CASE("who leaves a room that crashes has left it") {
  faulty_node node;
  auto bob = node.member("user-bob", "a");
  auto ann = node.member("user-ann", "a");
  bob.sees();
  only_with = "user-ann";
  faults["room.remove"] = 1;
  ann.says(R"({"type":"leave_room","roomId":"a","id":7})");
  node.advance(1s);
  CHECK(ann.sees().only("left")["id"] == "7");
  CHECK(bob.sees().all("presence").size() == 1);
  CHECK_FALSE(is_listed(bob, "user-ann"));
  ann.joins("a");
  CHECK(ann.sees().count("joined") == 1);
}

TEST_CASE("what is in the log is answered once, though the answer throws") {
  faulty_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  faults["room.ack"] = 1;
  ann.says(says("one"));
  ann.says(says("two", 2));
  CHECK(ann.sees().all("ack").each("id") == "1 2");
  CHECK(bob.sees().all("message").each("text") == "one two");
}

TEST_CASE("an audience that goes on crashing ends its members' connections, "
          "and they come back") {
  faulty_node node;
  auto ann = node.member("user-ann", "a");
  auto eve = node.connect("user-eve");
  eve.sees();
  only_with = "user-eve";
  faults["audience.admit"] = 1'000;
  for (int i = 1; i <= 11; ++i) {
    eve.says(R"({"type":"join_room","roomId":"a","id":1})");
    node.advance(200ms);
  }
  node.advance(1s);
  CHECK_FALSE(ann->is_open());
  faults.clear();
  auto again = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  again.says(says("again"));
  CHECK(bob.sees().count("message") == 1);
  CHECK(node.escalated.empty());
}

TEST_CASE("who cannot be taken in takes no place") {
  faulty_node node;
  faults["gateway.spawn"] = 1;
  auto eve = node.connect("user-eve");
  CHECK_FALSE(eve->is_open());
  CHECK(node.context->connections == 0);
  auto ann = node.connect("user-ann");
  faults["keeper.spawn"] = 1;
  ann.joins("a");
  node.advance(1s);
  CHECK(node.context->rooms == 0);
  CHECK(node.context->connections == 1);
}

TEST_CASE(
    "a room that goes on crashing ends, and another one takes its place") {
  faulty_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "b");
  logged escalated{events::actor_escalated};
  faults["room.publish"] = 1'000;
  only_with = "poison";
  for (int i = 1; i <= 11; ++i) {
    ann.says(says("poison", i));
    node.advance(200ms);
  }
  node.advance(1s);
  CHECK(escalated.lines == 1);
  auto seen = ann.sees();
  CHECK(seen.all("error").each("code").starts_with("internal"));
  CHECK(seen.only("left")["reason"] == "closed");
  CHECK(ann->is_open());
  faults.clear();
  ann.joins("a");
  ann.says(says("again"));
  CHECK(ann.sees().count("ack") == 1);
  CHECK(bob->is_open());
  CHECK(bob.sees().count("left") == 0);
  CHECK(node.escalated.empty());
}

TEST_CASE("a gateway or a keeper that crashes goes on") {
  faulty_node node;
  auto ann = node.member("user-ann", "a");
  SECTION("a gateway: the client that it could not take in is closed") {
    faults["gateway.arrived"] = 1;
    auto eve = node.connect("user-eve");
    CHECK_FALSE(eve->is_open());
  }
  SECTION("a keeper: the join that it could not pass on is refused in time") {
    faults["keeper.join"] = 1;
    auto eve = node.connect("user-eve");
    eve.says(R"({"type":"join_room","roomId":"b","id":7})");
    node.advance(5s);
    CHECK(eve.sees().only("error")["code"] == "unavailable");
  }
  auto bob = node.member("user-bob", "a");
  ann.says(says("one"));
  CHECK(bob.sees().count("message") == 1);
  CHECK(node.escalated.empty());
}

TEST_CASE("a keeper that goes on crashing is its loop's crash") {
  faulty_node node;
  faults["keeper.join"] = 99;
  for (int i = 0; i < 6; ++i) {
    auto eve = node.connect("user-eve");
    eve.says(R"({"type":"join_room","roomId":"b"})");
    node.advance(500ms);
  }
  REQUIRE(node.escalated.size() == 1);
  CHECK(node.escalated[0].starts_with("loop 0: keeper: boom"));
  CHECK(counted().of_kind("keeper").escalations.value() == 1);
  // Whoever is above begins anew with all of it.
  faults.clear();
  CHECK(node.crew(0).by()->rebuild());
  auto bob = node.member("user-bob", "b");
  CHECK(bob->is_open());
}

TEST_CASE("a crash tells what its actor did before") {
  faulty_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  logged flight{events::actor_flight};
  faults["room.publish"] = 1;
  ann.says(says("one"));
  CHECK(flight.lines >= 3); // Two joins and this.
}

TEST_CASE("a room for which too much waits refuses what is said") {
  auto config = calm();
  config.limits.room_mailbox = 16;
  config.limits.messages_burst = 1'000;
  faulty_node node{config};
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  {
    room_of its{node};
    its.shell().hold();
    for (int i = 1; i <= 20; ++i)
      ann.queues(says("m", i));
    node.run();
    auto refused = ann.sees().all("error");
    CHECK(refused.each("id") == "17 18 19 20");
    CHECK(refused.back()["code"] == "unavailable");
    CHECK(refused.back()["retryAfter"] == "1000");
    CHECK(node.context->refused_by_busy_rooms == 4);
    CHECK(counted().of(reached_limit::room_mailbox).value() == 4);
    // Which does not handle anything, so that others have to tell.
    CHECK(counted().of_kind("room").mailbox.value(node.now()) == 16);
    CHECK(its.shell().rebuild());
    its.is = nullptr;
  }
  node.run();
  CHECK(bob.sees().count("message") == 16);
  ann.says(says("m", 21));
  CHECK(ann.sees().all("ack").back()["id"] == "21");
}

TEST_CASE("how much waits for an actor is told, and that it no longer does") {
  faulty_node node;
  auto ann = node.member("user-ann", "a");
  node.loop(0).patient.mailbox = 4;
  logged deep{events::mailbox_deep};
  logged drained{events::mailbox_drained};
  room_of its{node};
  its.shell().hold();
  for (int i = 1; i <= 9; ++i)
    ann.queues(says("m", i));
  node.run();
  CHECK(deep.lines == 0); // It does nothing, so others have to tell.
  CHECK(its.shell().rebuild());
  its.is = nullptr;
  node.run();
  CHECK(deep.lines == 1);
  CHECK(deep.number("depth") == 8);
  CHECK(drained.lines == 1);
  const auto& peak = counted().of_kind("room").mailbox;
  CHECK(peak.value(node.now()) == 8);
  node.advance(31s);
  CHECK(peak.value(node.now()) == 0);
}

TEST_CASE("who takes long for one message is told, with the message's name") {
  faulty_node node;
  auto ann = node.member("user-ann", "a");
  ann.says(says("one"));
  logged slow{events::actor_slow};
  node.loop(0).patient.handler = 1ms;
  installed_fault_hook = [](std::string_view point, std::string_view) {
    auto until = std::chrono::steady_clock::now() + 5ms;
    while (point == "room.publish" && std::chrono::steady_clock::now() < until)
      ;
  };
  ann.says(says("two", 2));
  CHECK(slow.text("message") != "");
  CHECK(slow.seen.find("publish\n") != std::string::npos);
  CHECK(counted().of_kind("room").slow_messages.value() >= 1);
}

TEST_CASE("the depth of a mailbox is what came and was not handled") {
  mailbox_gauge box;
  CHECK(box.depth() == 0);
  CHECK(box.age() == 0ms);
  for (int i = 0; i < 3; ++i)
    box.arrives();
  CHECK(box.depth() == 3);
  box.handled();
  CHECK(box.depth() == 2);
  box.handled();
  box.handled();
  CHECK(box.depth() == 0);
  CHECK(box.age() == 0ms);
}
