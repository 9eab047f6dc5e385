#include "cluster/cluster.hpp"

#include <caf/send.hpp>

#include "actors/pinned.hpp"
#include "core/events.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/logged.hpp"
#include "tests/support/loopback_bus.hpp"
#include "tests/support/manual_loop.hpp"

using namespace greenroom;
using namespace greenroom::test;
using namespace std::chrono_literals;
using cluster::counters;
using cluster::encode;

namespace {

/// What a room was told.
struct heard {
  std::vector<std::string> mirrored; ///< "origin:bytes" of raw frames.
  std::vector<bool> links;
  std::size_t typing = 0;
  std::size_t asked = 0; ///< Times that peers wanted to hear all.
  std::size_t told = 0;  ///< Times that the cluster had something.
};

class fake_room {
public:
  using handle = actors::room_actor;
  static constexpr const char* name = "fake_room";

  fake_room(handle::pointer self, actors::loop&, std::shared_ptr<heard> to)
    : self_(self), to_(std::move(to)) {}

  handle::behavior_type make_behavior() {
    return {
        [](const actors::join&) {},
        [](const actors::leave&) {},
        [](const actors::publish&) {},
        [](const actors::list_members&) {},
        [](const actors::read_log&) {},
        [](const actors::change_state&) {},
        [](actors::log_told) {},
        [this](const actors::mirrored& msg) {
          ++to_->told;
          for (const auto& each : msg.what)
            if (auto* raw = std::get_if<relayed>(each.get()))
              to_->mirrored.push_back(msg.origin + ':' + raw->bytes);
            else
              ++to_->typing;
        },
        [](const actors::holdings_heard&) {},
        [](const actors::holdings_checked&) {},
        [this](const actors::holdings_asked&) { ++to_->asked; },
        [](const actors::peer_gone&) {},
        [this](const actors::link_changed& msg) {
          to_->links.push_back(msg.up);
        },
        [this](const actors::room_tick&) { self_->quit(); },
    };
  }

private:
  handle::pointer self_;
  std::shared_ptr<heard> to_;
};

struct room {
  actors::room_actor is;
  std::shared_ptr<heard> got = std::make_shared<heard>();
};

struct node {
  actors::cluster_actor is;
  std::shared_ptr<counters> counts = std::make_shared<counters>();
  std::vector<bool> links;
  std::vector<bool> watched;
  std::vector<std::string> reports; ///< "node:text" of its peers.
};

const room_key lounge{room_space::relay, "lounge"};
const room_key cellar{room_space::relay, "cellar"};
const std::string lounge_channel = "test:room:{r:lounge}";

/// Some nodes on one bus and one loop.
class town {
public:
  ~town() {
    for (const auto& each : spawned_)
      caf::anon_send_exit(each, caf::exit_reason::kill);
    settle();
  }

  std::unique_ptr<node> start(std::string id, std::uint64_t incarnation,
                              std::size_t queue_bytes = 1024 * 1024) {
    auto to = std::make_unique<node>();
    cluster::options how;
    how.own = {std::move(id), incarnation};
    how.prefix = "test";
    how.link = [links = &to->links](bool up) {
      links->push_back(up);
    };
    how.counts = to->counts;
    how.watched = [watched = &to->watched](bool is) {
      watched->push_back(is);
    };
    how.reported = [all = &to->reports](const std::string& by,
                                        const std::string& text) {
      if (text == "lie")
        return false;
      all->push_back(by + ':' + text);
      return true;
    };
    to->is = actors::spawn_pinned<cluster::cluster>(
        loop, std::shared_ptr<cluster::bus>(hub.connect(queue_bytes)), how);
    spawned_.push_back(caf::actor_cast<caf::actor>(to->is));
    settle();
    return to;
  }

  room open(const node& on, const room_key& key) {
    room to;
    to.is = actors::spawn_pinned<fake_room>(loop, to.got);
    spawned_.push_back(caf::actor_cast<caf::actor>(to.is));
    tell(on, actors::watch{key, to.is});
    return to;
  }

