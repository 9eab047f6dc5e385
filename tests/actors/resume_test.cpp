// [P-3.18] A connection goes on with what a lost one had.

#include "tests/support/catch.hpp"
#include "tests/support/probes.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;
using protocol::close_code;

namespace {

constexpr std::uint16_t lost = protocol::no_close_frame;

/// A client with its session and where it is in room `a`.
struct visitor {
  explicit visitor(guest&& is) : who(std::move(is)) {
    auto seen = who.sees();
    session = seen.only("auth_success")["session"];
    connection_id = seen.only("auth_success")["connectionId"];
  }

  void enters(const std::string& room) {
    who.joins(room);
    at.insert_or_assign(room, who.sees().only("joined"));
  }

  [[nodiscard]] std::string resume(const std::string& more = {}) const {
    std::string rooms;
    for (const auto& [room, joined] : at)
      rooms += (rooms.empty() ? "\"" : ",\"") + room + R"(":{"epoch":")"
               + joined["epoch"] + R"(","offset":)" + joined["offset"] + '}';
    return R"({"type":"resume","id":"r","session":")" + session
           + R"(","rooms":{)" + rooms + '}' + more + '}';
  }

  guest who;
  std::string session;
  std::string connection_id;
  std::map<std::string, heard> at;
};

std::string say(const std::string& room, const std::string& text,
                const std::string& more = {}) {
  return R"({"type":"message","roomId":")" + room + R"(","text":")" + text + '"'
         + more + '}';
}

} // namespace

TEST_CASE("[P-3.18] all rooms are resumed in one answer, others see nothing") {
  quiet_node node{calm(), 2};
  visitor ann{node.connect("user-ann", 0)};
  auto bob = node.connect("user-bob", 1);
  for (auto room : {"a", "b", "c"}) {
    ann.enters(room);
    bob.joins(room);
  }
  node.advance(100ms);
  bob.sees();
  ann.who->hangs_up(lost);
  bob.says(say("a", "one")).says(say("b", "two")).says(say("a", "three"));
  node.advance(1s);
  visitor back{node.connect("user-ann", 1)};
  back.who.says(ann.resume());
  auto seen = back.who.sees();
  REQUIRE(!seen.empty());
  CHECK(seen.front().type() == "resumed");
  CHECK(seen.front()["id"] == "r");
  CHECK(seen.front()["session"] == ann.session);
  CHECK(seen.front()["connectionId"] == ann.connection_id);
  CHECK(seen.front()["userId"] == "user-ann");
  auto rooms = seen.front()["rooms"];
  CHECK(rooms.find("false") == std::string::npos);
  CHECK(seen.all("message").each("text").size() == 13);
  CHECK(seen.count("presence") == 3);
  CHECK(seen.count("joined") == 0);
  node.advance(5s);
  CHECK(bob.sees().count("presence") == 0);
  // It is a member like any other.
  back.who.says(say("a", "four"));
  CHECK(bob.sees().only("message")["text"] == "four");
  bob.says(say("c", "five"));
  CHECK(back.who.sees().only("message")["text"] == "five");
}

TEST_CASE("[P-4.16] what a room says comes behind `resumed`") {
  quiet_node node{calm(), 2};
  visitor ann{node.connect("user-ann", 0)};
  auto bob = node.connect("user-bob", 1);
  for (auto room : {"a", "b", "c", "d", "e"}) {
    ann.enters(room);
    bob.joins(room);
  }
  ann.who->hangs_up(lost);
  node.run();
  visitor back{node.connect("user-ann", 0)};
  back.who.queues(ann.resume());
  back.who.queues(R"({"type":"ping"})");
  for (auto room : {"a", "b", "c", "d", "e"})
    bob.queues(say(room, "x")).queues(say(room, "y", R"(,"to":"user-ann")"));
  node.run();
  auto seen = back.who.sees();
  CHECK(seen.front().type() == "resumed");
  CHECK(seen.all("message").each("text").find_first_not_of("xy ")
        == std::string::npos);
  CHECK(seen.count("message") >= 5);
  CHECK(seen.count("pong") == 1);
}

