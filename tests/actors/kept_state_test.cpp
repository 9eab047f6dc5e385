// [P-4.6] Shared keys whose order a store gives: members see what it tells.

#include "tests/support/catch.hpp"
#include "tests/support/keeping_store.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;
using verdict = key_answer::verdict;

namespace {

std::string set(const std::string& key, const std::string& value,
                const std::string& more = {}) {
  return R"({"type":"set_state","id":1,"roomId":"a","key":")" + key
         + R"(","value":)" + value + more + '}';
}

/// A node whose rooms are in a store that the test answers for.
struct kept_node : quiet_node {
  explicit kept_node(settings config = calm()) : quiet_node(std::move(config)) {
    auto made = std::make_unique<keeping_store>();
    keys = made.get();
    context->kept = std::move(made);
  }

  template <class Do>
  void told(Do what) {
    what();
    run();
  }

  void accepts() {
    told([this] { keys->accept(); });
  }

  keeping_store* keys = nullptr;
};

} // namespace

TEST_CASE("[P-3.17] a key is acked and told when the store has it") {
  kept_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  node.advance(100ms);
  ann.sees();
  ann.says(set("x", "1"));
  CHECK(ann.sees().empty());
  CHECK(bob.sees().empty());
  REQUIRE(node.keys->waiting.size() == 1);
  CHECK(node.keys->waiting[0].what.user_id == "user-ann");
  CHECK_FALSE(node.keys->waiting[0].expected.has_value());
  node.accepts();
  CHECK(bob.sees().only("state")["changes"].find("\"x\"") != std::string::npos);
  CHECK(ann.sees().only("ack")["version"] == "1");
}

TEST_CASE("[P-4.6] what a client expects is put into the store's numbers") {
  kept_node node;
  auto ann = node.member("user-ann", "a");
  node.keys->number = 40;
  node.told([&] { node.keys->elsewhere("x", "1"); });
  ann.sees();
  SECTION("and compared there") {
    ann.says(set("x", "2", R"(,"ifVersion":1)"));
    REQUIRE(node.keys->waiting.size() == 1);
    CHECK(node.keys->waiting[0].expected == 41);
    node.accepts();
    CHECK(ann.sees().only("ack")["version"] == "2");
  }
  SECTION("for a key that holds nothing, too") {
    ann.says(set("y", "2", R"(,"ifVersion":0)"));
    CHECK(node.keys->waiting.at(0).expected == 0);
  }
  SECTION("what is known not to match is not asked for") {
    ann.says(set("x", "2", R"(,"ifVersion":0)"));
    CHECK(node.keys->waiting.empty());
    CHECK(ann.sees().only("error")["version"] == "1");
  }
  SECTION("who was beaten to it is told by what") {
    ann.says(set("x", "2", R"(,"ifVersion":1)"));
    node.told([&] {
      node.keys->elsewhere("x", "3");
      node.keys->refuse(verdict::conflict);
    });
    auto refused = ann.sees().only("error");
    CHECK(refused["code"] == "conflict");
    CHECK(refused["version"] == "2");
    CHECK(refused["value"] == "3");
  }
}

TEST_CASE("[P-4.6] an ack's version is never another's change") {
  kept_node node;
  auto ann = node.member("user-ann", "a");
  node.told([&] { node.keys->elsewhere("y", "0"); });
  ann.says(set("x", "1"));
  node.told([&] {
    // Both come before the answer, as where the whole was read.
    auto what = keeping_store::key("x", "2", 3);
    node.keys->number = 3;
    node.keys->waiting.clear();
    node.keys->to->state_heard({keeping_store::key("y", "0", 1), what}, true);
    node.keys->to->state_answered({verdict::accepted, 2});
  });
  auto version = ann.sees().only("ack")["version"];
  ann.says(set("x", "3", R"(,"ifVersion":)" + version));
  CHECK(node.keys->waiting.empty());
  CHECK(ann.sees().only("error")["code"] == "conflict");
}

TEST_CASE("[P-5.1] what the store refuses its setter is told") {
  kept_node node;
  auto ann = node.member("user-ann", "a");
  SECTION("no place") {
    ann.says(set("x", "1"));
    node.told([&] { node.keys->refuse(verdict::too_large); });
    CHECK(ann.sees().only("error")["code"] == "too_large");
  }
  SECTION("later") {
    ann.says(set("x", "1"));
    node.told([&] { node.keys->refuse(verdict::unavailable); });
    auto refused = ann.sees().only("error");
    CHECK(refused["code"] == "unavailable");
    CHECK(refused["retryAfter"] == "1000");
  }
  SECTION("at once") {
    node.keys->is_full = true;
    ann.says(set("x", "1"));
    CHECK(ann.sees().only("error")["code"] == "unavailable");
  }
}