  template <class Message>
  void tell(const node& whom, const Message& what) {
    caf::anon_send(whom.is, what);
    settle();
  }

  void say(const node& on, const std::string& bytes,
           const room_key& where = lounge) {
    say_all(on, {bytes}, where);
  }

  /// What one turn of a room brings.
  void say_all(const node& on, const std::vector<std::string>& all,
               const room_key& where = lounge) {
    actors::mirror turn{where, {}};
    for (const auto& bytes : all)
      turn.what.push_back(
          std::make_shared<const room_event>(relayed{true, bytes}));
    tell(on, turn);
  }

  /// A message of a node that the test plays itself.
  void publish(const std::string& channel, const std::string& bytes) {
    if (!stranger_) {
      stranger_ = hub.connect();
      stranger_->start(deaf_ear_);
      settle();
    }
    stranger_->publish(channel, bytes);
    settle();
  }

  void settle() {
    do {
      hub.deliver();
      loop.run();
    } while (hub.busy());
  }

  void pass(std::chrono::milliseconds time) {
    // In small steps, for the bus to move, too.
    for (; time > 0ms; time -= 100ms) {
      loop.advance(std::min(time, 100ms));
      settle();
    }
  }

  quiet_system system;
  manual_loop loop{system};
  loopback_hub hub;

private:
  struct nobody final : cluster::bus::listener {
    void bus_up() override {}
    void bus_down(std::string_view) override {}
    void bus_subscribed(std::string_view) override {}
    void bus_lost(std::string_view) override {}
    void bus_message(std::string_view, std::string_view) override {}
  };

  std::vector<caf::actor> spawned_;
  nobody deaf_ear_;
  std::unique_ptr<cluster::bus> stranger_;
};

using lines = std::vector<std::string>;
using links = std::vector<bool>;

} // namespace

TEST_CASE("what a room says reaches its room on the other nodes only") {
  town all;
  auto ann = all.start("ann", 1);
  auto bob = all.start("bob", 2);
  auto of_ann = all.open(*ann, lounge);
  auto of_bob = all.open(*bob, lounge);
  auto elsewhere = all.open(*bob, cellar);
  all.say(*ann, "1");
  all.say(*ann, "2");
  all.say(*bob, "3");
  CHECK(of_bob.got->mirrored == lines{"ann:1", "ann:2"});
  CHECK(of_ann.got->mirrored == lines{"bob:3"});
  CHECK(elsewhere.got->mirrored.empty());
  CHECK(ann->counts->published == 2);
  CHECK(bob->counts->received == 2);
}

TEST_CASE("what one turn brings goes together, once all peers read that") {
  town all;
  auto ann = all.start("ann", 1);
  auto bob = all.start("bob", 2);
  auto of_bob = all.open(*bob, lounge);
  auto of_ann = all.open(*ann, lounge);
  // Somebody may be there who has not been heard yet.
  all.say_all(*ann, {"1", "2"});
  CHECK(of_bob.got->told == 2);
  all.pass(3s);
  all.say_all(*ann, {"3", "4", "5"});
  CHECK(of_bob.got->told == 3);
  CHECK(of_bob.got->mirrored
        == lines{"ann:1", "ann:2", "ann:3", "ann:4", "ann:5"});
  CHECK(ann->counts->published == 5);
  CHECK(bob->counts->received == 5);

  SECTION("and apart again while an older node is there") {
    auto older = encode(cluster::node_sign{{"old", 9}});
    older[0] = '\x94'; // Without its last element.
    older.pop_back();
    all.publish("test:nodes", older);
    all.say_all(*ann, {"6", "7"});
    CHECK(of_bob.got->told == 5);
    all.pass(4s); // It is lost, and may hear it all.
    all.say_all(*ann, {"8", "9"});
    CHECK(of_bob.got->told == 7);
    all.publish("test:nodes",
                encode(cluster::node_sign{{"old", 9}, cluster::sign::bye, 0}));
    all.say_all(*ann, {"10", "11"});
    CHECK(of_bob.got->told == 8);
  }
  SECTION("and nothing of it twice") {
    all.hub.duplicate_next = 1;
    all.say_all(*ann, {"6", "7"});
    CHECK(of_bob.got->told == 4);
    CHECK(bob->counts->duplicates == 2);
  }
  SECTION("and what is missing is counted by message") {
    all.hub.drop_next = 1;
    all.say_all(*ann, {"6", "7"});
    all.say(*ann, "8");
    CHECK(of_bob.got->mirrored.back() == "ann:8");
    CHECK(bob->counts->gaps == 1);
    CHECK(bob->counts->missed == 2);
  }
}

