#include <map>
#include <set>

#include "core/roster.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/mutate.hpp"

using namespace greenroom;

namespace {

constexpr roster::holder here = roster::this_node;
constexpr roster::holder peer = 1;
constexpr roster::holder other = 2;

roster make(std::uint32_t listed = 10, std::size_t bytes = 10'000) {
  room_settings rules;
  rules.listed_members = listed;
  return {rules, bytes};
}

protocol::member ann(std::string user = "ann") {
  return {"c-ann", std::move(user), {}};
}

/// "+a -b": who came and went, and forgets it.
std::string told(roster& who) {
  std::vector<protocol::member> joined, left;
  who.news.take(joined, left);
  std::string out;
  for (const auto& each : joined)
    out += " +" + each.user_id;
  for (const auto& each : left)
    out += " -" + each.user_id;
  return out;
}

} // namespace

TEST_CASE("[P-4.4] a connection is there while somebody holds it") {
  auto who = make();
  who.hold(ann(), here);
  CHECK(who.size() == 1);
  CHECK(told(who) == " +ann");
  // It moves to a peer, which is heard before this node lets go of it.
  who.hold(ann(), peer);
  who.release("c-ann", here);
  CHECK(who.size() == 1);
  CHECK(told(who).empty());
  who.release("c-ann", here);
  who.release("c-ann", peer);
  CHECK(who.size() == 0);
  CHECK(told(who) == " -ann");
  CHECK(who.find("c-ann") == nullptr);
}

TEST_CASE("[P-4.9] a connection that another user has now is told") {
  auto who = make();
  who.hold(ann(), here);
  CHECK(told(who) == " +ann");
  who.hold(ann("bob"), peer);
  CHECK(told(who) == " +bob");
  who.hold(ann("bob"), other);
  CHECK(told(who).empty());
  // To and fro between two tellings is no news.
  who.hold(ann(), here);
  who.hold(ann("bob"), here);
  CHECK(told(who) == " +bob"); // They know it by either name.
  who.hold(ann(), here);
  who.release_all(here);
  who.release_all(peer);
  who.release_all(other);
  CHECK(told(who) == " -ann");
}

TEST_CASE("[P-4.4] a peer that dies takes only what nobody else holds along") {
  auto who = make();
  who.hold(ann(), peer);
  who.hold(ann(), other);
  who.hold({"c-bob", "bob", {}}, peer);
  who.hold({"c-eve", "eve", {}}, here);
  told(who);
  who.release_all(peer);
  CHECK(who.size() == 2);
  CHECK(told(who) == " -bob");
  CHECK(who.held(other).size() == 1);
  CHECK(who.is_held("c-ann", other));
  CHECK_FALSE(who.is_held("c-ann", peer));
}

TEST_CASE("[P-4.8] a room is listed up to a number and a length") {
  auto few = make(2);
  few.hold(ann(), here);
  few.hold({"c-bob", "bob", {}}, peer);
  CHECK(few.listable());
  few.hold({"c-eve", "eve", {}}, other);
  CHECK_FALSE(few.listable());
  auto narrow = make(10, 200);
  narrow.hold({"c-ann", "ann", '"' + std::string(150, 'x') + '"'}, here);
  CHECK_FALSE(narrow.listable());
  // What is held twice is one line.
  narrow.hold(ann(), peer);
  CHECK(narrow.listable());
}

TEST_CASE("[P-4.4] the list has everybody once, as last told") {
  auto who = make();
  who.hold(ann("anon-1"), here);
  CHECK(who.list_in(protocol::encoding::json)
        == R"([{"connectionId":"c-ann","userId":"anon-1"}])");
  who.hold(ann("ann"), peer);
  CHECK(who.list_in(protocol::encoding::json)
        == R"([{"connectionId":"c-ann","userId":"ann"}])");
  who.release("c-ann", peer);
  who.release("c-ann", here);
  CHECK(who.list_in(protocol::encoding::json) == "[]");
}