TEST_CASE("[P-3.17] bound keys are this node's, whatever keeps the others") {
  kept_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  ann.says(set("cursor", "7", R"(,"bound":true)"));
  CHECK(node.keys->waiting.empty());
  CHECK(ann.sees().only("ack")["version"] == "1");
  bob.sees();
  SECTION("another cannot set them") {
    bob.says(set("cursor", "8"));
    CHECK(node.keys->waiting.empty());
    CHECK(bob.sees().only("error")["code"] == "conflict");
  }
  SECTION("their user can delete them") {
    ann.says(set("cursor", "null"));
    CHECK(node.keys->waiting.empty());
    CHECK(bob.sees().count("state") == 1);
  }
  SECTION("their user can set them so that they stay") {
    ann.says(set("cursor", "9"));
    CHECK(bob.sees().empty());
    node.accepts();
    CHECK(ann.sees().only("ack")["version"] == "2");
    CHECK(bob.sees().only("state")["changes"].find("9") != std::string::npos);
    ann.says(R"({"type":"leave_room","roomId":"a"})");
    CHECK(bob.sees().count("state") == 0);
  }
}

TEST_CASE("[P-3.17] a key that is bound is no longer the store's") {
  kept_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  node.told([&] { node.keys->elsewhere("x", "1"); });
  ann.says(set("x", "2", R"(,"bound":true)"));
  bob.sees();
  REQUIRE(node.keys->waiting.size() == 1);
  CHECK(node.keys->waiting[0].what.now.empty());
  CHECK(node.keys->waiting[0].expected == 1);
  node.accepts();
  ann.sees();
  ann.says(R"({"type":"leave_room","roomId":"a"})");
  CHECK(bob.sees().only("state")["changes"].find("null") != std::string::npos);
}

TEST_CASE("[P-4.17] who joins is told what the store had before") {
  kept_node node;
  auto ann = node.connect("user-ann");
  ann.joins("a").sees();
  node.told([&] {
    node.keys->to->state_heard({keeping_store::key("x", "1", 5)}, true);
  });
  CHECK(ann.sees().count("state") == 1);
  auto bob = node.connect("user-bob");
  bob.joins("a");
  CHECK(bob.sees().only("joined")["state"].find("\"x\"") != std::string::npos);
  // A whole that says the same changes nothing.
  node.told([&] {
    node.keys->to->state_heard({keeping_store::key("x", "1", 5)}, true);
  });
  CHECK(bob.sees().count("state") == 0);
  node.told([&] { node.keys->to->state_heard({}, true); });
  CHECK(bob.sees().only("state")["changes"].find("null") != std::string::npos);
}

TEST_CASE("[P-3.17] a kept key goes at its time, by the node's clock") {
  kept_node node;
  auto ann = node.member("user-ann", "a");
  ann.says(set("x", "1", R"(,"ttl":5000)"));
  CHECK(node.keys->waiting.at(0).what.until == node.wall_now() + 5'000);
  node.accepts();
  ann.sees();
  node.advance(4'999ms);
  CHECK(ann.sees().count("state") == 0);
  node.advance(1ms);
  CHECK(ann.sees().only("state")["changes"].find("null") != std::string::npos);
  // One that comes too late is none.
  node.told([&] { node.keys->elsewhere("y", "1", node.wall_now()); });
  CHECK(ann.sees().count("state") == 0);
}

TEST_CASE("who set a key and left before the answer costs nothing") {
  kept_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  bob.says(set("x", "1"));
  bob->hangs_up(protocol::no_close_frame);
  node.run();
  node.accepts();
  CHECK(ann.sees().count("state") == 1);
}

TEST_CASE("[P-4.3] in a new epoch a number may be another change of the key") {
  kept_node node;
  auto ann = node.connect("user-ann");
  ann.joins("a");
  auto epoch = ann.sees().only("joined")["epoch"];
  node.told([&] { node.keys->elsewhere("x", "1"); });
  ann.sees();
  auto told_whole = [&](const std::string& value) {
    node.told([&] {
      node.keys->to->state_heard({keeping_store::key("x", value, 1)}, true);
    });
  };
  told_whole("1");
  CHECK(ann.sees().empty()); // A second look, and nothing new.
  // Its store is in it already.
  node.told([&] { node.keys->to->log_turned({epoch, 0, false}); });
  ann.sees();
  // Until its keys are known, nobody can say what their versions are.
  ann.says(set("x", "3", R"(,"ifVersion":1)"));
  CHECK(ann.sees().only("error")["code"] == "unavailable");
  CHECK(node.keys->waiting.empty());
  ann.says(set("y", "3"));
  CHECK(node.keys->waiting.size() == 1);
  node.told([&] { node.keys->refuse(verdict::unavailable); });
  ann.sees();
  told_whole("2");
  auto changes = ann.sees().only("state")["changes"];
  CHECK(changes.find(R"("value":2)") != std::string::npos);
  told_whole("2");
  CHECK(ann.sees().empty());
  // Its room is still in the one of before.
  node.told([&] { node.keys->to->log_turned({"other", 0, false}); });
  told_whole("2");
  ann.sees();
  ann.says(set("x", "3", R"(,"ifVersion":3)"));
  CHECK(ann.sees().only("error")["code"] == "unavailable");
}