TEST_CASE("a name means two rooms in the two families") {
  town all;
  auto ann = all.start("ann", 1);
  auto bob = all.start("bob", 2);
  auto raw = all.open(*bob, lounge);
  auto spoken = all.open(*bob, {room_space::protocol, "lounge"});
  all.say(*ann, "raw");
  CHECK(raw.got->mirrored.size() == 1);
  CHECK(spoken.got->mirrored.empty());
}

TEST_CASE("a room learns when its subscription is in force") {
  town all;
  auto ann = all.start("ann", 1);
  auto room = all.open(*ann, lounge);
  CHECK(room.got->links == links{true});
  all.tell(*ann, actors::watch{lounge, room.is});
  CHECK(room.got->links == links{true, true});
}

TEST_CASE("a room is told of every outage, and at once during one") {
  town all;
  auto ann = all.start("ann", 1);
  auto before = all.open(*ann, lounge);
  all.hub.fail("cut");
  all.settle();
  CHECK(before.got->links == links{true, false});
  auto during = all.open(*ann, cellar);
  CHECK(during.got->links == links{false});
  all.hub.restore();
  all.settle();
  CHECK(before.got->links == links{true, false, true});
  CHECK(during.got->links == links{false, true});
  CHECK(ann->links == links{true, false, true});
}

TEST_CASE("a node that starts without a bus says so to its rooms") {
  town all;
  all.hub.fail("cut");
  auto ann = all.start("ann", 1);
  auto room = all.open(*ann, lounge);
  REQUIRE_FALSE(room.got->links.empty());
  CHECK_FALSE(room.got->links.back());
  all.hub.restore();
  all.settle();
  CHECK(room.got->links.back());
  CHECK(ann->links.back());
}

TEST_CASE("what was said during an outage arrives after it, typing does not") {
  town all;
  auto ann = all.start("ann", 1);
  auto bob = all.start("bob", 2);
  auto of_bob = all.open(*bob, lounge);
  auto of_ann = all.open(*ann, lounge);
  all.say(*ann, "1");
  all.hub.fail("cut");
  all.settle();
  all.say(*ann, "2");
  all.tell(*ann, actors::mirror{lounge,
                                {std::make_shared<const room_event>(
                                    typing_event{"c", "u", true})}});
  all.say(*ann, "3");
  // Bob listens again before Ann sends what has waited.
  all.hub.restore();
  all.settle();
  all.say(*ann, "4");
  CHECK(of_bob.got->typing == 0);
  CHECK(of_bob.got->mirrored.back() == "ann:4");
  CHECK(of_bob.got->mirrored.front() == "ann:1");
  all.pass(2s);
  CHECK(ann->counts->dropped == 1);
}

TEST_CASE("a room that was left gets nothing more") {
  town all;
  auto ann = all.start("ann", 1);
  auto bob = all.start("bob", 2);
  auto of_bob = all.open(*bob, lounge);
  all.tell(*bob, actors::unwatch{lounge});
  all.tell(*bob, actors::unwatch{lounge});
  all.say(*ann, "1");
  CHECK(of_bob.got->mirrored.empty());
}

