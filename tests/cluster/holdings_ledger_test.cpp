#include <map>
#include <set>

#include "cluster/holdings_ledger.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/mutate.hpp"

using namespace greenroom;
using namespace greenroom::cluster;

namespace {

constexpr node_run ann{"ann", 7};

holdings arrival(const std::string& connection) {
  holdings what;
  what.joined.push_back({{connection, "user", {}}, 1});
  return what;
}

holdings departure(const std::string& connection) {
  holdings what;
  what.left.push_back(connection);
  return what;
}

holdings whole(std::initializer_list<const char*> connections) {
  holdings what;
  what.whole = true;
  for (const auto* each : connections)
    what.joined.push_back({{each, "user", {}}, 1});
  return what;
}

/// One envelope, as it comes over the wire.
room_holdings sent(holdings_ledger& by, holdings what) {
  auto parts = by.tell(std::move(what));
  REQUIRE(parts.size() == 1);
  parts[0].from = ann;
  parts[0].room = {room_space::protocol, "a"};
  auto read = decode(encode(parts[0]));
  REQUIRE(read.has_value());
  return std::get<room_holdings>(*read);
}

} // namespace

TEST_CASE("[P-9.2] differences behind a whole are believed, once") {
  holdings_ledger own{3};
  holdings_ledger peer{1};
  auto first = peer.hear(sent(own, whole({"c-1"})));
  REQUIRE(first.news);
  CHECK(first.news->whole);
  auto difference = sent(own, arrival("c-2"));
  auto second = peer.hear(difference);
  REQUIRE(second.news);
  CHECK_FALSE(second.news->whole);
  CHECK(second.news->joined.at(0).who.connection_id == "c-2");
  auto again = peer.hear(difference);
  CHECK_FALSE(again.news);
  CHECK_FALSE(again.ask);
  CHECK_FALSE(peer.misses(7, own.own()));
}

TEST_CASE("[P-9.2] behind a difference that got lost the whole is asked for") {
  holdings_ledger own{3};
  holdings_ledger peer{1};
  (void)peer.hear(sent(own, whole({"c-1"})));
  sent(own, arrival("c-2"));
  CHECK(peer.misses(7, own.own()));
  auto found = peer.hear(sent(own, arrival("c-3")));
  CHECK(found.ask);
  CHECK_FALSE(found.news);
  CHECK_FALSE(peer.hear(sent(own, arrival("c-4"))).ask); // It was, just now.
  CHECK(peer.hear(sent(own, whole({"c-1", "c-2", "c-3", "c-4"}))).news);
  CHECK(peer.hear(sent(own, arrival("c-5"))).news);
}

TEST_CASE("[P-9.2] who misses something asks once a beat, however it notices") {
  holdings_ledger own{3};
  holdings_ledger peer{1};
  auto differs = [&] {
    return peer.hear(sent(own, arrival("c"))).ask;
  };
  sent(own, whole({}));
  CHECK(differs());
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(differs());
    CHECK(peer.misses(7, own.own()));
    CHECK_FALSE(peer.asks_behind(7, own.own()));
    peer.next_beat();
    CHECK(peer.asks_behind(7, own.own()));
    CHECK_FALSE(differs());
    peer.next_beat();
    CHECK(differs());
  }
  CHECK(peer.hear(sent(own, whole({"c"}))).news);
  peer.next_beat();
  CHECK_FALSE(peer.asks_behind(7, own.own()));
  // Of a peer that only the digest names.
  holdings_ledger newly{1};
  CHECK(newly.asks_behind(7, own.own()));
  CHECK_FALSE(newly.asks_behind(7, own.own()));
  CHECK(newly.asks_behind(8, own.own()));
}

