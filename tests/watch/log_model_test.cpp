// What is known of nodes from their log lines alone.

#include "watch/log_model.hpp"

#include <array>
#include <chrono>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "tests/support/catch.hpp"
#include "watch/picture_json.hpp"
#include "watch/tree_rows.hpp"
#include "watch/words.hpp"

using namespace greenroom::watch;

namespace {

/// Writes lines as a node does, each a second after the one before.
struct log_writer {
  explicit log_writer(std::string of = "n1") : node(std::move(of)) {}

  std::string line(const std::string& event, const std::string& rest = {}) {
    auto out = R"({"v":1,"ts":")" + format_time(at += 1'000) + R"(","seq":)"
               + std::to_string(++seq) + R"(,"level":"info","event":")" + event
               + R"(","node":")" + node + '"';
    if (!rest.empty())
      out += ',' + rest;
    return out + '}';
  }

  std::string node;
  utc_ms at = 1'795'355'769'000;
  std::uint64_t seq = 0;
};

/// As who tells a line.
std::string by(actor_id id, const std::string& kind, actor_id parent = 0,
               const std::string& name = {}) {
  auto out = "\"actor\":" + std::to_string(id) + R"(,"kind":")" + kind + '"';
  if (!name.empty())
    out += R"(,"name":")" + name + '"';
  if (parent != 0)
    out += ",\"parent\":" + std::to_string(parent);
  return out;
}

const std::string start =
    R"("version":"0.1.0","node_id":"n1","loops":1,"pid":)";

/// node 1, loop 2, keeper 3 with the rooms 5 and 6, gateway 4.
struct told : log_writer {
  explicit told(std::size_t actors_max = log_picture::actors_max)
    : model{{}, actors_max} {
    says("node.starting", start + "7");
    says("actor.spawned", by(1, "node", 0, "node"));
    says("actor.spawned", by(2, "loop", 1, "loop 0"));
    says("actor.spawned", by(3, "keeper", 2));
    says("actor.spawned", by(4, "gateway", 2));
    says("actor.spawned", by(5, "room", 3, "lobby"));
    says("actor.spawned", by(6, "room", 3, "den"));
  }

  void says(const std::string& event, const std::string& rest = {}) {
    model.read(line(event, rest));
  }

  [[nodiscard]] const life& its() const {
    return model.seen().nodes.begin()->second;
  }

  [[nodiscard]] const actor& the(actor_id id) const {
    REQUIRE(its().find(id) != nullptr);
    return *its().find(id);
  }

  log_model model;
};

const std::string crashed = R"(,"reason":"boom","message":"publish")";
const std::string restarted_once =
    R"(,"restarts":1,"cause":"boom","pause_us":9)";

} // namespace

TEST_CASE("the tree is as its lines say") {
  told node;
  CHECK(tree_text(node.model.seen())
        == "n1 0.1.0 starting 6.0s, 0 connections\n"
           "└── node #1\n"
           "    └── loop 0 #2\n"
           "        ├── keeper #3\n"
           "        │   ├── room lobby #5\n"
           "        │   └── room den #6\n"
           "        └── gateway #4\n");
}

TEST_CASE("an actor crashes, and goes on or ends") {
  told node;
  node.says("actor.crashed", by(5, "room", 3, "lobby") + crashed);
  CHECK(node.the(5).state == actor_state::crashed);
  CHECK(node.the(5).why == "boom");
  CHECK(node.the(5).since == node.at);
  SECTION("it is begun anew") {
    node.says("actor.restarted", by(5, "room", 3, "lobby") + restarted_once);
    CHECK(node.the(5).state == actor_state::alive);
    CHECK(node.the(5).restarts == 1);
    CHECK(node.its().restarts == 1);
  }
  SECTION("it ends") {
    node.says("actor.exited",
              by(5, "room", 3, "lobby") + R"(,"reason":"boom","lived_ms":1)");
    CHECK(node.its().find(5) == nullptr);
    REQUIRE(node.its().exited.size() == 1);
    CHECK(node.its().exited[0].why == "boom");
    // What its destruction says is no sign of life.
    node.says("room.closed", by(5, "room", 3, "lobby") + R"(,"room":"lobby")");
    CHECK(node.its().find(5) == nullptr);
  }
}