TEST_CASE("a room that dies is no longer watched, its successor is") {
  town all;
  auto ann = all.start("ann", 1);
  auto bob = all.start("bob", 2);
  auto first = all.open(*bob, lounge);
  caf::anon_send_exit(first.is, caf::exit_reason::kill);
  all.settle();
  all.say(*ann, "1");
  CHECK(bob->counts->received == 0);

  auto second = all.open(*bob, lounge);
  auto third = all.open(*bob, lounge); // Before the second is known dead.
  caf::anon_send_exit(second.is, caf::exit_reason::kill);
  all.settle();
  all.say(*ann, "2");
  CHECK(second.got->mirrored.empty());
  CHECK(third.got->mirrored == lines{"ann:2"});
}

TEST_CASE("a message that gets lost on the bus is counted and told") {
  town all;
  logged gaps{events::bus_gap};
  auto ann = all.start("ann", 1);
  auto bob = all.start("bob", 2);
  all.open(*ann, lounge);
  auto of_bob = all.open(*bob, lounge);
  all.say(*ann, "1");
  all.hub.drop_next = 2;
  all.say(*ann, "2");
  all.say(*ann, "3");
  all.say(*ann, "4");
  CHECK(of_bob.got->mirrored == lines{"ann:1", "ann:4"});
  CHECK(bob->counts->gaps == 1);
  CHECK(bob->counts->missed == 2);
  CHECK(gaps.lines == 1);
  CHECK(gaps.text("origin") == "ann");
  CHECK(gaps.text("room") == "lounge");
  CHECK(gaps.number("expected") == 2);
  CHECK(gaps.number("got") == 4);
  CHECK(gaps.number("missed") == 2);
}

TEST_CASE("many gaps are all counted and do not flood the log") {
  town all;
  logged gaps{events::bus_gap};
  auto ann = all.start("ann", 1);
  auto bob = all.start("bob", 2);
  all.open(*ann, lounge);
  all.open(*bob, lounge);
  all.say(*ann, "first");
  for (int i = 0; i < 50; ++i) {
    all.hub.drop_next = 1;
    all.say(*ann, "lost");
    all.say(*ann, "came");
  }
  CHECK(bob->counts->gaps == 50);
  CHECK(gaps.lines == 1);
}

TEST_CASE("a message that comes twice is delivered once") {
  town all;
  auto ann = all.start("ann", 1);
  auto bob = all.start("bob", 2);
  all.open(*ann, lounge);
  auto of_bob = all.open(*bob, lounge);
  all.hub.duplicate_next = 1;
  all.say(*ann, "1");
  all.say(*ann, "2");
  CHECK(of_bob.got->mirrored == lines{"ann:1", "ann:2"});
  CHECK(bob->counts->duplicates == 1);
  CHECK(bob->counts->gaps == 0);
}

TEST_CASE("messages in the wrong order are never delivered in it") {
  town all;
  auto ann = all.start("ann", 1);
  auto bob = all.start("bob", 2);
  all.open(*ann, lounge);
  auto of_bob = all.open(*bob, lounge);
  all.say(*ann, "1");
  all.hub.hold_next = true;
  all.say(*ann, "2");
  all.say(*ann, "3");
  all.say(*ann, "4");
  CHECK(of_bob.got->mirrored == lines{"ann:1", "ann:3", "ann:4"});
  CHECK(bob->counts->missed == 1);
  CHECK(bob->counts->duplicates == 1);
}

TEST_CASE("a room that is opened anew on its origin is no gap") {
  town all;
  auto ann = all.start("ann", 1);
  auto bob = all.start("bob", 2);
  auto of_bob = all.open(*bob, lounge);
  auto of_ann = all.open(*ann, lounge);
  all.say(*ann, "1");
  all.say(*ann, "2");
  all.tell(*ann, actors::unwatch{lounge});
  all.say(*ann, "3"); // Without members there: still to be heard.
  all.tell(*ann, actors::watch{lounge, of_ann.is});
  all.say(*ann, "4");
  CHECK(of_bob.got->mirrored == lines{"ann:1", "ann:2", "ann:3", "ann:4"});
  CHECK(bob->counts->gaps == 0);
  CHECK(bob->counts->duplicates == 0);
}

