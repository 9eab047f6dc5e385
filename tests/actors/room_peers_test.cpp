// [P-9.2] Members and state over nodes, as one node deals with its peers.

#include "core/events.hpp"
#include "core/roster.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/logged.hpp"
#include "tests/support/probes.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

constexpr std::uint64_t peer = 7;
constexpr std::uint64_t other = 8;

struct clustered {
  cluster_view cluster; // Outlives the node's actors.
  quiet_node node{calm(), 2};

  clustered() {
    node.context->cluster = node.spawn<fake_cluster>(0, std::ref(cluster));
    node.context->origin = "me#1";
  }

  void hear(std::uint64_t from, holdings what) {
    cluster.hear(from, std::move(what));
    node.advance(100ms);
  }

  [[nodiscard]] std::int64_t later() const { return node.wall_now() + 1; }
};

holdings arrival(const std::string& connection, const std::string& user,
                 std::int64_t at = 1) {
  holdings what;
  what.joined.push_back({{connection, user, {}}, at});
  return what;
}

holdings departure(const std::string& connection) {
  holdings what;
  what.left.push_back(connection);
  return what;
}

holdings key(const std::string& name, const std::string& value,
             std::uint64_t number, const std::string& bound = {}) {
  holdings what;
  what.keys.push_back({name,
                       {protocol::encoding::json, value},
                       "user-far",
                       bound,
                       std::nullopt,
                       number});
  return what;
}

std::string set(const std::string& name, const std::string& value,
                const std::string& more = {}) {
  return R"({"type":"set_state","roomId":"a","key":")" + name + R"(","value":)"
         + value + more + '}';
}

bool names(const std::string& list, const std::string& what) {
  return list.find('"' + what + '"') != std::string::npos;
}

} // namespace

TEST_CASE_METHOD(clustered, "[P-9.2] peers' members are in list and count") {
  auto ann = node.member("user-ann", "a");
  hear(peer, arrival("c-far", "user-far"));
  auto news = ann.sees().only("presence");
  CHECK(names(news["joined"], "c-far"));
  CHECK(news["memberCount"] == "2");
  auto bob = node.connect("user-bob", 1);
  bob.joins("a");
  auto joined = bob.sees().only("joined");
  CHECK(names(joined["members"], "c-far"));
  CHECK(joined["memberCount"] == "3");
  hear(peer, departure("c-far"));
  CHECK(names(bob.sees().all("presence").back()["left"], "c-far"));
}

TEST_CASE_METHOD(clustered, "[P-9.2] peers are told who comes and goes here") {
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a", 1);
  REQUIRE(!cluster.held.empty());
  CHECK(cluster.held.front().what.whole);
  auto last = cluster.held.back().what;
  CHECK_FALSE(last.whole);
  CHECK(last.joined.at(0).who.connection_id == bob.connection_id());
  bob->hangs_up(1000);
  node.run();
  CHECK(cluster.held.back().what.left.at(0) == bob.connection_id());
  cluster.ask();
  node.run();
  auto all = cluster.held.back().what;
  CHECK(all.whole);
  REQUIRE(all.joined.size() == 1);
  CHECK(all.joined[0].who.connection_id == ann.connection_id());
  CHECK(all.joined[0].at > 0);
}

TEST_CASE_METHOD(clustered, "[P-9.2] a dead peer's members are gone at once, "
                            "but who is on another node") {
  auto ann = node.member("user-ann", "a");
  hear(peer, arrival("c-1", "one"));
  hear(peer, arrival("c-2", "two"));
  hear(other, arrival("c-2", "two"));
  ann.sees();
  cluster.lose(peer);
  node.advance(100ms);
  auto news = ann.sees().only("presence");
  CHECK(names(news["left"], "c-1"));
  CHECK_FALSE(names(news["left"], "c-2"));
}