TEST_CASE("who is begun anew is so with all that is under it") {
  told node;
  node.says("actor.crashed", by(5, "room", 3, "lobby") + crashed);
  node.says("actor.crashed", by(3, "keeper", 2) + crashed);
  node.says("actor.escalated",
            by(3, "keeper", 2) + R"(,"restarts":4,"cause":"boom")");
  CHECK(node.the(3).state == actor_state::escalated);
  CHECK(node.the(3).restarts == 4);
  node.says("actor.restarted", by(2, "loop", 1, "loop 0") + restarted_once);
  CHECK(node.the(2).restarts == 1);
  CHECK(node.the(3).state == actor_state::alive);
  CHECK(node.the(5).state == actor_state::alive);
  CHECK(node.the(5).restarts == 0);
}

TEST_CASE("who is begun anew is so with those that became known before it") {
  told node;
  node.says("actor.crashed", by(8, "room", 7, "early") + crashed);
  node.says("actor.spawned", by(7, "keeper", 2)); // Told by another thread.
  node.says("actor.crashed", by(6, "room", 3, "den") + crashed);
  SECTION("wherever they came from") {
    node.says("bus.up", by(6, "room", 4, "den") + R"(,"endpoint":"redis")");
    node.says("actor.restarted", by(3, "keeper", 2) + restarted_once);
    CHECK(node.the(6).state == actor_state::crashed);
    node.says("actor.restarted", by(4, "gateway", 2) + restarted_once);
    CHECK(node.the(6).state == actor_state::alive);
    CHECK(node.the(8).state == actor_state::crashed);
  }
  node.says("actor.restarted", by(1, "node", 0, "node") + restarted_once);
  for (actor_id id : {6, 8})
    CHECK(node.the(id).state == actor_state::alive);
}