TEST_CASE("a node that is started again is heard from its first message") {
  town all;
  auto bob = all.start("bob", 2);
  auto of_bob = all.open(*bob, lounge);
  for (std::uint64_t life : {11u, 12u}) {
    auto ann = all.start("ann", life);
    all.open(*ann, lounge);
    all.say(*ann, "hello");
    caf::anon_send_exit(ann->is, caf::exit_reason::kill);
    all.settle();
  }
  CHECK(of_bob.got->mirrored == lines{"ann:hello", "ann:hello"});
  CHECK(bob->counts->duplicates == 0);
}

TEST_CASE("nodes come and go in the log") {
  town all;
  logged joined{events::peer_joined};
  auto ann = all.start("ann", 1);
  auto bob = all.start("bob", 2);
  all.pass(1s);
  CHECK(joined.lines == 2); // Each hears of the other.
  {
    logged left{events::peer_left};
    all.tell(*bob, actors::leave_cluster{});
    CHECK(left.lines == 1);
    CHECK(left.text("peer") == "bob");
  }
  auto cid = all.start("cid", 3);
  caf::anon_send_exit(cid->is, caf::exit_reason::kill);
  logged lost{events::peer_lost};
  all.pass(2900ms);
  CHECK(lost.lines == 0);
  all.pass(1100ms);
  CHECK(lost.lines == 1);
  CHECK(lost.text("peer") == "cid");
  all.pass(1s);
  CHECK(ann->counts->peers == 0);
}

TEST_CASE("an outage of the bus is no loss of the peers") {
  town all;
  logged lost{events::peer_lost};
  auto ann = all.start("ann", 1);
  auto bob = all.start("bob", 2);
  all.pass(1s);
  all.hub.fail("cut");
  all.pass(10s);
  all.hub.restore();
  all.pass(10s);
  CHECK(lost.lines == 0);
}

TEST_CASE("a stall of this node is no loss of the peers") {
  town all;
  logged lost{events::peer_lost};
  auto ann = all.start("ann", 1);
  all.publish("test:nodes", encode(cluster::node_sign{{"bob", 2}}));
  all.pass(1s);
  all.loop.skip(30s);
  all.pass(1s);
  CHECK(lost.lines == 0);
  CHECK(all.hub.reconnects_asked == 0);
  all.pass(4s);
  CHECK(lost.lines == 1);
}

TEST_CASE("a peer that was lost and comes back repeats nothing") {
  town all;
  auto bob = all.start("bob", 2);
  auto of_bob = all.open(*bob, lounge);
  auto first = encode({"ann", 1}, {1, 1}, lounge, relayed{true, "1"});
  auto second = encode({"ann", 1}, {1, 2}, lounge, relayed{true, "2"});
  all.publish(lounge_channel, first);
  all.pass(60s);
  // It was cut off and does not know that its message had arrived.
  all.publish(lounge_channel, first);
  all.publish(lounge_channel, second);
  CHECK(of_bob.got->mirrored == lines{"ann:1", "ann:2"});
  CHECK(bob->counts->duplicates == 1);
}

TEST_CASE("two nodes with one id are told apart and warned of") {
  town all;
  logged twins{events::peer_duplicate};
  auto ann = all.start("ann", 1);
  all.pass(2s);
  CHECK(twins.lines == 0);
  SECTION("one of them this node") {
    auto other = all.start("ann", 2);
    all.pass(5s);
    CHECK(twins.lines == 2); // Once by each.
  }
  SECTION("both of them others") {
    auto sign = [](std::uint64_t life) {
      return encode(cluster::node_sign{{"bob", life}});
    };
    all.publish("test:nodes", sign(7));
    all.publish("test:nodes", sign(8)); // Started again.
    all.publish("test:nodes", sign(8));
    CHECK(twins.lines == 0);
    all.publish("test:nodes", sign(7));
    all.publish("test:nodes", sign(7));
    CHECK(twins.lines == 1);
  }
}