TEST_CASE_METHOD(clustered,
                 "[P-9.2] members of a node that stops in order have "
                 "a moment to come back elsewhere") {
  auto ann = node.member("user-ann", "a");
  hear(peer, arrival("c-1", "one"));
  hear(peer, arrival("c-2", "two"));
  ann.sees();
  cluster.lose(peer, true);
  node.advance(1'000ms);
  hear(other, arrival("c-1", "one"));
  CHECK(ann.sees().empty());
  node.advance(1'100ms);
  auto news = ann.sees().only("presence");
  CHECK(names(news["left"], "c-2"));
  CHECK_FALSE(names(news["left"], "c-1"));
}

TEST_CASE_METHOD(clustered, "[P-9.2] a whole replaces what was believed") {
  auto ann = node.member("user-ann", "a");
  hear(peer, arrival("c-1", "one"));
  hear(peer, key("x", "1", 5));
  auto all = arrival("c-2", "two");
  all.whole = true;
  ann.sees();
  hear(peer, all);
  auto seen = ann.sees();
  CHECK(names(seen.only("presence")["joined"], "c-2"));
  CHECK(names(seen.only("presence")["left"], "c-1"));
  CHECK(seen.only("state")["changes"].find("null") != std::string::npos);
}

TEST_CASE_METHOD(clustered,
                 "[P-5.2] a session that goes on at a peer is closed "
                 "with 4009, and nobody sees it leave") {
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a", 1);
  node.advance(100ms);
  ann.sees();
  hear(peer, arrival(bob.connection_id(), "user-bob", later()));
  CHECK(bob->closed == protocol::close_code::resumed_elsewhere);
  node.advance(5s);
  CHECK(ann.sees().empty());
  // An older word of a peer does not take it away.
  auto eve = node.member("user-eve", "a", 1);
  hear(other, arrival(eve.connection_id(), "user-eve", 1));
  CHECK(eve->is_open());
}

TEST_CASE_METHOD(clustered, "[P-3.19] who is lost here and resumes at a peer "
                            "was never gone") {
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a", 1);
  ann.sees();
  bob->hangs_up(protocol::no_close_frame);
  node.advance(1s);
  hear(peer, arrival(bob.connection_id(), "user-bob", later()));
  CHECK(cluster.held.back().what.left.at(0) == bob.connection_id());
  node.advance(5s);
  CHECK(ann.sees().empty());
}

TEST_CASE_METHOD(clustered, "[P-3.19] of two nodes that wait for a connection, "
                            "one goes on waiting") {
  bool keeps = GENERATE(true, false);
  node.context->origin = keeps ? "zoe#1" : "me#1"; // The other: peer#7.
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a", 1);
  ann.sees();
  bob->hangs_up(protocol::no_close_frame);
  node.advance(1s);
  auto there = arrival(bob.connection_id(), "user-bob", 0);
  there.whole = true;
  cluster.held.clear();
  hear(peer, there);
  // The other node, which decides likewise, gives way where this one keeps it.
  bool told = !cluster.held.empty() && !cluster.held.back().what.left.empty();
  CHECK(told == !keeps);
  hear(peer, keeps ? departure(bob.connection_id()) : there);
  CHECK(ann.sees().empty()); // Its grace is not over.
  node.advance(2s);
  CHECK(ann.sees().empty() != keeps);
}

TEST_CASE_METHOD(clustered, "[P-4.6] state crosses nodes, the later change "
                            "stays") {
  auto ann = node.member("user-ann", "a");
  ann.says(set("x", "1"));
  auto told = cluster.held.back().what;
  REQUIRE(told.keys.size() == 1);
  CHECK(told.keys[0].name == "x");
  auto first = told.keys[0].number;
  ann.sees();
  hear(peer, key("x", "2", first + 1));
  CHECK(names(ann.sees().only("state")["changes"], "user-far"));
  hear(other, key("x", "3", first)); // Came late.
  CHECK(ann.sees().empty());
  ann.says(set("x", "4"));
  CHECK(cluster.held.back().what.keys.at(0).number == first + 2);
}

TEST_CASE_METHOD(clustered, "[P-4.6] a dead peer's bound keys are gone, others "
                            "stay") {
  auto ann = node.member("user-ann", "a");
  hear(peer, arrival("c-far", "user-far"));
  hear(peer, key("cursor", "1", 1, "c-far"));
  hear(peer, key("title", "2", 2));
  ann.sees();
  cluster.lose(peer);
  node.advance(100ms);
  auto changes = ann.sees().only("state")["changes"];
  CHECK(names(changes, "cursor"));
  CHECK_FALSE(names(changes, "title"));
  // Whoever comes later hears of it from here, as the change that it was.
  auto told = cluster.held.back().what;
  CHECK(told.whole);
  std::erase_if(told.keys, [](const auto& each) { return each.now.empty(); });
  REQUIRE(told.keys.size() == 1);
  CHECK(told.keys[0].name == "title");
  CHECK(told.keys[0].number == 2);
}

TEST_CASE_METHOD(clustered, "[P-4.6] bound keys go with their connection to "
                            "another node") {
  auto ann = node.member("user-ann", "a");
  auto bob = node.connect("user-bob", 1);
  auto session = bob.sees().only("auth_success")["session"];
  auto id = bob.connection_id();
  bob->hangs_up(protocol::no_close_frame);
  hear(peer, arrival(id, "user-bob", 1));
  hear(peer, key("cursor", "1", 1, id));
  auto back = node.connect("user-bob", 1);
  back.says(R"({"type":"resume","session":")" + session
            + R"(","rooms":{"a":{"epoch":"e","offset":0}}})");
  cluster.lose(peer);
  node.advance(100ms);
  ann.sees();
  cluster.ask();
  node.run();
  CHECK(cluster.held.back().what.keys.at(0).connection_id == id);
  back->hangs_up(1000);
  node.advance(100ms);
  CHECK(names(ann.sees().only("state")["changes"], "cursor"));
}