TEST_CASE("[P-9.2] an envelope of holdings has a bound in bytes, too") {
  holdings_ledger own{3};
  holdings_ledger peer{1};
  holdings many;
  many.whole = true;
  for (int i = 0; i < 100; ++i)
    many.joined.push_back({{"c-" + std::to_string(i), "user",
                            '"' + std::string(8'000, 'x') + '"'},
                           1});
  for (int i = 0; i < 100; ++i)
    many.keys.push_back({"k" + std::to_string(i),
                         {protocol::encoding::json, "1"},
                         std::string(250, 'u'),
                         {},
                         std::nullopt,
                         1});
  auto parts = own.tell(many);
  CHECK(parts.size() >= 20);
  std::optional<holdings> got;
  for (auto& part : parts) {
    part.from = ann;
    CHECK(encode(part).size() < envelope_bytes_max + 10'000);
    auto found = peer.hear(std::move(part));
    if (found.news)
      got = std::move(found.news);
  }
  REQUIRE(got);
  CHECK(got->joined.size() == 100);
  CHECK(got->keys.size() == 100);
}

TEST_CASE("[P-9.2] what a peer holds is gathered up to a bound") {
  holdings_ledger own{3};
  holdings_ledger peer{1, 100'000};
  auto hear = [&](std::size_t members) {
    holdings many;
    many.whole = true;
    for (std::size_t i = 0; i < members; ++i)
      many.joined.push_back({{"c-" + std::to_string(i), "user", {}}, 1});
    holdings_ledger::verdict last;
    int too_long = 0;
    for (auto& part : own.tell(std::move(many))) {
      part.from = ann;
      last = peer.hear(std::move(part));
      too_long += last.too_long;
    }
    CHECK(too_long == (last.news ? 0 : 1)); // Told once.
    return last.news.has_value();
  };
  CHECK(hear(300));
  CHECK_FALSE(hear(10'000));
  // Who cannot be heard is not asked to say it again and again.
  CHECK(peer.misses(7, own.own()));
  for (int beat = 0; beat < 60; ++beat) {
    CHECK_FALSE(peer.asks_behind(7, own.own()));
    CHECK_FALSE(peer.hear(sent(own, arrival("c"))).ask);
    peer.next_beat();
  }
  CHECK(peer.asks_behind(7, own.own()));
  // Once it is shorter, it is heard again.
  CHECK(hear(300));
  CHECK(peer.hear(sent(own, arrival("d"))).news);
}

TEST_CASE("[P-9.2] who was not heard before is asked for the whole") {
  holdings_ledger own{3};
  holdings_ledger peer{1};
  sent(own, whole({}));
  CHECK(peer.hear(sent(own, arrival("c-1"))).ask);
}

TEST_CASE("[P-9.2] a whole that is long comes in parts, or not at all") {
  holdings_ledger own{3};
  holdings_ledger peer{1};
  holdings many;
  many.whole = true;
  for (int i = 0; i < 600; ++i)
    many.joined.push_back({{"c-" + std::to_string(i), "user", {}}, 1});
  for (int i = 0; i < 5; ++i)
    many.keys.push_back(
        {"k" + std::to_string(i),
         {protocol::encoding::json, '"' + std::string(15'000, 'x') + '"'},
         "user",
         {},
         std::nullopt,
         1});
  auto parts = own.tell(many);
  CHECK(parts.size() == 3);
  for (std::size_t lost = 0; lost <= parts.size(); ++lost) {
    holdings_ledger other{1};
    std::optional<holdings> got;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      auto part = parts[i];
      part.from = ann;
      if (i == lost)
        continue;
      auto found = other.hear(std::move(part));
      if (found.news)
        got = std::move(found.news);
    }
    CHECK(got.has_value() == (lost == parts.size()));
    CHECK(other.misses(7, own.own()) == !got.has_value());
    if (got) {
      CHECK(got->joined.size() == 600);
      CHECK(got->keys.size() == 5);
    }
  }
}

TEST_CASE("[P-9.2] a room that is opened anew on a peer begins anew") {
  holdings_ledger before{3};
  holdings_ledger after{4};
  holdings_ledger peer{1};
  (void)peer.hear(sent(before, whole({"c-1"})));
  auto late = sent(before, arrival("c-2"));
  CHECK(peer.hear(sent(after, whole({}))).news);
  CHECK_FALSE(peer.hear(late).news);
  CHECK(peer.hear(sent(after, arrival("c-3"))).news);
}

TEST_CASE("[P-9.2] whatever gets lost, peers end with what is held") {
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    test::random dice{seed};
    holdings_ledger own{1};
    holdings_ledger peer{1};
    std::set<std::string> truth;
    std::set<std::string> believed;
    auto whole_truth = [&] {
      holdings all;
      all.whole = true;
      for (const auto& each : truth)
        all.joined.push_back({{each, "user", {}}, 1});
      return all;
    };
    bool asked = true;
    auto say = [&](holdings what, bool arrives) {
      auto envelope = sent(own, std::move(what));
      if (!arrives)
        return;
      auto found = peer.hear(std::move(envelope));
      asked |= found.ask;
      if (!found.news)
        return;
      if (found.news->whole)
        believed.clear();
      for (const auto& each : found.news->joined)
        believed.insert(each.who.connection_id);
      for (const auto& each : found.news->left)
        believed.erase(each);
    };
    for (int step = 0; step < 200; ++step) {
      auto connection = "c-" + std::to_string(test::pick(dice, 10));
      bool arrives = test::pick(dice, 4) != 0;
      if (test::pick(dice, 3) == 0)
        peer.next_beat();
      if (truth.erase(connection) == 0) {
        truth.insert(connection);
        say(arrival(connection), arrives);
      } else {
        say(departure(connection), arrives);
      }
      if (test::pick(dice, 6) == 0 && peer.asks_behind(7, own.own()))
        asked = true;
      if (std::exchange(asked, false) && test::pick(dice, 2) == 0)
        say(whole_truth(), test::pick(dice, 3) != 0);
    }
    // In the end nothing gets lost: one digest, one answer.
    if (peer.misses(7, own.own()))
      say(whole_truth(), true);
    REQUIRE(believed == truth);
  }
}

TEST_CASE("[P-9.2] parts of two wholes are not put together") {
  holdings_ledger own{3};
  holdings_ledger peer{1};
  auto many = [](const std::string& prefix) {
    holdings all;
    all.whole = true;
    for (int i = 0; i < 300; ++i)
      all.joined.push_back({{prefix + std::to_string(i), "user", {}}, 1});
    return all;
  };
  auto first = own.tell(many("a"));
  auto second = own.tell(many("b"));
  REQUIRE(first.size() == 2);
  REQUIRE(second.size() == 2);
  for (auto* part : {&first[0], &second[1]}) {
    part->from = ann;
    CHECK_FALSE(peer.hear(*part).news);
  }
  CHECK(peer.misses(7, own.own()));
}

TEST_CASE(
    "[P-9.2] a whole that comes again is not believed over what is newer, "
    "also where something was missed since") {
  holdings_ledger own{3};
  holdings_ledger peer{1};
  auto whole_1 = sent(own, whole({"c-1"}));
  CHECK(peer.hear(whole_1).news);
  CHECK(peer.hear(sent(own, arrival("c-2"))).news);
  sent(own, arrival("c-3"));
  CHECK(peer.hear(sent(own, arrival("c-4"))).ask);
  CHECK_FALSE(peer.hear(whole_1).news);
  // Nor a word of a former life of the room there.
  holdings_ledger before{2};
  CHECK_FALSE(peer.hear(sent(before, whole({}))).news);
}

TEST_CASE(
    "[P-9.2] who is doubted and says nothing is asked where it hears it") {
  holdings_ledger own{3};
  holdings_ledger peer{1};
  using some = std::vector<std::uint64_t>;
  CHECK(peer.hear(sent(own, whole({"c-1"}))).news);
  auto pass = [&](int beats) {
    for (; beats > 0; --beats)
      peer.next_beat();
  };
  pass(5);
  CHECK(peer.silent(9).empty());
  peer.doubt_all();
  pass(1);
  CHECK(peer.silent(9).empty()); // It has its time to answer.
  pass(1);
  CHECK(peer.silent(9) == some{7});
  CHECK(peer.silent(9).empty());
  pass(2);
  CHECK(peer.silent(9) == some{7});
  // A digest that names what is known is an answer; so is any news.
  CHECK_FALSE(peer.asks_behind(7, own.own()));
  pass(2);
  CHECK(peer.silent(9).empty());
  peer.doubt_all();
  CHECK(peer.hear(sent(own, arrival("c-2"))).news);
  pass(2);
  CHECK(peer.silent(9).empty());
  // Who does not answer what was missed is asked so, too.
  sent(own, arrival("c-3"));
  CHECK(peer.hear(sent(own, arrival("c-4"))).ask);
  pass(2);
  CHECK(peer.silent(9) == some{7});
}

TEST_CASE("[P-9.2] who is doubted is asked until it tells the whole, and is "
          "still known when it dies") {
  holdings_ledger own{3};
  holdings_ledger peer{1};
  using some = std::vector<std::uint64_t>;
  CHECK(peer.hear(sent(own, whole({"c-1"}))).news);
  peer.doubt(7);
  for (int i = 0; i < 2; ++i) {
    peer.next_beat();
    peer.next_beat();
    CHECK(peer.silent(9) == some{7});
  }
  CHECK(peer.hear(sent(own, whole({"c-2"}))).news);
  peer.next_beat();
  peer.next_beat();
  CHECK(peer.silent(9).empty());
  peer.doubt(7);
  peer.next_beat();
  peer.next_beat();
  CHECK(peer.silent(0).empty()); // Not in this beat.
  CHECK(peer.silent(1) == some{7});
  CHECK(peer.forget(7));
}

TEST_CASE("[P-9.2] what a peer's words came to is looked at where it stands, "
          "once in some beats") {
  holdings_ledger own{3};
  holdings_ledger peer{1};
  CHECK_FALSE(peer.is_to_be_checked(7, own.own()));
  CHECK(peer.hear(sent(own, whole({"c-1"}))).news);
  CHECK(peer.is_to_be_checked(7, own.own()));
  CHECK_FALSE(peer.is_to_be_checked(7, own.own()));
  for (int beat = 0; beat < 5; ++beat)
    peer.next_beat();
  auto before = own.own();
  sent(own, arrival("c-2"));
  CHECK_FALSE(peer.is_to_be_checked(7, own.own()));
  CHECK(peer.is_to_be_checked(7, before));
}