TEST_CASE("a bus that delivers nothing is subscribed anew") {
  town all;
  logged silent{events::bus_silent};
  auto ann = all.start("ann", 1);
  auto room = all.open(*ann, lounge);
  all.pass(10s);
  CHECK(all.hub.reconnects_asked == 0);
  all.hub.deaf = true;
  all.pass(4s);
  CHECK(all.hub.reconnects_asked == 1);
  CHECK(silent.lines == 1);
  CHECK(room.got->links == links{true, false, true});
  all.hub.deaf = false;
  all.pass(10s);
  CHECK(all.hub.reconnects_asked <= 2);
  CHECK(ann->counts->reconnects >= 1);
}

TEST_CASE("a channel that is lost alone concerns its room only") {
  town all;
  auto ann = all.start("ann", 1);
  auto of_lounge = all.open(*ann, lounge);
  auto of_cellar = all.open(*ann, cellar);
  all.pass(1s);
  REQUIRE(of_lounge.got->links == links{true});
  all.hub.lose(lounge_channel);
  all.pass(1s);
  CHECK(of_lounge.got->links == links{true, false});
  CHECK(of_cellar.got->links == links{true});
  CHECK(ann->links == links{true});
  all.hub.bring_back(lounge_channel);
  all.pass(1s);
  CHECK(of_lounge.got->links == links{true, false, true});
  CHECK(of_cellar.got->links == links{true});
}

namespace {

room_event_ptr typing_now() {
  return std::make_shared<const room_event>(typing_event{"c", "u", true});
}

} // namespace

TEST_CASE("who typed while its channel is lost is no news") {
  town all;
  auto ann = all.start("ann", 1);
  auto room = all.open(*ann, lounge);
  all.pass(1s);
  all.hub.lose(lounge_channel);
  all.pass(1s);
  auto published = ann->counts->published.load();
  all.tell(*ann, actors::mirror{lounge, {typing_now()}});
  all.pass(1s);
  CHECK(ann->counts->published == published);
  all.hub.bring_back(lounge_channel);
  all.pass(1s);
  all.tell(*ann, actors::mirror{lounge, {typing_now()}});
  all.pass(1s);
  CHECK(ann->counts->published == published + 1);
}

TEST_CASE("who does not hear the peers' signs takes none for lost") {
  town all;
  logged lost{events::peer_lost};
  auto ann = all.start("ann", 1);
  auto bob = all.start("bob", 2);
  auto room = all.open(*ann, lounge);
  all.pass(1s);
  all.hub.lose("test:nodes");
  all.pass(10s);
  CHECK(room.got->links == links{true, false});
  CHECK(ann->links == links{true, false});
  CHECK(lost.lines == 0);
  all.hub.bring_back("test:nodes");
  all.pass(10s);
  CHECK(room.got->links == links{true, false, true});
  CHECK(ann->links == links{true, false, true});
  CHECK(lost.lines == 0);
  CHECK(ann->counts->peers == 1);
}

TEST_CASE("bytes that are no envelope are counted and harm nobody") {
  town all;
  logged rejected{events::bus_rejected};
  auto ann = all.start("ann", 1);
  auto room = all.open(*ann, lounge);
  for (std::string bytes : {"", "nonsense", "\x93\x02\x11\xa1", "\xc1"})
    all.publish(lounge_channel, bytes);
  all.publish("test:nodes", "nonsense");
  // Well formed, and in the wrong place.
  all.publish(lounge_channel, encode(cluster::node_sign{{"bob", 2}}));
  all.publish(lounge_channel,
              encode({"bob", 2}, {1, 1}, cellar, relayed{true, "x"}));
  CHECK(ann->counts->rejected == 7);
  CHECK(rejected.lines == 1);
  CHECK(room.got->mirrored.empty());
  all.publish(lounge_channel,
              encode({"bob", 2}, {1, 1}, lounge, relayed{true, "x"}));
  CHECK(room.got->mirrored == lines{"bob:x"});
}