TEST_CASE_METHOD(clustered, "[P-4.5] a dead peer's typing ends with it") {
  auto ann = node.member("user-ann", "a");
  hear(peer, arrival("c-far", "user-far"));
  cluster.hear(typing_event{"c-far", "user-far", true});
  node.run();
  ann.sees();
  cluster.lose(peer);
  node.advance(100ms);
  CHECK(ann.sees().only("typing")["isTyping"] == "false");
}

TEST_CASE_METHOD(clustered,
                 "[P-5.2] a room whose last member goes on at a peer "
                 "is left") {
  auto ann = node.member("user-ann", "a");
  hear(other, arrival("c-far", "user-far"));
  auto both = arrival(ann.connection_id(), "user-ann", later());
  both.joined.push_back({{"c-more", "user-more", {}}, 1});
  both.keys = key("x", "1", 1).keys;
  hear(peer, both);
  CHECK(ann->closed == protocol::close_code::resumed_elsewhere);
  CHECK(cluster.watched.empty());
  node.advance(31s);
  CHECK(node.context->rooms == 0);
}

TEST_CASE_METHOD(clustered,
                 "[P-9.2] who leaves and comes in one turn is there, "
                 "for peers and as peers tell it") {
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a", 1);
  auto told = cluster.held.size();
  bob->by_mail = true;
  bob.queues(R"({"type":"leave_room","roomId":"a"})");
  bob.queues(R"({"type":"join_room","roomId":"a"})");
  node.run();
  REQUIRE(cluster.held.size() > told);
  bool is_there = true;
  for (; told < cluster.held.size(); ++told) {
    const auto& what = cluster.held[told].what;
    // Of one connection there is one word.
    CHECK(what.joined.size() + what.left.size() == 1);
    is_there = !what.joined.empty();
  }
  CHECK(is_there);
  // Nodes of before say both.
  hear(peer, arrival("c-far", "user-far"));
  auto both = arrival("c-far", "user-far", 2);
  both.left = {"c-far"};
  ann.sees();
  hear(peer, both);
  CHECK(ann.sees().empty());
}

TEST_CASE_METHOD(clustered,
                 "[P-9.2] who is given a list between two changes is "
                 "told of the second") {
  auto ann = node.member("user-ann", "a");
  hear(peer, arrival("c-far", "user-far"));
  cluster.hear(peer, departure("c-far"));
  node.run();
  auto bob = node.connect("user-bob", 1);
  bob.joins("a");
  cluster.hear(peer, arrival("c-far", "user-far", 2));
  node.advance(100ms);
  auto seen = bob.sees();
  CHECK_FALSE(names(seen.only("joined")["members"], "c-far"));
  CHECK(names(seen.all("presence").back()["joined"], "c-far"));
  // The other way round: it was in the list, and went.
  cluster.hear(peer, arrival("c-more", "user-more"));
  node.run();
  auto eve = node.connect("user-eve", 1);
  eve.joins("a");
  cluster.hear(peer, departure("c-more"));
  node.advance(100ms);
  seen = eve.sees();
  CHECK(names(seen.only("joined")["members"], "c-more"));
  CHECK(names(seen.all("presence").back()["left"], "c-more"));
}

TEST_CASE_METHOD(clustered,
                 "[P-9.2] another user's claim to a connection holds "
                 "once its own user is gone") {
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a", 1);
  hear(peer, arrival(bob.connection_id(), "user-eve", later()));
  CHECK(bob->is_open());
  node.advance(100ms);
  ann.sees();
  auto bobs = bob.connection_id();
  bob->hangs_up(1000);
  node.advance(100ms);
  CHECK(names(ann.sees().only("presence")["joined"], "user-eve"));
  ann.says(R"({"type":"presence","roomId":"a","id":1})");
  auto list = ann.sees().all("presence").back()["members"];
  CHECK(names(list, bobs));
  CHECK(names(list, "user-eve"));
}

