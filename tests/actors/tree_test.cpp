// The tree of actors as the node itself tells it. That its log tells the same
// is tested in tests/app/tree_test.cpp.

#include "actors/tree.hpp"

#include <algorithm>

#include "core/fault_point.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

using entries = std::vector<actors::tree_entry>;

entries tree_of(quiet_node& node) {
  entries all;
  node.crew(0).list(SIZE_MAX, all);
  return all;
}

std::size_t count(const entries& all, std::string_view kind) {
  return static_cast<std::size_t>(
      std::ranges::count(all, kind, &actors::tree_entry::kind));
}

const actors::tree_entry& the(const entries& all, std::string_view kind) {
  auto found = std::ranges::find(all, kind, &actors::tree_entry::kind);
  REQUIRE(found != all.end());
  return *found;
}

} // namespace

TEST_CASE("a node knows all who live in it, and under whom") {
  quiet_node node{calm()};
  auto loop = node.crew(0).by()->id();
  auto all = tree_of(node);
  CHECK(all.size() == 3); // The supervisor of audiences, too.
  CHECK(the(all, "keeper").parent == loop);
  CHECK(the(all, "gateway").parent == loop);
  CHECK(the(all, "supervisor").name == "audiences 0");

  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  all = tree_of(node);
  CHECK(all.size() == 7);
  CHECK(count(all, "connection") == 2);
  CHECK(the(all, "connection").parent == the(all, "gateway").id);
  CHECK(the(all, "connection").name.starts_with("c-"));
  CHECK(the(all, "room").parent == the(all, "keeper").id);
  CHECK(the(all, "room").name == "a");
  CHECK(the(all, "audience").parent == the(all, "supervisor").id);

  ann->hangs_up();
  node.run();
  CHECK(count(tree_of(node), "connection") == 1);
  bob->hangs_up();
  node.advance(10min);
  CHECK(tree_of(node).size() == 3);
}

TEST_CASE("a node knows who crashed, and how often it began anew") {
  quiet_node node{calm()};
  auto ann = node.member("user-ann", "a");
  installed_fault_hook = [](std::string_view point, std::string_view) {
    if (point == "room.publish")
      throw std::runtime_error{"boom"};
  };
  ann.says(R"({"type":"message","roomId":"a","id":1,"text":"x"})");
  installed_fault_hook = nullptr;
  // At once the first time; it crashed again, and waits for its second.
  CHECK(the(tree_of(node), "room").restarts == 1);
  CHECK(the(tree_of(node), "room").is_held);
  node.advance(1s);
  CHECK(the(tree_of(node), "room").restarts == 2);
  CHECK_FALSE(the(tree_of(node), "room").is_held);
}

TEST_CASE("of many, those that are held are listed before all others") {
  quiet_node node{calm()};
  std::vector<guest> all;
  for (const auto* room : {"a", "b", "c", "d"})
    all.push_back(node.member("user-ann", room));
  installed_fault_hook = [](std::string_view point, std::string_view) {
    if (point == "room.publish")
      throw std::runtime_error{"boom"};
  };
  all[2].says(R"({"type":"message","roomId":"c","id":1,"text":"x"})");
  installed_fault_hook = nullptr;
  auto rooms_of = [&](std::size_t most) {
    entries tree;
    node.crew(0).list(most, tree);
    std::string names;
    for (const auto& each : tree)
      if (each.kind == "room")
        names += each.name;
    CHECK(the(tree, "keeper").more == 4 - names.size());
    return names;
  };
  CHECK(rooms_of(1) == "c");
  CHECK(rooms_of(3) == "cab");
  CHECK(rooms_of(9) == "cabd");
  node.advance(1s);
  CHECK(rooms_of(3) == "abc");
}

TEST_CASE("the tree can be had as JSON, by id") {
  actors::tree_entry node{1, "node", "node", 0, 0, false, 0, 0, 0, 0, {}};
  actors::tree_entry room{7,
                          "room",
                          "a\"b",
                          3,
                          2,
                          true,
                          900,
                          0,
                          53,
                          2,
                          {{"ann", "c-1"}, {"", "c-2"}}};
  CHECK(
      actors::tree_json("n-1", {room, node})
      == R"({"node":"n-1","actors":[)"
         R"({"id":1,"kind":"node","name":"node","restarts":0,"state":"alive"},)"
         R"({"id":7,"kind":"room","name":"a\"b","parent":3,"restarts":2,)"
         R"("state":"crashed","mailbox":900,"members":53,"here":2,)"
         R"("some":[["ann","c-1"],["","c-2"]]}]})");
  CHECK(actors::tree_json("n-1", {}) == R"({"node":"n-1","actors":[]})");
}