TEST_CASE("what a newer node says is skipped and leaves no gap") {
  town all;
  auto ann = all.start("ann", 1);
  auto room = all.open(*ann, lounge);
  auto at = [](std::uint64_t sequence) {
    return encode({"bob", 2}, {1, sequence}, lounge, relayed{true, "x"});
  };
  auto newer = at(2);
  newer[2] = 9; // A kind that is not known here.
  all.publish(lounge_channel, at(1));
  all.publish(lounge_channel, newer);
  all.publish(lounge_channel, at(3));
  CHECK(room.got->mirrored.size() == 2);
  CHECK(ann->counts->unknown == 1);
  CHECK(ann->counts->gaps == 0);
}

TEST_CASE("[P-9.2] what a node holds is told once a beat, whoever asks") {
  town all;
  auto ann = all.start("ann", 1);
  auto room = all.open(*ann, lounge);
  auto ask = [&](std::uint64_t by, std::uint64_t whose) {
    all.publish(lounge_channel,
                encode(cluster::holdings_wanted{{"node", by}, lounge, whose}));
  };
  ask(2, 0);
  CHECK(room.got->asked == 1);
  for (std::uint64_t by = 2; by < 8; ++by)
    ask(by, 1);
  CHECK(room.got->asked == 1);
  all.pass(1s); // Those that asked meanwhile are answered together.
  CHECK(room.got->asked == 2);
  all.pass(2s);
  CHECK(room.got->asked == 2);
  ask(2, 7); // Somebody else.
  CHECK(room.got->asked == 2);
  ask(2, 1);
  CHECK(room.got->asked == 3);
  CHECK(ann->counts->rejected == 0);
}

TEST_CASE("a node says goodbye after what it had to say, and is gone") {
  town all;
  auto ann = all.start("ann", 1);
  auto bob = all.start("bob", 2);
  auto of_bob = all.open(*bob, lounge);
  caf::anon_send(ann->is, actors::mirror{lounge,
                                         {std::make_shared<const room_event>(
                                             relayed{true, "last"})}});
  bool gone = false;
  caf::actor_cast<caf::actor>(ann->is)->attach_functor([&] { gone = true; });
  all.tell(*ann, actors::leave_cluster{});
  CHECK(gone);
  CHECK(of_bob.got->mirrored == lines{"ann:last"});
}

TEST_CASE("a node leaves in time even if the bus does not let it") {
  town all;
  all.hub.stuck = true;
  auto ann = all.start("ann", 1);
  bool gone = false;
  caf::actor_cast<caf::actor>(ann->is)->attach_functor([&] { gone = true; });
  all.tell(*ann, actors::leave_cluster{});
  all.tell(*ann, actors::leave_cluster{});
  all.say(*ann, "too late");
  all.pass(1900ms);
  CHECK_FALSE(gone);
  all.pass(100ms);
  CHECK(gone);
}

// -- watching -----------------------------------------------------------------

TEST_CASE("who watches the cluster hears its peers, and nobody else does") {
  town all;
  auto ann = all.start("ann", 1);
  auto bob = all.start("bob", 2);
  auto eve = all.start("eve", 3);
  all.tell(*bob, actors::report_to_watchers{"nobody asked"});
  all.tell(*ann, actors::watch_peers{true});
  CHECK(ann->watched.empty());
  CHECK(bob->watched == links{true});
  CHECK(eve->watched == links{true});
  all.tell(*bob, actors::report_to_watchers{"{1}"});
  all.tell(*eve, actors::report_to_watchers{"{2}"});
  CHECK(ann->reports == lines{"bob:{1}", "eve:{2}"});
  CHECK(bob->reports.empty());
  CHECK(eve->reports.empty());

  SECTION("also when both watch each other") {
    all.tell(*bob, actors::watch_peers{true});
    CHECK(ann->watched == links{true});
    all.tell(*bob, actors::report_to_watchers{"{3}"});
    CHECK(ann->reports.back() == "bob:{3}");
    CHECK(bob->reports.empty());
    all.tell(*ann, actors::report_to_watchers{"{4}"});
    CHECK(bob->reports == lines{"ann:{4}"});
  }
  SECTION("from the beginning for each that has seen nothing yet") {
    all.tell(*ann, actors::watch_peers{true});
    CHECK(bob->watched == links{true, true});
    all.tell(*eve, actors::watch_peers{true});
    CHECK(bob->watched == links{true, true, true});
    all.pass(10s);
    CHECK(bob->watched.size() == 3);
  }
  SECTION("until it no longer does") {
    all.tell(*ann, actors::watch_peers{false});
    CHECK(bob->watched == links{true, false});
    all.tell(*bob, actors::report_to_watchers{"late"});
    CHECK(ann->reports.size() == 2);
  }
  SECTION("for as long as it says so") {
    all.pass(10s);
    CHECK(bob->watched == links{true});
    all.tell(*bob, actors::report_to_watchers{"{3}"});
    CHECK(ann->reports.back() == "bob:{3}");
    all.tell(*ann, actors::leave_cluster{});
    CHECK(bob->watched == links{true, false});
  }
  SECTION("which also a newcomer hears") {
    auto joe = all.start("joe", 4);
    all.pass(1s);
    CHECK(joe->watched == links{true});
    all.tell(*joe, actors::report_to_watchers{"{3}"});
    CHECK(ann->reports.back() == "joe:{3}");
  }
}