TEST_CASE("[P-3.20] the list by user has each user once, sorted") {
  auto who = make();
  who.hold({"c-3", "bob", R"("third")"}, here);
  who.hold({"c-1", "bob", {}}, peer);
  who.hold({"c-2", "bob", R"("second")"}, other);
  who.hold(ann(), here);
  CHECK(who.users() == 2);
  CHECK(who.users_in(protocol::encoding::json)
        == R"([{"userId":"ann","connections":1},)"
           R"({"userId":"bob","connections":3,"info":"second"}])");
  // Held twice it is one connection; another user's name counts from then on.
  who.hold(ann("bob"), peer);
  CHECK(who.users() == 1);
  CHECK(who.users_in(protocol::encoding::json)
        == R"([{"userId":"bob","connections":4,"info":"second"}])");
  who.release("c-2", other);
  CHECK(who.users_in(protocol::encoding::json)
        == R"([{"userId":"bob","connections":3,"info":"third"}])");
  who.release_all(here);
  who.release_all(peer);
  CHECK(who.users() == 0);
  CHECK(who.users_in(protocol::encoding::json) == "[]");
}

TEST_CASE("[P-3.20] users are counted as their connections come and go") {
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    test::random dice{seed};
    auto who = make(100, 100'000);
    auto other_order = make(100, 100'000);
    std::map<std::string, std::pair<std::string, std::set<roster::holder>>>
        truth; // User and holders, by connection.
    for (int step = 0; step < 300; ++step) {
      auto id = "c-" + std::to_string(test::pick(dice, 8));
      auto by = static_cast<roster::holder>(test::pick(dice, 3));
      if (test::pick(dice, 2) == 0) {
        auto user = "user-" + std::to_string(test::pick(dice, 4));
        who.hold({id, user, '"' + id + '"'}, by);
        truth[id].first = user;
        truth[id].second.insert(by);
      } else {
        who.release(id, by);
        if (auto at = truth.find(id); at != truth.end()) {
          at->second.second.erase(by);
          if (at->second.second.empty())
            truth.erase(at);
        }
      }
      std::map<std::string, std::pair<int, std::string>> users;
      for (const auto& [connection, is] : truth) {
        auto& user = users[is.first];
        if (user.first++ == 0)
          user.second = connection; // The first one by id.
      }
      // Not each time: what was asked for before is kept up to date.
      if (test::pick(dice, 3) != 0)
        continue;
      std::string list = "[";
      for (const auto& [user, is] : users)
        list += (list.size() > 1 ? "," : "") + (R"({"userId":")" + user)
                + R"(","connections":)" + std::to_string(is.first)
                + R"(,"info":")" + is.second + "\"}";
      REQUIRE(who.users() == users.size());
      REQUIRE(who.users_in(protocol::encoding::json) == list + "]");
    }
    // Whoever heard of the same connections in another order gives it alike.
    for (auto at = truth.rbegin(); at != truth.rend(); ++at)
      other_order.hold({at->first, at->second.first, '"' + at->first + '"'},
                       peer);
    for (auto as : {protocol::encoding::json, protocol::encoding::msgpack})
      REQUIRE(other_order.users_in(as) == who.users_in(as));
  }
}

TEST_CASE(
    "[P-4.9] differences lead to who is there, however they are gathered") {
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    test::random dice{seed};
    auto who = make(100, 100'000);
    // What those see who came at different times, and were given a list.
    std::vector<std::set<std::string>> views(1);
    auto tell = [&] {
      std::vector<protocol::member> joined, left;
      who.news.take(joined, left);
      for (auto& seen : views) {
        for (const auto& each : left)
          seen.erase(each.connection_id);
        for (const auto& each : joined)
          seen.insert(each.connection_id);
      }
    };
    auto list = [&] {
      std::set<std::string> ids;
      for (int i = 0; i < 5; ++i)
        if (auto id = "c-" + std::to_string(i); who.find(id) != nullptr)
          ids.insert(id);
      return ids;
    };
    for (int step = 0; step < 300; ++step) {
      auto id = "c-" + std::to_string(test::pick(dice, 5));
      auto by = static_cast<roster::holder>(test::pick(dice, 3));
      if (test::pick(dice, 2) == 0)
        who.hold({id, "user", {}}, by);
      else if (test::pick(dice, 10) == 0)
        who.release_all(by);
      else
        who.release(id, by);
      if (test::pick(dice, 20) == 0) {
        who.news.list_given();
        views.push_back(list());
      }
      if (test::pick(dice, 4) == 0)
        tell();
    }
    tell();
    for (const auto& seen : views)
      REQUIRE(seen == list());
  }
}
