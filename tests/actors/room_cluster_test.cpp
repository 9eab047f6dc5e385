#include "core/message_key.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/probes.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

struct clustered {
  cluster_view cluster; // Outlives the node's actors.
  quiet_node node{{}, 2};

  clustered() {
    node.context->cluster = node.spawn<fake_cluster>(0, std::ref(cluster));
  }
};

posted said(std::string user, std::string text) {
  posted what;
  what.user_id = std::move(user);
  what.body.said = {protocol::encoding::json, '"' + text + '"'};
  what.stamped = 1;
  return what;
}

constexpr auto speaks = R"({"type":"message","roomId":"a","text":"x","id":1})";
constexpr auto leaves = R"({"type":"leave_room","roomId":"a"})";

} // namespace

TEST_CASE_METHOD(clustered, "[P-4.1] who is told `joined` gets what peers say "
                            "from then on: it waits for the link") {
  cluster.answers = false;
  auto ann = node.connect("user-ann", 0);
  auto bob = node.connect("user-bob", 1);
  ann.sees(), bob.sees();
  ann.joins("a");
  bob.joins("a");
  CHECK(cluster.watches == 1);
  CHECK(ann.sees().empty());
  cluster.tell_link(true);
  node.run();
  CHECK(ann.sees().types() == "joined");
  CHECK(bob.sees().types() == "joined");
}

TEST_CASE_METHOD(clustered, "[P-4.1] who is gone before the link is known is "
                            "not joined any more, and keeps no room") {
  cluster.answers = false;
  auto ann = node.connect("user-ann", 0);
  ann.joins("a");
  CHECK(node.context->rooms == 1);
  SECTION("lost") {
    ann->hangs_up(1006);
  }
  SECTION("closed") {
    ann->hangs_up(1000);
  }
  SECTION("not answered in time") {
    node.advance(5s);
  }
  node.advance(1s);
  CHECK(node.context->rooms == 0);
  cluster.tell_link(true);
  node.run();
  CHECK(ann.sees().count("joined") == 0);
}

TEST_CASE_METHOD(clustered, "[P-3.3] while the node is cut off, joins and acks "
                            "say so") {
  cluster.up = false;
  auto ann = node.connect("user-ann");
  ann.sees();
  ann.joins("a");
  auto seen = ann.sees();
  CHECK(seen.types() == "joined degraded");
  CHECK(seen.only("degraded")["roomId"] == "a");
  ann.says(speaks);
  CHECK(ann.sees().only("ack")["degraded"] == "true");
}

TEST_CASE_METHOD(clustered, "members are told when the link goes and comes") {
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  ann.sees();
  cluster.tell_link(false);
  node.run();
  CHECK(ann.sees().types() == "degraded");
  CHECK(bob.sees().types() == "degraded");
  cluster.tell_link(false);
  node.run();
  CHECK(ann.sees().empty());
  ann.says(speaks);
  CHECK(ann.sees().only("ack")["degraded"] == "true");
  cluster.tell_link(true);
  node.run();
  CHECK(ann.sees().types() == "healed");
  ann.says(R"({"type":"message","roomId":"a","text":"x","id":2})");
  CHECK(ann.sees().only("ack")["degraded"] == "");
}

TEST_CASE_METHOD(clustered, "what a peer's members say goes to all here") {
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  ann.sees();
  cluster.hear(said("far", "hi"));
  node.run();
  for (auto* who : {&ann, &bob}) {
    auto one = who->sees().only("message");
    CHECK(one["userId"] == "far");
    CHECK(one["text"] == "hi");
    CHECK(one["offset"] == "1");
  }
  ann.says(speaks);
  CHECK(ann.sees().only("ack")["offset"] == "2");
}

TEST_CASE_METHOD(clustered, "a peer's typing is shown, and ends by itself") {
  auto ann = node.member("user-ann", "a");
  cluster.hear(typing_event{"c-far", "far", true});
  node.run();
  CHECK(ann.sees().only("typing")["isTyping"] == "true");
  node.advance(5s);
  CHECK(ann.sees().only("typing")["isTyping"] == "false");
  CHECK(cluster.mirrored.empty());
}

TEST_CASE_METHOD(clustered, "a peer's directed message reaches those it names "
                            "here") {
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  ann.sees();
  cluster.hear(directed{said("far", "hi"), {"user-bob", "elsewhere"}});
  node.run();
  CHECK(ann.sees().empty());
  CHECK(bob.sees().only("message")["userId"] == "far");
}

TEST_CASE_METHOD(clustered, "a peer's raw frames go to the relay room") {
  auto ann = node.connect_relay("user-ann", "a");
  cluster.hear(relayed{false, "raw"});
  node.run();
  CHECK(ann.sees_raw() == "b:raw");
}