TEST_CASE("[P-4.4] who does not come back in time has left") {
  quiet_node node{calm(), 2};
  visitor ann{node.connect("user-ann", 0)};
  ann.enters("a");
  auto bob = node.member("user-bob", "a", 1);
  ann.who->hangs_up(lost);
  node.advance(1'900ms);
  CHECK(bob.sees().empty());
  bob.says(R"({"type":"presence","roomId":"a"})");
  CHECK(bob.sees().only("presence")["memberCount"] == "2");
  node.advance(200ms);
  CHECK(bob.sees().only("presence")["left"].find(ann.connection_id)
        != std::string::npos);
  // Who comes back later has recovered nevertheless, and is seen to join.
  visitor back{node.connect("user-ann", 1)};
  back.who.says(ann.resume());
  CHECK(back.who.sees().only("resumed")["rooms"].find("\"recovered\":true")
        != std::string::npos);
  node.advance(100ms);
  CHECK(bob.sees().only("presence")["joined"].find(ann.connection_id)
        != std::string::npos);
}

TEST_CASE("[P-4.4] who says goodbye has left at once") {
  for (std::uint16_t code : {1000, 1005}) {
    quiet_node node{calm(), 2};
    visitor ann{node.connect("user-ann", 0)};
    ann.enters("a");
    auto bob = node.member("user-bob", "a", 1);
    ann.who->hangs_up(code);
    node.advance(100ms);
    CHECK(bob.sees().count("presence") == 1);
  }
}

TEST_CASE("[P-5.2] a session that goes on elsewhere is closed with 4009") {
  quiet_node node{calm(), 2};
  visitor ann{node.connect("user-ann", 0)};
  ann.enters("a");
  ann.enters("b");
  auto bob = node.member("user-bob", "a", 1);
  bob.joins("b");
  node.advance(100ms);
  bob.sees();
  visitor back{node.connect("user-ann", 1)};
  back.who.says(ann.resume());
  CHECK(ann.who->closed == close_code::resumed_elsewhere);
  CHECK(back.who.sees().front().type() == "resumed");
  node.advance(5s);
  CHECK(bob.sees().count("presence") == 0);
  bob.says(say("a", "x"));
  CHECK(back.who.sees().only("message")["text"] == "x");
}

TEST_CASE("[P-3.4] ids are remembered over connections of a session") {
  quiet_node node{calm(), 2};
  visitor ann{node.connect("user-ann", 0)};
  ann.enters("a");
  auto bob = node.member("user-bob", "a", 1);
  ann.who.says(say("a", "one", R"(,"id":1)"));
  auto first = ann.who.sees().only("ack");
  ann.who->hangs_up(lost); // As if the ack had been lost.
  node.run();
  visitor back{node.connect("user-ann", 1)};
  back.who.says(ann.resume());
  auto replayed = back.who.sees().only("message");
  CHECK(replayed["text"] == "one");
  CHECK(replayed["id"] == "1");
  back.who.says(say("a", "one", R"(,"id":1)"));
  auto again = back.who.sees().only("ack");
  CHECK(again["duplicate"] == "true");
  CHECK(again["offset"] == first["offset"]);
  CHECK(bob.sees().count("message") == 1);
}

TEST_CASE("[P-3.18] a session of another user is forbidden while it is known") {
  quiet_node node{calm(), 2};
  visitor ann{node.connect("user-ann", 0)};
  ann.enters("a");
  auto bob = node.member("user-bob", "a", 1);
  visitor eve{node.connect("user-eve", 1)};
  eve.who.says(ann.resume());
  auto answer = eve.who.sees().only("resumed");
  CHECK(answer["rooms"].find("\"error\":\"forbidden\"") != std::string::npos);
  CHECK(ann.who->is_open());
  node.advance(1s);
  CHECK(bob.sees().empty());
  bob.says(say("a", "x"));
  CHECK(eve.who.sees().empty());
  CHECK(ann.who.sees().only("message")["text"] == "x");
}

TEST_CASE("[P-3.18] what is no session is resumed under the own one") {
  quiet_node node{calm(), 2};
  visitor ann{node.connect("user-ann", 0)};
  ann.enters("a");
  ann.who->hangs_up(lost);
  node.run();
  visitor back{node.connect("user-ann", 1)};
  ann.session = "nonsense";
  back.who.says(ann.resume());
  auto answer = back.who.sees().only("resumed");
  CHECK(answer["session"] == back.session);
  CHECK(answer["connectionId"] == "");
  CHECK(answer["rooms"].find("\"recovered\":true") != std::string::npos);
}

TEST_CASE("[P-3.18] an anonymous client is who it was") {
  quiet_node node{anonymous(), 2};
  visitor ann{node.connect({}, 0)};
  ann.enters("a");
  ann.who->hangs_up(lost);
  node.run();
  visitor back{node.connect({}, 1)};
  back.who.says(ann.resume());
  auto seen = back.who.sees();
  CHECK(seen.only("resumed")["userId"].starts_with("anon-"));
  CHECK(seen.only("resumed")["connectionId"] == ann.connection_id);
  CHECK(seen.only("presence")["memberCount"] == "1");
  CHECK(seen.only("presence")["members"].find(seen.only("resumed")["userId"])
        != std::string::npos);
}

TEST_CASE("[P-3.18] an anonymous client tells its name again") {
  quiet_node node{anonymous(), 2};
  visitor ann{node.connect({}, 0)};
  ann.who.says(R"({"type":"join_room","roomId":"a","userId":"ann"})");
  ann.at.insert_or_assign("a", ann.who.sees().only("joined"));
  ann.who->hangs_up(lost);
  node.run();
  visitor back{node.connect({}, 1)};
  back.who.says(ann.resume(R"(,"userId":"ann")"));
  CHECK(back.who.sees().only("resumed")["userId"] == "ann");
}

TEST_CASE("[P-4.16] a room that cannot be entered says why") {
  settings config = calm();
  config.rooms.members = 1;
  quiet_node node{config, 2};
  visitor ann{node.connect("user-ann", 0)};
  ann.enters("a");
  ann.who->hangs_up(1000);
  node.run();
  auto bob = node.connect("user-bob", 1);
  bob.joins("a");
  visitor back{node.connect("user-ann", 0)};
  back.who.says(ann.resume());
  CHECK(back.who.sees().only("resumed")["rooms"].find("room_full")
        != std::string::npos);
}

TEST_CASE("[P-4.16] a resume brings no more than may wait for its client") {
  auto config = calm();
  config.limits.unsent_bytes = 16 * 1024; // Three quarters of it.
  quiet_node node{config};
  claims talkative;
  talkative.user_id = "max";
  talkative.info_json = '"' + std::string(3'000, 'x') + '"';
  node.tokens["max"] = talkative;
  auto max = node.connect("max");
  visitor ann{node.connect("user-ann")};
  for (auto room : {"a", "b", "c", "d", "e"}) {
    max.joins(room);
    ann.enters(room);
  }
  ann.who->hangs_up(lost);
  node.run();
  visitor back{node.connect("user-ann")};
  back.who.says(ann.resume());
  auto seen = back.who.sees();
  auto rooms = seen.only("resumed")["rooms"];
  auto refused = [&](const std::string& room) {
    return rooms.find(R"("roomId":")" + room
                      + R"(","recovered":false,"error":"unavailable")")
           != std::string::npos;
  };
  for (auto room : {"a", "b", "c"})
    CHECK_FALSE(refused(room));
  CHECK(refused("d"));
  CHECK(refused("e"));
  CHECK(seen.count("presence") == 3);
  // It joins those one by one, and is not seen to have been away.
  node.advance(100ms);
  max.sees();
  back.enters("d");
  node.advance(100ms);
  CHECK(max.sees().empty());
}

TEST_CASE("[P-4.16] what was missed leaves place for one room in any case") {
  actors::resume_budget left{1'000};
  CHECK(left.take_missed(250));
  CHECK(left.take_missed(250));
  CHECK_FALSE(left.take_missed(1)); // Half of all.
  CHECK(left.take_room(500));       // The first one: else nobody could resume.
  CHECK_FALSE(left.take_room(1));
  actors::resume_budget other{1'000};
  CHECK(other.take_room(100));
  CHECK(other.take_room(650));
  CHECK_FALSE(other.take_room(1)); // Three quarters.
  CHECK_FALSE(other.take_missed(1));
  CHECK(other.take_room(0));
}

TEST_CASE("[P-4.18] of all rooms together so much of what was missed is sent") {
  auto config = calm();
  config.limits.unsent_bytes = 64 * 1024; // Half of it.
  config.limits.messages_per_second = 0;
  quiet_node node{config};
  auto bob = node.connect("user-bob");
  visitor ann{node.connect("user-ann")};
  for (auto room : {"a", "b", "c"}) {
    bob.joins(room);
    ann.enters(room);
  }
  ann.who->hangs_up(lost);
  for (auto room : {"a", "b", "c"})
    bob.says(say(room, std::string(14'000, 'x')));
  visitor back{node.connect("user-ann")};
  back.who.says(ann.resume());
  auto seen = back.who.sees();
  CHECK(seen.count("message") == 2);
  auto rooms = seen.only("resumed")["rooms"];
  CHECK(rooms.find("too_many") > rooms.find("\"roomId\":\"c\""));
  CHECK(rooms.find("too_many") != std::string::npos);
}

TEST_CASE("[P-4.16] who resumes is told the state as it is, made once") {
  quiet_node node{calm()};
  visitor ann{node.connect("user-ann")};
  visitor eve{node.connect("user-eve")};
  auto bob = node.connect("user-bob");
  auto set = [&](const std::string& value) {
    bob.says(R"({"type":"set_state","roomId":"a","key":"k","value":)" + value
             + '}');
  };
  for (auto* each : {&ann, &eve})
    each->enters("a");
  bob.joins("a");
  set("1");
  for (const auto& [value, changes] :
       {std::pair{"2", R"("key":"k","value":2)"}, {"null", "[]"}}) {
    set(value);
    for (const auto& [user, who] :
         {std::pair{"user-ann", &ann}, {"user-eve", &eve}}) {
      visitor back{node.connect(user)};
      back.who.says(who->resume());
      auto state = back.who.sees().only("state");
      CHECK(state["whole"] == "true");
      CHECK(state["changes"].find(changes) != std::string::npos);
      back.who->hangs_up(lost);
    }
  }
}

TEST_CASE("[P-3.18] resume comes before the first room, and may name none") {
  quiet_node node{calm(), 2};
  visitor ann{node.connect("user-ann", 0)};
  ann.who.says(ann.resume());
  CHECK(ann.who.sees().only("resumed")["rooms"] == "[]");
  ann.enters("a");
  ann.who.says(ann.resume());
  CHECK(ann.who.sees().only("error")["code"] == "forbidden");
}

TEST_CASE("a room that was kept open for who could not come in ends") {
  auto config = calm();
  config.rooms.grace = 10s;
  quiet_node node{config, 1};
  visitor ann{node.connect("user-ann")};
  ann.enters("a");
  ann.who->hangs_up(lost);
  node.run();
  CHECK(node.context->rooms == 1);
  visitor eve{node.connect("user-eve")};
  eve.who.says(ann.resume());
  CHECK(eve.who.sees().only("resumed")["rooms"].find("forbidden")
        != std::string::npos);
  node.advance(11s);
  CHECK(node.context->rooms == 0);
}

TEST_CASE("[P-3.18] a room that answers a resume too late is joined anew") {
  cluster_view cluster; // Outlives the node's actors.
  quiet_node node{calm(), 2};
  node.context->cluster = node.spawn<fake_cluster>(0, std::ref(cluster));
  cluster.answers = false;
  visitor ann{node.connect("user-ann", 1)};
  ann.who.says(R"({"type":"resume","session":")" + ann.session
               + R"(","rooms":{"a":{"epoch":"e","offset":0}}})");
  node.advance(5s);
  CHECK(ann.who.sees().only("resumed")["rooms"].find("unavailable")
        != std::string::npos);
  ann.who.joins("a"); // As the answer invites it to.
  cluster.tell_link(true);
  node.run();
  ann.who.sees();
  ann.who.says(say("a", "x", R"(,"id":1)"));
  CHECK(ann.who.sees().count("ack") == 1);
}