TEST_CASE_METHOD(clustered, "[P-9.2] what a peer claims of a connection counts "
                            "once, whoever it says that it is") {
  auto bob = node.member("user-bob", "a", 1);
  auto bobs = bob.connection_id();
  auto is_doubted = [&] {
    auto before = cluster.doubted.size();
    cluster.check(peer, roster::hash_of(bobs));
    node.run();
    return cluster.doubted.size() > before;
  };
  hear(peer, arrival(bobs, "user-bob", 0)); // An old one: it came back here.
  CHECK(bob->is_open());
  CHECK_FALSE(is_doubted());
  hear(peer, arrival(bobs, "user-eve", later()));
  CHECK_FALSE(is_doubted());
  hear(peer, arrival(bobs, "user-bob", 0));
  CHECK_FALSE(is_doubted());
}

TEST_CASE_METHOD(clustered, "[P-9.2] a claim that was refused holds once its "
                            "connection went to another peer and is gone") {
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a", 1);
  auto bobs = bob.connection_id();
  hear(other, arrival(bobs, "user-eve", later()));
  ann.sees();
  hear(peer, arrival(bobs, "user-bob", later()));
  CHECK_FALSE(bob->is_open());
  auto list = [&] {
    ann.says(R"({"type":"presence","roomId":"a","id":1})");
    return ann.sees().all("presence").back()["members"];
  };
  CHECK(names(list(), "user-bob"));
  hear(peer, departure(bobs));
  CHECK(names(list(), bobs));
  hear(other, departure(bobs));
  CHECK_FALSE(names(list(), bobs));
}

TEST_CASE_METHOD(clustered,
                 "[P-4.6] a key goes with its connection when a peer "
                 "took that and let it go") {
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a", 1);
  bob.says(set("cursor", "1", R"(,"bound":true)"));
  auto bobs = bob.connection_id();
  bob->hangs_up(protocol::no_close_frame);
  node.run();
  hear(peer, arrival(bobs, "user-bob", later()));
  ann.sees();
  hear(peer, departure(bobs));
  CHECK(names(ann.sees().only("state")["changes"], "cursor"));
  CHECK(cluster.held.back().what.keys.at(0).now.empty());
}

TEST_CASE_METHOD(clustered, "[P-9.2] what is shown of a peer is compared with "
                            "what it says it comes to") {
  auto ann = node.member("user-ann", "a");
  hear(peer, arrival("c-1", "one"));
  hear(peer, arrival("c-2", "two"));
  auto sum = roster::hash_of("c-1") ^ roster::hash_of("c-2");
  cluster.check(peer, sum);
  cluster.check(other, 0);
  node.run();
  CHECK(cluster.doubted.empty());
  logged mended{events::room_mended};
  cluster.check(peer, sum ^ roster::hash_of("c-3"));
  cluster.check(other, roster::hash_of("c-4"));
  node.run();
  REQUIRE(cluster.doubted.size() == 2);
  CHECK(cluster.doubted[0].incarnation == peer);
  CHECK(cluster.doubted[1].incarnation == other);
  CHECK(mended.lines == 2);
  // And what it says itself.
  cluster.ask();
  node.run();
  CHECK(cluster.held.back().members_sum
        == roster::hash_of(ann.connection_id()));
}

TEST_CASE_METHOD(clustered, "[P-9.2] what was heard before the room was empty "
                            "is not believed behind it") {
  auto ann = node.member("user-ann", "a");
  auto before = cluster.watched.at(0);
  ann.says(R"({"type":"leave_room","roomId":"a"})");
  ann.joins("a");
  ann.sees();
  caf::anon_send(before.room,
                 actors::holdings_heard{peer, "peer#7", arrival("c-1", "one"),
                                        before.number});
  node.advance(100ms);
  CHECK(ann.sees().empty());
}

TEST_CASE_METHOD(clustered,
                 "[P-4.6] a key set where nothing was known yet does "
                 "not lose to what is long past") {
  auto ann = node.member("user-ann", "a");
  ann.says(set("x", "1"));
  CHECK(cluster.held.back().what.keys.at(0).number
        > static_cast<std::uint64_t>(node.wall_now()) - 1'000);
}