TEST_CASE_METHOD(clustered, "only what is said here is mirrored, in order") {
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  ann.says(speaks);
  cluster.hear(said("far", "hi"));
  node.run();
  bob.says(R"({"type":"typing","roomId":"a"})");
  ann.says(R"({"type":"message","roomId":"a","text":"y","to":["far"]})");
  bob->hangs_up();
  node.run();
  std::string kinds;
  for (const auto& one : cluster.mirrored) {
    CHECK(one.key.id == "a");
    for (const auto& each : one.what)
      kinds += std::to_string(each->index());
  }
  // Posted, typing, directed, and the end of the typing.
  CHECK(kinds == "0212");
}

TEST_CASE_METHOD(clustered, "what a turn brings is mirrored together, and "
                            "before its room is left") {
  auto ann = node.member("user-ann", "a");
  for (int i = 0; i < 3; ++i)
    ann->sends(R"({"type":"message","roomId":"a","text":"x"})");
  ann->hangs_up();
  node.run();
  CHECK(cluster.watched.empty());
  REQUIRE(cluster.mirrored.size() == 1);
  CHECK(cluster.mirrored.front().what.size() == 3);
}

TEST_CASE_METHOD(clustered, "[P-3.4] a repeated id is not mirrored again") {
  auto ann = node.member("user-ann", "a");
  ann.says(speaks).says(speaks);
  CHECK(cluster.mirrored.size() == 1);
}

TEST_CASE_METHOD(clustered, "[P-3.4] an id is one message, wherever its client "
                            "sent it first") {
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  ann.says(speaks);
  bob.sees();
  auto key = std::get<posted>(*cluster.mirrored.at(0).what.at(0)).key;
  CHECK(key == message_key(ann.connection_id(), protocol::request_id{1}));
  auto of_ann = [&](std::int64_t id) {
    auto what = said("user-ann", "x");
    what.key = message_key(ann.connection_id(), protocol::request_id{id});
    return what;
  };
  SECTION("here") {
    cluster.hear(of_ann(1));
    node.run();
    CHECK(bob.sees().empty());
    cluster.hear(said("user-ann", "without an id"));
    cluster.hear(said("user-ann", "without an id"));
    node.run();
    CHECK(bob.sees().count("message") == 2);
  }
  SECTION("on a peer") {
    cluster.hear(of_ann(2));
    cluster.hear(of_ann(2)); // And on another.
    node.run();
    CHECK(bob.sees().count("message") == 1);
    ann.sees();
    ann.says(R"({"type":"message","roomId":"a","text":"x","id":2})");
    CHECK(ann.sees().only("ack")["duplicate"] == "true");
    CHECK(bob.sees().empty());
  }
  SECTION("to some") {
    cluster.hear(directed{of_ann(3), {"user-bob"}});
    cluster.hear(directed{of_ann(3), {"user-bob"}});
    node.run();
    CHECK(bob.sees().count("message") == 1);
  }
}

TEST_CASE_METHOD(clustered, "a room is watched while it has members") {
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  REQUIRE(cluster.watched.size() == 1);
  ann.says(leaves);
  CHECK(cluster.watched.size() == 1);
  bob.says(leaves);
  CHECK(cluster.watched.empty());

  // Nobody hears what peers say meanwhile; then it is asked for again.
  cluster.answers = false;
  ann.joins("a");
  CHECK(cluster.watches == 2);
  CHECK(ann.sees().count("joined") == 0);
  cluster.tell_link(true);
  node.run();
  CHECK(ann.sees().count("joined") == 1);
}

TEST_CASE_METHOD(clustered, "a room does not end under who waits for the "
                            "link") {
  auto ann = node.member("user-ann", "a");
  cluster.answers = false;
  ann.says(leaves);
  ann.joins("a");
  ann.sees();
  node.advance(1s); // Long after a room in which nothing was said would end.
  CHECK(node.context->rooms == 1);
  cluster.tell_link(true);
  node.run();
  CHECK(ann.sees().count("joined") == 1);
}

TEST_CASE_METHOD(clustered, "an answer to an earlier watch is none to this") {
  cluster.answers = false;
  auto ann = node.connect("user-ann");
  ann.sees();
  ann.joins("a");
  auto earlier = cluster.watched.at(0);
  cluster.tell_link(true);
  node.run();
  ann.says(leaves);
  ann.joins("a");
  ann.sees();
  // On its way while the room was left and joined again.
  caf::anon_send(earlier.room, actors::link_changed{true, earlier.number});
  node.run();
  CHECK(ann.sees().count("joined") == 0);
  cluster.tell_link(true);
  node.run();
  CHECK(ann.sees().count("joined") == 1);
}

TEST_CASE_METHOD(clustered, "who is gone before the link answers is forgotten, "
                            "and its room ends") {
  cluster.answers = false;
  auto ann = node.connect("user-ann");
  ann.joins("a");
  ann->hangs_up();
  node.run();
  cluster.tell_link(true);
  node.run();
  node.advance(3s); // The grace period of who was lost.
  CHECK(cluster.watched.empty());
  node.advance(30s);
  CHECK(node.context->rooms == 0);
}