/// A log can make this as long as it likes: each line has to cost little.
TEST_CASE("that many are in trouble makes nobody's new beginning slow") {
  told node;
  for (actor_id id = 10; id < 20'010; ++id)
    node.says("actor.crashed", by(id, "room", 3, "r") + crashed);
  node.says("actor.spawned", by(7, "audience", 4));
  auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 2'000; ++i)
    node.says("actor.restarted", by(4, "gateway", 2) + restarted_once);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{10});
  CHECK(node.the(10).state == actor_state::crashed);
  node.says("actor.restarted", by(3, "keeper", 2) + restarted_once);
  CHECK(node.the(10).state == actor_state::alive);
  CHECK(node.the(20'009).state == actor_state::alive);
}

TEST_CASE("a crash comes with what its actor did before") {
  told node;
  node.says("actor.crashed", by(5, "room", 3, "lobby") + crashed);
  node.says("actor.crashed", by(6, "room", 3, "den") + crashed);
  node.says("actor.flight", by(5, "room", 3, "lobby")
                                + R"(,"entry":1,"age_us":5,"what":"publish")");
  node.says("actor.flight", by(5, "room", 3, "lobby")
                                + R"(,"entry":2,"age_us":9,"what":"join")");
  const auto& all = node.its().crashes;
  REQUIRE(all.size() == 2);
  REQUIRE(all[0].flight.size() == 2);
  CHECK(all[0].flight[1].what == "join");
  CHECK(all[0].flight[1].age_us == 9);
  CHECK(all[1].flight.empty());
}

TEST_CASE("how much waits for an actor is known while it is much") {
  told node;
  node.says("mailbox.deep",
            by(5, "room", 3, "lobby") + R"(,"depth":900,"age_ms":3)");
  CHECK(node.the(5).mailbox == 900);
  node.says("mailbox.drained", by(5, "room", 3, "lobby"));
  CHECK(node.the(5).mailbox == 0);
}

TEST_CASE("a connection that resumes has its name from then on") {
  told node;
  node.says("actor.spawned", by(9, "connection", 4, "c-new"));
  node.says("connection.resumed",
            by(9, "connection", 4, "c-old")
                + R"(,"connection":"c-old","before":"c-new","rooms":1)");
  CHECK(node.the(9).name == "c-old");
}

TEST_CASE("connections are counted, also those that are not told of") {
  told node;
  node.says("actor.spawned", by(9, "connection", 4, "c-1"));
  node.says("log.limited", R"("of":"actor.spawned","held_back":99,"for_ms":9)");
  CHECK(node.its().connections() == 100);
  CHECK(node.its().knows_connections());
  node.says("actor.exited",
            by(10, "connection", 4) + R"(,"reason":"normal","lived_ms":1)");
  CHECK(node.its().connections() == 99);
  node.says("log.limited", R"("of":"actor.exited","held_back":99,"for_ms":9)");
  CHECK(node.its().connections() == 0);
  // It cannot be there any more, and there was place for it.
  CHECK(node.its().find(9) == nullptr);
  CHECK(node.its().forgotten() == 0);
  CHECK(node.its().held_back.find("actor.exited")->second == 99);
}

TEST_CASE("lines that are missing are counted") {
  told node;
  CHECK(node.its().lost == 0);
  node.seq += 5;
  node.says("log.dropped", R"("lines":5)");
  CHECK(node.its().lost == 5);
  CHECK_FALSE(node.its().knows_connections());
}

TEST_CASE("who comes in the midst has missed nothing that it could know of") {
  log_writer node;
  node.seq = 1'000;
  log_model model;
  model.read(node.line("mailbox.deep",
                       by(5, "room", 3, "lobby") + R"(,"depth":9,"age_ms":3)"));
  const auto& its = model.seen().nodes.at("n1");
  CHECK(its.lost == 0);
  CHECK(its.find(5)->mailbox == 9);
  CHECK(its.children(0).size() == 1); // Nobody knows who is above it.
}

TEST_CASE("a node that starts again begins anew") {
  told node;
  node.says("actor.crashed", by(5, "room", 3, "lobby") + crashed);
  SECTION("in order") {
    node.says("node.stopped", R"("clean":true)");
  }
  SECTION("having been killed") {}
  node.seq = 0;
  SECTION("and its first line is there") {
    node.says("store.opened", R"("path":"a","rooms":0,"bytes":0)");
  }
  SECTION("and its first line is lost") {
    node.seq = 4;
  }
  node.says("node.starting", start + "7"); // In a container all have one pid.
  CHECK(node.its().actors().empty());
  CHECK(node.its().crashes.empty());
  CHECK(node.its().is == life::phase::starting);
  CHECK(node.its().lost == 0);
}

TEST_CASE("a node that has stopped has nobody left") {
  told node;
  node.says("node.ready", R"("node_id":"n1")");
  CHECK(node.its().is == life::phase::ready);
  node.says("node.stopping", R"("reason":"SIGTERM","connections":0)");
  CHECK(node.its().is == life::phase::stopping);
  node.says("node.stopped", R"("clean":false,"drain_ms":9)");
  CHECK(node.its().is == life::phase::stopped);
  CHECK(node.its().actors().empty());
  CHECK(node.its().exited.size() == 6);
}

TEST_CASE("a log may have lines of several nodes") {
  told one;
  log_writer two{"n2"};
  one.model.read(two.line("node.starting", start + "8"));
  one.model.read(two.line("actor.spawned", by(5, "room", 3, "other")));
  CHECK(one.model.seen().nodes.size() == 2);
  CHECK(one.the(5).name == "lobby");
  CHECK(one.model.seen().nodes.at("n2").find(5)->name == "other");
}

TEST_CASE("the busiest rooms are those that the node names") {
  told node;
  node.says(
      "rooms.busiest",
      R"("busiest":"lobby=12.5, den=3, a=1, b=2.0","slowest":"c-1 den=1e3")");
  const auto& all = node.its().busiest;
  REQUIRE(all.size() == 4);
  CHECK(all[0].name == "lobby");
  CHECK(all[0].per_second == 12.5);
  CHECK(all[1].name == "den");
  CHECK(node.its().slowest.at(0).name == "c-1 den");
  CHECK(node.its().slowest[0].per_second == 1'000);
  node.says("rooms.busiest", R"("busiest":"x=y=4 z=nothing")");
  REQUIRE(node.its().busiest.size() == 1);
  CHECK(node.its().busiest[0].name == "x=y");
}

TEST_CASE("slow members add up") {
  told node;
  for (int i = 0; i < 2; ++i)
    node.says("member.lagging",
              R"("room":"lobby","connection":"c-1","dropped_bytes":100)");
  REQUIRE(node.its().slow.size() == 1);
  CHECK(node.its().slow[0].times == 2);
  CHECK(node.its().slow[0].dropped_bytes == 200);
}

TEST_CASE("the bus and the peers are as they were last told") {
  told node;
  const std::string to = R"("endpoint":"redis:6379")";
  node.says("bus.connecting", to + R"(,"link":"publish","attempt":1)");
  CHECK(node.its().links.at("redis:6379").is == bus_link::state::connecting);
  node.says("bus.up", to + R"(,"channels":1,"down_ms":0)");
  CHECK(node.its().links.at("redis:6379").is == bus_link::state::up);
  node.says("bus.down", to + R"(,"link":"publish","reason":"refused")");
  auto since = node.at;
  // It tries again.
  node.says("bus.connecting", to + R"(,"link":"publish","attempt":2)");
  node.says("bus.down", to + R"(,"link":"publish","reason":"refused")");
  CHECK(node.its().links.at("redis:6379").since == since);
  CHECK(summary_of(node.its(), node.at).find("bus down 2.0s: refused")
        != std::string::npos);
  node.says("peer.joined", R"("peer":"n2","incarnation":5)");
  CHECK(node.its().peers.at("n2").is_here);
  node.says("peer.lost", R"("peer":"n2","incarnation":5,"silent_ms":9)");
  CHECK_FALSE(node.its().peers.at("n2").is_here);
}

TEST_CASE("what is no event is counted and passed over") {
  told node;
  auto good = node.model.seen().lines;
  for (
      const auto* line :
      {"hello", "{", "[]", "3", R"({"v":1})", "\xff\xfe",
       R"({"v":2,"ts":"2026-11-22T13:56:09.858Z","seq":9,"level":"info","event":"x","node":"n1"})",
       R"({"v":1,"ts":"yesterday","seq":9,"level":"info","event":"x","node":"n1"})",
       R"({"v":1,"ts":"2026-11-22T13:56:09.858Z","seq":0,"level":"info","event":"x","node":"n1"})",
       R"({"v":1,"ts":"2026-11-22T13:56:09.858Z","seq":1,"level":"info","event":"x"})"})
    node.model.read(line);
  node.model.skip();
  CHECK(node.model.seen().malformed == 11);
  CHECK(node.model.seen().lines == good + 11);
  for (const auto* nothing : {"", "\n", "  \r\n"})
    node.model.read(nothing);
  CHECK(node.model.seen().lines == good + 11);
}

TEST_CASE("what is not known of an event is passed over") {
  told node;
  node.says("actor.crashed",
            by(5, "room", 3, "lobby") + crashed
                + R"(,"later":[1,{"a":null}],"more":-1.5,"none":null)");
  node.says("room.painted", by(6, "room", 3, "den") + R"(,"colour":"red")");
  CHECK(node.the(5).state == actor_state::crashed);
  CHECK(node.model.seen().malformed == 0);
}

TEST_CASE("of a log, only what is chosen counts") {
  log_writer node;
  line_choice which;
  SECTION("by time") {
    which.until = node.at + 2'000;
  }
  SECTION("by number") {
    which.seq = 2;
  }
  log_model model{which};
  model.read(node.line("node.starting", start + "7"));
  model.read(node.line("actor.spawned", by(3, "keeper", 2)));
  model.read(node.line("actor.spawned", by(4, "gateway", 2)));
  CHECK(model.seen().nodes.at("n1").actors().size() == 1);
  CHECK(model.seen().lines == 3);
}

TEST_CASE("what is a bit older than the line before it is no hole") {
  log_writer node;
  line_choice which;
  which.until = node.at + 2'000;
  log_model model{which};
  model.read(node.line("node.starting", start + "7"));
  node.at += 1;
  model.read(node.line("actor.spawned", by(3, "keeper", 2))); // Too late,
  node.at -= 1'001;
  SECTION("and nothing is lost") {
    model.read(node.line("actor.spawned", by(4, "gateway", 2)));
    CHECK(model.seen().nodes.at("n1").lost == 0);
    CHECK(model.seen().nodes.at("n1").knows_connections());
  }
  SECTION("and one is lost behind it") {
    ++node.seq;
    model.read(node.line("actor.spawned", by(4, "gateway", 2)));
    CHECK(model.seen().nodes.at("n1").lost == 1);
  }
  CHECK(model.seen().nodes.at("n1").find(3) == nullptr);
  CHECK(model.seen().nodes.at("n1").find(4) != nullptr);
  // All that is later is not there at all, and not lost.
  model.read(node.line("x.y"));
  node.seq += 7;
  node.at += 60'000;
  auto lost = model.seen().nodes.at("n1").lost;
  model.read(node.line("x.y"));
  CHECK(model.seen().nodes.at("n1").lost == lost);
}

TEST_CASE("of a log, one node may be chosen") {
  line_choice which;
  which.node = "n2";
  log_model model{which};
  model.read(log_writer{"n1"}.line("node.starting", start + "7"));
  model.read(log_writer{"n2"}.line("node.starting", start + "7"));
  CHECK(model.seen().nodes.size() == 1);
  CHECK(model.seen().nodes.contains("n2"));
}

TEST_CASE("nothing that is kept grows without a bound") {
  told node;
  std::string longest(10'000, 'x');
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    auto number = std::to_string(i);
    auto room = by(100 + i, "room", 3, "r-" + number);
    node.says("actor.spawned", by(100'000 + i, "connection", 4, "c-" + number));
    if (i % 8 != 0)
      continue;
    node.says("actor.crashed", room + R"(,"reason":")" + longest + '"');
    node.says("actor.flight", room + R"(,"what":"a")");
    node.says("actor.exited", room + R"(,"reason":"boom")");
    node.says("member.lagging", R"("room":")" + number + '"');
    node.says("peer.joined", R"("peer":"n-)" + number + '"');
    node.says("bus.up", R"("endpoint":"e-)" + number + '"');
    node.says("log.limited", R"("of":"e-)" + number + R"(","held_back":1)");
  }
  for (int i = 0; i < 100; ++i) {
    node.model.read(log_writer{"z" + std::to_string(i)}.line("x.y"));
    node.says("x.y"); // It goes on being heard of.
  }
  const auto& its = node.its();
  CHECK(its.actors().size() <= bounds::connections + 6);
  CHECK(its.forgotten() == 20'000 - bounds::connections);
  CHECK(its.exited.size() == bounds::exited);
  REQUIRE(its.crashes.size() == bounds::crashes);
  CHECK(its.crashes.back().reason.size() == bounds::text_bytes);
  CHECK(its.slow.size() == bounds::slow_members);
  CHECK(its.peers.size() == bounds::peers);
  CHECK(its.links.size() == bounds::links);
  CHECK(its.held_back.size() == bounds::held_back);
  CHECK(its.last_lines.size() == bounds::last_lines);
  CHECK(node.model.seen().nodes.size() == log_picture::nodes_max);
  CHECK(node.model.seen().forgotten == 101 - log_picture::nodes_max);
}

TEST_CASE("the node last heard of longest ago makes place, and that is said") {
  log_model model;
  log_writer stays{"stays"};
  for (int i = 0; i < 200; ++i) {
    model.read(log_writer{"run-" + std::to_string(i)}.line("node.starting"));
    model.read(stays.line("x.y"));
  }
  const auto& seen = model.seen();
  CHECK(seen.nodes.size() == log_picture::nodes_max);
  CHECK(seen.nodes.contains("stays"));
  CHECK(seen.nodes.contains("run-199"));
  CHECK(seen.nodes.contains("run-137"));
  CHECK_FALSE(seen.nodes.contains("run-136"));
  CHECK(seen.forgotten == 137);
  CHECK(tree_text(seen).ends_with("\n137 nodes forgotten\n"));
  CHECK(boost::json::parse(picture_json(seen)).at("forgotten") == 137);
}

TEST_CASE("all nodes together have so many actors, and those above stay") {
  constexpr std::size_t most = 1'000;
  told node{most};
  log_writer small{"small"};
  node.model.read(small.line("actor.spawned", by(3, "keeper", 2)));
  node.model.read(small.line("actor.spawned", by(5, "room", 3, "lobby")));
  auto fill = [&](std::size_t count) {
    for (actor_id id = 100; id < 100 + count; ++id)
      node.says("x.y", by(id, "audience", 3));
  };
  fill(most);
  const auto& all = node.model.seen().nodes;
  CHECK(all.at("n1").actors().size() + 2 == most);
  CHECK(all.at("small").actors().size() == 2);
  CHECK(all.at("n1").forgotten() == 8);
  for (actor_id id : {1, 2, 3, 4})
    CHECK(all.at("n1").find(id) != nullptr);
  CHECK(all.at("n1").find(5) == nullptr);   // Of rooms and audiences those that
  CHECK(all.at("n1").find(105) == nullptr); // were there first,
  CHECK(all.at("n1").find(106) != nullptr); // and no others.
  CHECK(summary_of(all.at("n1"), node.at).ends_with(", 8 actors forgotten"));
  SECTION("a run that is over takes no room") {
    node.says("node.starting", start + "7");
  }
  SECTION("nor does a node that made place") {
    for (int i = 0; i < 64; ++i)
      node.model.read(log_writer{"z" + std::to_string(i)}.line("x.y"));
    REQUIRE_FALSE(all.contains("n1"));
  }
  fill(most - 2);
  CHECK(all.at("n1").actors().size() == most - 2);
  CHECK(all.at("n1").forgotten() == 0);
}

TEST_CASE("where only those above are left, the oldest of them makes place") {
  life its{"n1"};
  event_line line;
  line.event = "x.y";
  for (actor_id id : {4, 3, 9}) {
    line.actor = id;
    line.kind = id == 9 ? "room" : "keeper";
    its.read(line);
  }
  for (auto left : {2, 1, 0, 0}) {
    its.make_place();
    CHECK(its.actors().size() == static_cast<std::size_t>(left));
    CHECK((its.find(4) != nullptr) == (left > 0));
  }
}

TEST_CASE("an actor is called by its kind and its name") {
  actor who;
  who.id = 7;
  for (auto [kind, name, title] :
       {std::array{"room", "lobby", "room lobby #7"},
        {"room", "roommates", "room roommates #7"},
        {"connection", "connection", "connection connection #7"},
        {"loop", "loop 0", "loop 0 #7"},
        {"node", "node", "node #7"},
        {"supervisor", "supervisor 3", "supervisor 3 #7"},
        {"supervisor", "audiences", "supervisor audiences #7"},
        {"keeper", "", "keeper #7"},
        {"", "", "actor #7"}}) {
    who.kind = kind;
    who.name = name;
    CHECK(title_of(who) == title);
  }
}

TEST_CASE("what is kept of a text is cut between characters") {
  CHECK(kept("lobby", 5) == "lobby");
  CHECK(kept("lobby", 3) == "lob");
  CHECK(kept("aé", 2) == "a");
  CHECK(kept("\x80\x80\x80", 2).empty());
}

TEST_CASE("a tree may be drawn in part") {
  told node;
  tree_choice how;
  SECTION("by what is searched for, with those above") {
    how.filter = "LOB";
    auto rows = tree_rows(node.model.seen(), how);
    REQUIRE(rows.size() == 5);
    CHECK(rows.back().who->id == 5);
  }
  SECTION("without what is folded") {
    how.folds = [](const life&, const actor* who, std::size_t) {
      return who != nullptr && who->kind == "keeper";
    };
    auto rows = tree_rows(node.model.seen(), how);
    REQUIRE(rows.size() == 5);
    CHECK(rows[3].is_folded);
    CHECK(rows[3].children == 2);
  }
}

TEST_CASE("actors that are each other's parents harm nobody") {
  told node;
  node.says("actor.spawned", by(20, "room", 21, "a"));
  node.says("actor.crashed", by(20, "room", 21, "a") + crashed);
  node.says("actor.spawned", by(21, "room", 20, "b"));
  node.says("actor.spawned", by(22, "room", 22, "c"));
  node.says("actor.restarted", by(5, "room", 3, "lobby") + restarted_once);
  CHECK(tree_rows(node.model.seen(), {}).size() == 7);
}

TEST_CASE("all that is known can be had as JSON") {
  told node;
  node.says("actor.crashed", by(5, "room", 3, "lobby") + crashed);
  node.says("actor.exited", by(6, "room", 3, "den") + R"(,"reason":"normal")");
  auto all = boost::json::parse(picture_json(node.model.seen()));
  CHECK(all.at("lines") == 9);
  auto& its = all.at("nodes").at(0);
  CHECK(its.at("phase") == "starting");
  CHECK(its.at("actors").as_array().size() == 5);
  auto& room = its.at("actors").at(4);
  CHECK(room.at("id") == 5);
  CHECK(room.at("name") == "lobby");
  CHECK(room.at("parent") == 3);
  CHECK(room.at("state") == "crashed");
  CHECK(room.at("restarts") == 0);
  CHECK(its.at("crashes").at(0).at("reason") == "boom");
  CHECK(its.at("exited").at(0).at("name") == "den");
  CHECK(its.as_object().find("busiest_at") == its.as_object().end());
  node.says("rooms.busiest", R"("busiest":"den=1")");
  auto then = boost::json::parse(picture_json(node.model.seen()));
  CHECK(then.at("nodes").at(0).at("busiest_at").as_string()
        == format_time(node.at));
}

TEST_CASE("as JSON, names do nothing to a terminal, and are the same") {
  told node;
  const std::string name = "\x7f \u009b31m \u202e \u2066 \U000e0041 é客";
  node.says("actor.spawned", by(7, "room", 3, R"(\u001b[2J)" + name));
  auto text = picture_json(node.model.seen());
  const auto* shown =
      R"("\u001b[2J\u007f \u009b31m \u202e \u2066 \udb40\udc41 é客")";
  CHECK(text.find(shown) != text.npos);
  auto all = boost::json::parse(text);
  CHECK(all.at("nodes").at(0).at("actors").at(6).at("name").as_string()
        == "\x1b[2J" + name);
}