TEST_CASE("a watcher that is silent is no longer reported to") {
  town all;
  auto ann = all.start("ann", 1);
  all.publish("test:nodes",
              encode(cluster::reports_wanted{{"bob", 2}, 3'000ms}));
  CHECK(ann->watched == links{true});
  all.pass(2s);
  CHECK(ann->watched == links{true});
  all.pass(2s);
  CHECK(ann->watched == links{true, false});
}

TEST_CASE("a node is watched by so many at once") {
  town all;
  auto ann = all.start("ann", 1);
  for (std::uint64_t i = 2; i < 40; ++i)
    all.publish("test:nodes",
                encode(cluster::reports_wanted{{"node", i}, 3'000ms}));
  auto before = all.hub.published;
  all.tell(*ann, actors::report_to_watchers{"{}"});
  CHECK(all.hub.published - before == 4);
  CHECK(ann->counts->watchers_refused == 34);
}

TEST_CASE("who watches costs rooms nothing") {
  town all;
  constexpr std::size_t queue_bytes = 64 * 1024;
  auto ann = all.start("ann", 1, queue_bytes);
  auto bob = all.start("bob", 2);
  all.tell(*bob, actors::watch_peers{true});
  auto room = all.open(*ann, lounge);
  auto other = all.open(*bob, lounge);
  auto before = other.got->mirrored.size();
  // In one turn, so that all of it waits; half of the queue is the room's.
  actors::mirror said{lounge, {}};
  for (int i = 0; i < 16; ++i)
    said.what.push_back(std::make_shared<const room_event>(
        relayed{true, std::string(2'000, 'm')}));
  caf::anon_send(ann->is, said);
  for (int i = 0; i < 100; ++i)
    caf::anon_send(ann->is,
                   actors::report_to_watchers{std::string(2'000, 'x')});
  all.settle();
  CHECK(other.got->mirrored.size() == before + 16);
  CHECK(ann->counts->dropped == 0);
  CHECK(ann->counts->reports_dropped > 80);
  CHECK(bob->reports.size() + ann->counts->reports_dropped == 100);
}

TEST_CASE("what others say over a watcher's channel is no report") {
  town all;
  auto ann = all.start("ann", 1);
  all.tell(*ann, actors::watch_peers{true});
  CHECK(ann->counts->rejected == 0);
  all.publish("test:watch:1", "nonsense");
  CHECK(ann->counts->rejected == 1);
  all.publish("test:watch:1", encode(cluster::node_sign{{"bob", 2}}));
  all.publish("test:nodes", encode(cluster::node_report{{"bob", 2}, "{}"}));
  CHECK(ann->reports.empty());
  all.publish("test:watch:1", encode(cluster::node_report{{"bob", 2}, "{}"}));
  CHECK(ann->reports == lines{"bob:{}"});
  auto rejected = ann->counts->rejected.load();
  all.publish("test:watch:1", encode(cluster::node_report{{"bob", 2}, "lie"}));
  CHECK(ann->counts->rejected == rejected + 1);
}
