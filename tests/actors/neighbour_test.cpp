#include "actors/neighbour.hpp"

#include <optional>

#include "tests/support/catch.hpp"
#include "tests/support/probes.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

/// What `listener` was told, and how it behaves.
struct hearing {
  std::vector<std::uint64_t> heard; ///< As publishes' `who`.
  int failures = 0;
  int alive = 0;
  bool declines = false;
  bool throws = false;
  bool quits = false;
  std::function<void()> meanwhile; ///< Called by the first to be heard.
};

/// A room that hears publishes, by mail or at once.
class listener {
public:
  using handle = actors::room_actor;
  using at_once = actors::publish;

  static constexpr const char* name = "listener";

  listener(handle::pointer self, actors::loop&, hearing& shows)
    : self_(self), shows_(shows) {
    ++shows_.alive;
  }
  ~listener() { --shows_.alive; }

  handle::behavior_type make_behavior() {
    return {
        [](const actors::join&) {},
        [](const actors::leave&) {},
        [this](actors::publish& msg) { hear(msg); },
        [](const actors::list_members&) {},
        [](const actors::read_log&) {},
        [](const actors::change_state&) {},
        [](actors::log_told) {},
        [](const actors::mirrored&) {},
        [](const actors::link_changed&) {},
        [](const actors::holdings_heard&) {},
        [](const actors::holdings_checked&) {},
        [](actors::holdings_asked) {},
        [](const actors::peer_gone&) {},
        [](actors::room_tick) {},
    };
  }

  bool take_at_once(actors::publish& msg) {
    if (shows_.declines)
      return false;
    hear(msg);
    return true;
  }

  void failed(std::string_view) { ++shows_.failures; }

private:
  void hear(const actors::publish& msg) {
    shows_.heard.push_back(msg.who);
    if (auto then = std::exchange(shows_.meanwhile, nullptr))
      then();
    if (shows_.throws)
      throw std::runtime_error{"on purpose"};
    if (shows_.quits)
      self_->quit();
  }

  handle::pointer self_;
  hearing& shows_;
};

using to_room = actors::neighbour<actors::room_actor, actors::publish>;

actors::publish said(std::uint64_t number) {
  actors::publish what;
  what.who = number;
  return what;
}

struct scene {
  explicit scene(std::uint32_t loop = 0)
    : room(node.spawn<listener>(loop, std::ref(shows))),
      next(actors::neighbour_of<listener>(room).seen_from(node.loop(0))) {
    node.run();
  }

  quiet_node node{{}, 2};
  hearing shows;
  actors::room_actor room;
  to_room next;
};

using numbers = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("an actor on the same loop that waits is told at once") {
  scene in;
  in.next.tell(said(1));
  CHECK(in.shows.heard == numbers{1});
}

TEST_CASE("an actor on another loop is mailed to") {
  scene in{1};
  auto what = said(1);
  CHECK_FALSE(in.next.tell_at_once(what));
  in.next.tell(said(2));
  CHECK(in.shows.heard.empty());
  in.node.run();
  CHECK(in.shows.heard == numbers{2});
}

TEST_CASE("what is told at once does not overtake what was mailed") {
  scene in;
  caf::anon_send(in.room, said(1));
  in.next.tell(said(2));
  CHECK(in.shows.heard.empty());
  in.node.run();
  CHECK(in.shows.heard == numbers{1, 2});
  in.next.tell(said(3));
  CHECK(in.shows.heard == numbers{1, 2, 3});
}

TEST_CASE("an actor does one thing at a time") {
  bool mailed = GENERATE(false, true);
  scene in;
  std::size_t during = 0;
  in.shows.meanwhile = [&] {
    in.next.tell(said(2));
    during = in.shows.heard.size();
  };
  if (mailed)
    caf::anon_send(in.room, said(1));
  else
    in.next.tell(said(1));
  in.node.run();
  CHECK(during == 1);
  CHECK(in.shows.heard == numbers{1, 2});
}

TEST_CASE("who declines is mailed to") {
  scene in;
  in.shows.declines = true;
  in.next.tell(said(1));
  CHECK(in.shows.heard.empty());
  in.node.run();
  CHECK(in.shows.heard == numbers{1});
}

TEST_CASE("an actor that fails or quits on what it is told at once ends, as it "
          "would on mail, and hears nothing more") {
  bool throws = GENERATE(true, false);
  bool mailed = GENERATE(false, true);
  scene in;
  (throws ? in.shows.throws : in.shows.quits) = true;
  if (mailed)
    caf::anon_send(in.room, said(1));
  else
    in.next.tell(said(1));
  in.next.tell(said(2));
  in.node.run();
  in.next.tell(said(3));
  in.node.run();
  CHECK(in.shows.heard == numbers{1});
  CHECK(in.shows.failures == (throws ? 1 : 0));
  CHECK(in.shows.alive == 0);
}

TEST_CASE("a room that fails on what its member says at once tells all") {
  quiet_node node{anonymous()};
  auto ann = node.member({}, "a");
  auto bob = node.member({}, "a");
  auto& loop = node.loop(0);
  insider_view sees;
  auto eve = node.spawn<insider>(0, std::ref(sees));
  auto keeper = node.context->keeper_of({room_space::protocol, "a"});
  actors::join wants;
  wants.room = {room_space::protocol, "a"};
  wants.who = newcomer_of(eve, loop);
  caf::anon_send(keeper.handle(), wants);
  wants = {}; // Its outbox must be gone before the node.
  node.run();
  auto room = sees.entered.front().room.seen_from(loop);
  actors::publish what;
  what.who = eve.id();
  what.what = bombshell();
  CHECK(room.tell_at_once(what));
  node.run();
  CHECK(ann.sees().count("left") == 0); // It begins anew.
  wear_out(node, room.handle(), what);
  CHECK(ann.sees().count("left") == 1);
  CHECK(bob.sees().count("left") == 1);
  CHECK(node.context->rooms == 0);
  ann.joins("a");
  CHECK(ann.sees().count("joined") == 1);
  CHECK(node.context->rooms == 1);
  sees = {};
  room = {};
}

TEST_CASE(
    "a connection that fails on what is read at once is closed with 1011, "
    "and counts no more") {
  settings config;
  bool throws = true;
  quiet_node node{config};
  node.context->verify = [&](std::string_view, std::int64_t) -> token_verdict {
    if (throws)
      throw std::runtime_error{"on purpose"};
    return claims{};
  };
  auto ann = node.connect();
  ann.says(R"({"type":"auth","token":"x"})");
  node.run();
  CHECK(ann->closed == protocol::close_code::internal_error);
  CHECK(node.context->connections == 0);
}
