#include "tests/support/catch.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

bool names(const std::string& list, std::string_view user) {
  return list.find('"' + std::string{user} + '"') != std::string::npos;
}

constexpr auto asks = R"({"type":"presence","roomId":"a","id":1})";
constexpr auto asks_by_user =
    R"({"type":"presence","roomId":"a","id":1,"by":"user"})";

} // namespace

TEST_CASE("[P-4.4] who joins is told who is there") {
  quiet_node node{{}, 2};
  claims who;
  who.user_id = "ann";
  who.info_json = R"({"name":"Ann"})";
  node.tokens["t"] = who;
  auto ann = node.member("t", "a", 0);
  auto bob = node.connect("user-bob", 1);
  bob.joins("a");
  auto joined = bob.sees().only("joined");
  CHECK(joined["memberCount"] == "2");
  CHECK(names(joined["members"], ann.connection_id()));
  CHECK(names(joined["members"], bob.connection_id()));
  CHECK(joined["members"].find(R"("info":{"name":"Ann"})")
        != std::string::npos);
}

TEST_CASE("[P-4.4] others are told who came and went, gathered for a while") {
  quiet_node node{{}, 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.connect("user-bob", 1);
  auto eve = node.connect("user-eve", 1);
  bob.joins("a");
  node.advance(49ms);
  CHECK(ann.sees().empty());
  node.advance(1ms);
  auto news = ann.sees().only("presence");
  CHECK(names(news["joined"], "user-bob"));
  CHECK(news["memberCount"] == "2");
  CHECK(news["members"] == "");

  eve.joins("a");
  bob->hangs_up();
  node.advance(50ms);
  news = ann.sees().only("presence");
  CHECK(names(news["joined"], "user-eve"));
  CHECK(names(news["left"], "user-bob"));
  CHECK_FALSE(names(news["left"], "user-eve"));
}

TEST_CASE("[P-4.4] who came alone is not told of itself") {
  quiet_node node;
  auto ann = node.connect("user-ann");
  ann.joins("a");
  ann.sees();
  node.advance(1s);
  CHECK(ann.sees().empty());
}

TEST_CASE("[P-4.9] who came and went between two is not mentioned") {
  quiet_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.connect("user-bob");
  bob.joins("a").says(R"({"type":"leave_room","roomId":"a"})");
  node.advance(1s);
  CHECK(ann.sees().empty());
}

TEST_CASE("[P-4.9] who came between is told who went, or came back, since") {
  quiet_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  node.advance(1s);
  ann.sees();
  auto cid = node.connect("user-cid");
  cid.joins("a");
  bob.says(R"({"type":"leave_room","roomId":"a"})");
  auto dan = node.connect("user-dan");
  auto list = dan.joins("a").sees().only("joined");
  CHECK(names(list["members"], "user-cid"));
  CHECK_FALSE(names(list["members"], "user-bob"));
  cid.says(R"({"type":"leave_room","roomId":"a"})");
  bob.joins("a");
  node.advance(50ms);
  for (auto* each : {&ann, &dan}) {
    auto news = each->sees().only("presence");
    CHECK(names(news["joined"], "user-bob"));
    CHECK(names(news["left"], "user-cid"));
    CHECK(news["memberCount"] == "3");
  }
}

TEST_CASE("[P-3] `presence` is answered with the whole list") {
  quiet_node node{{}, 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  bob.says(asks);
  auto whole = bob.sees().only("presence");
  CHECK(whole["id"] == "1");
  CHECK(whole["memberCount"] == "2");
  CHECK(names(whole["members"], "user-ann"));
  CHECK(names(whole["members"], "user-bob"));
}

TEST_CASE("[P-3.20] `presence` by user has one entry for each user") {
  quiet_node node{{}, 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  auto ann_too = node.member("user-ann", "a", 1);
  bob.sees();
  bob.says(asks_by_user);
  auto whole = bob.sees().only("presence");
  CHECK(whole["id"] == "1");
  CHECK(whole["memberCount"] == "3");
  CHECK(whole["userCount"] == "2");
  CHECK(whole["members"] == "");
  CHECK(whole["users"]
        == R"([{"userId":"user-ann","connections":2},)"
           R"({"userId":"user-bob","connections":1}])");
  ann->hangs_up();
  node.advance(50ms);
  bob.sees();
  bob.says(asks_by_user);
  whole = bob.sees().only("presence");
  CHECK(whole["userCount"] == "2");
  CHECK(whole["users"]
        == R"([{"userId":"user-ann","connections":1},)"
           R"({"userId":"user-bob","connections":1}])");
  bob.says(R"({"type":"presence","roomId":"a","id":2,"by":"node"})");
  auto refused = bob.sees().only("error");
  CHECK(refused["code"] == "bad_message");
  CHECK(refused["message"].find("by:") == 0);
}

TEST_CASE("[P-3.20] nameless clients are users of their own, a name is one") {
  quiet_node node{anonymous()};
  auto first = node.connect({});
  auto second = node.connect({});
  first.joins("a");
  second.joins("a");
  first.sees();
  first.says(asks_by_user);
  CHECK(first.sees().only("presence")["userCount"] == "2");
  auto names_itself = R"({"type":"join_room","roomId":"a","userId":"guest"})";
  auto third = node.connect({});
  auto fourth = node.connect({});
  third.says(names_itself);
  fourth.says(names_itself);
  node.advance(100ms);
  first.sees();
  first.says(asks_by_user);
  auto whole = first.sees().only("presence");
  CHECK(whole["userCount"] == "3");
  CHECK(whole["users"].find(R"({"userId":"guest","connections":2})")
        != std::string::npos);
}

TEST_CASE("[P-2.5] a member without `p` sees no presence of any kind") {
  quiet_node node{{}, 2};
  claims who;
  who.user_id = "ann";
  who.rooms.emplace().add("*", "rw");
  node.tokens["t"] = who;
  auto ann = node.connect("t", 0);
  ann.joins("a");
  auto joined = ann.sees().only("joined");
  CHECK(joined["members"] == "");
  auto bob = node.connect("user-bob", 1);
  bob.joins("a");
  CHECK(names(bob.sees().only("joined")["members"], "ann"));
  node.advance(1s);
  ann.says(asks);
  auto refused = ann.sees();
  CHECK(refused.types() == "error");
  CHECK(refused.each("code") == "forbidden");
  ann.says(asks_by_user);
  CHECK(ann.sees().each("code") == "forbidden");
  bob.says(R"({"type":"message","roomId":"a","text":"x"})");
  bob.says(R"({"type":"typing","roomId":"a"})");
  CHECK(ann.sees().types() == "message typing");
}

TEST_CASE("[P-4.4] a room beyond `listed-members` counts without lists") {
  settings config;
  config.rooms.listed_members = 2;
  quiet_node node{config};
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  ann.sees();
  auto eve = node.connect("user-eve");
  eve.joins("a");
  auto joined = eve.sees().only("joined");
  CHECK(joined["memberCount"] == "3");
  CHECK(joined["members"] == "");
  node.advance(50ms);
  auto news = ann.sees().only("presence");
  CHECK(news["memberCount"] == "3");
  CHECK(news["joined"] == "");
  eve.sees();
  eve.says(asks);
  CHECK(eve.sees().only("presence")["members"] == "");
  eve.says(asks_by_user); // [P-3.20]
  auto counts = eve.sees().only("presence");
  CHECK(counts["memberCount"] == "3");
  CHECK(counts["userCount"] == "3");
  CHECK(counts["users"] == "");

  // Small enough again: who never had the list gets it whole.
  ann->hangs_up();
  node.advance(50ms);
  auto whole = eve.sees().only("presence");
  CHECK(names(whole["members"], "user-bob"));
  CHECK(names(whole["members"], "user-eve"));
  CHECK_FALSE(names(whole["members"], "user-ann"));
}

TEST_CASE("[P-4.4] a list too long in bytes is not given") {
  settings config;
  config.limits.unsent_bytes = 16 * 1024; // Lists: a quarter of it.
  quiet_node node{config};
  claims talkative;
  talkative.user_id = "max";
  talkative.info_json = '"' + std::string(3'000, 'x') + '"';
  node.tokens["max"] = talkative;
  auto ann = node.member("user-ann", "a");
  auto max = node.connect("max");
  max.joins("a");
  CHECK(names(max.sees().only("joined")["members"], "user-ann"));
  auto max_too = node.connect("max");
  max_too.joins("a");
  auto joined = max_too.sees().only("joined");
  CHECK(joined["memberCount"] == "3");
  CHECK(joined["members"] == "");
  max->hangs_up();
  node.advance(50ms);
  CHECK(names(max_too.sees().only("presence")["members"], "user-ann"));
}

TEST_CASE("[P-4.4] who joined a room too big to list gets the list when it "
          "shrinks at once") {
  settings config;
  config.rooms.listed_members = 2;
  quiet_node node{config};
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  auto eve = node.connect("user-eve");
  eve.joins("a");
  CHECK(eve.sees().only("joined")["members"] == "");
  ann->hangs_up();
  node.advance(50ms);
  CHECK(names(eve.sees().only("presence")["members"], "user-bob"));
}

TEST_CASE("[P-4.9] a room of thousands tells less often who came and went") {
  quiet_node node;
  std::vector<guest> crowd;
  for (int i = 0; i < 2'001; ++i) {
    crowd.push_back(node.connect("user-" + std::to_string(i)));
    crowd.back().joins("a");
  }
  node.advance(1s);
  auto& first = crowd.front();
  first.sees();
  auto late = node.connect("user-late");
  late.joins("a");
  node.advance(149ms);
  CHECK(first.sees().empty());
  node.advance(1ms);
  CHECK(first.sees().only("presence")["memberCount"] == "2002");
}
