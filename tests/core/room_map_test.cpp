#include "core/room_map.hpp"

#include <string>

#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace std::chrono_literals;
using protocol::error_code;

namespace {

constexpr room_map::bounds wide{100, 10'000};

protocol::value json(std::string bytes) {
  return {protocol::encoding::json, std::move(bytes)};
}

/// An empty value deletes.
room_map::change to(std::string key, std::string value,
                    std::string user = "ann") {
  return {std::move(key), json(std::move(value)), std::move(user), {}, {}};
}

room_map::change bound(std::string key, std::string value,
                       std::string connection, std::string user = "ann") {
  auto what = to(std::move(key), std::move(value), std::move(user));
  what.connection_id = std::move(connection);
  return what;
}

room_map::change until(std::string key, std::string value, steady_time when) {
  auto what = to(std::move(key), std::move(value));
  what.until = when;
  return what;
}

steady_time at(int ms) {
  return steady_time{} + std::chrono::milliseconds{ms};
}

std::string text(const std::vector<const room_map::entry*>& entries) {
  std::string out;
  for (const auto* each : entries)
    out += (out.empty() ? "" : " ") + each->key + '='
           + (each->now.empty() ? "null" : each->now.bytes) + '@'
           + std::to_string(each->version);
  return out;
}

/// "whole" where the reader is too old.
std::string since(const room_map& map, std::uint64_t version) {
  auto changes = map.changes_since(version);
  return changes ? text(*changes) : "whole";
}

std::string whole(const room_map& map) {
  return text(map.whole());
}

using outcome = boost::system::result<std::uint64_t, protocol::error>;

std::uint64_t version_of(const outcome& done) {
  REQUIRE(done.has_value());
  return *done;
}

error_code code_of(const outcome& refused) {
  REQUIRE(refused.has_error());
  return refused.error().code;
}

/// A value that is shorter as MessagePack.
std::string text(std::size_t bytes, char of) {
  return '"' + std::string(bytes - 2, of) + '"';
}

} // namespace

TEST_CASE("[P-4.6] a key holds its newest value, and every change has a "
          "version") {
  room_map map{wide, "n1"};
  CHECK(map.version() == 0);
  CHECK(map.find("a") == nullptr);
  CHECK(version_of(map.set(to("a", "1"))) == 1);
  CHECK(version_of(map.set(to("b", "2", "bob"))) == 2);
  CHECK(version_of(map.set(to("a", "3", "cid"))) == 3);
  REQUIRE(map.find("a") != nullptr);
  CHECK(map.find("a")->now.bytes == "3");
  CHECK(map.find("a")->version == 3);
  CHECK(map.find("a")->user_id == "cid");
  CHECK(map.version() == 3);
  CHECK(map.size() == 2);
  CHECK(whole(map) == "b=2@2 a=3@3");
}

TEST_CASE("[P-4.6] who reads late visits each key once, newest value only") {
  room_map map{wide, "n1"};
  for (int i = 1; i <= 20; ++i)
    (void)map.set(to(i % 2 == 0 ? "a" : "b", std::to_string(i)));
  (void)map.set(to("b", ""));
  CHECK(since(map, 0) == "a=20@20 b=null@21");
  CHECK(since(map, 19) == "a=20@20 b=null@21");
  CHECK(since(map, 20) == "b=null@21");
  CHECK(since(map, 21).empty());
  CHECK(whole(map) == "a=20@20");
  // From another life of the map.
  CHECK(since(map, 22) == "whole");
}

TEST_CASE("[P-4.6] a deleted key holds nothing, and can come again") {
  room_map map{wide, "n1"};
  (void)map.set(to("a", "1"));
  CHECK(version_of(map.set(to("a", "", "bob"))) == 2);
  CHECK(map.find("a") == nullptr);
  CHECK(map.size() == 0);
  CHECK(map.changes_since(0)->at(0)->user_id == "bob");
  // Twice is once, and nothing to tell.
  CHECK(version_of(map.set(to("a", ""))) == 2);
  CHECK(version_of(map.set(to("never", ""))) == 2);
  CHECK(since(map, 1) == "a=null@2");
  CHECK(version_of(map.set(to("a", "5"))) == 3);
  CHECK(since(map, 0) == "a=5@3");
}

TEST_CASE("[P-4.6] ifVersion that does not match is a conflict, which tells "
          "what is there") {
  room_map map{wide, "n1"};
  CHECK(version_of(map.set(to("a", "1"), 0)) == 1);
  CHECK(version_of(map.set(to("a", "2"), 1)) == 2);
  for (std::uint64_t stale : {0, 1, 3}) {
    auto refused = map.set(to("a", "9"), stale);
    CHECK(code_of(refused) == error_code::conflict);
    REQUIRE(refused.error().present.has_value());
    CHECK(refused.error().present->version == 2);
    CHECK(refused.error().present->now.bytes == "2");
  }
  CHECK(map.find("a")->now.bytes == "2");
  CHECK(map.version() == 2);
  CHECK(code_of(map.set(to("a", ""), 1)) == error_code::conflict);
  CHECK(version_of(map.set(to("a", ""), 2)) == 3);
  // A key that was deleted holds nothing: version 0.
  auto refused = map.set(to("a", "9"), 3);
  CHECK(code_of(refused) == error_code::conflict);
  CHECK(refused.error().present->version == 0);
  CHECK(refused.error().present->now.empty());
  CHECK(code_of(map.set(to("a", ""), 3)) == error_code::conflict);
  CHECK(version_of(map.set(to("a", ""), 0)) == 3);
  CHECK(version_of(map.set(to("a", "4"), 0)) == 4);
}

TEST_CASE("[P-4.6] a bound key goes away with its connection") {
  room_map map{wide, "n1"};
  (void)map.set(bound("a", "1", "c-1"));
  (void)map.set(bound("b", "2", "c-2"));
  (void)map.set(bound("c", "3", "c-1"));
  (void)map.set(to("d", "4"));
  CHECK(map.drop_connection("c-1") == 2);
  CHECK(since(map, 4) == "a=null@5 c=null@6");
  CHECK(map.changes_since(4)->at(0)->user_id == "ann");
  CHECK(whole(map) == "b=2@2 d=4@4");
  CHECK(map.drop_connection("c-1") == 0);
  CHECK(map.drop_connection("c") == 0);
  CHECK(map.drop_connection("") == 0);
  CHECK(map.version() == 6);
}

TEST_CASE("[P-3.17] each change says anew whether the key is bound and timed") {
  room_map map{wide, "n1"};
  auto both = bound("a", "1", "c-1");
  both.until = at(10);
  (void)map.set(both);
  (void)map.set(to("a", "2"));
  CHECK_FALSE(map.next().has_value());
  CHECK(map.drop_connection("c-1") == 0);
  (void)map.set(bound("a", "3", "c-1"));
  (void)map.set(bound("a", "4", "c-2"));
  CHECK(map.drop_connection("c-1") == 0);
  CHECK(map.drop_connection("c-2") == 1);
  // Nothing is bound or timed that holds nothing.
  auto gone = both;
  (void)map.set(both);
  gone.now = {};
  (void)map.set(gone);
  CHECK_FALSE(map.next().has_value());
  CHECK(map.drop_connection("c-1") == 0);
}

TEST_CASE("[P-3.17] a bound key can be changed by its user only") {
  room_map map{wide, "n1"};
  (void)map.set(bound("a", "1", "c-1", "ann"));
  for (const auto& what : {to("a", "2", "bob"), to("a", "", "bob"),
                           bound("a", "2", "c-2", "bob")}) {
    auto refused = map.set(what);
    CHECK(code_of(refused) == error_code::conflict);
    CHECK(refused.error().present->now.bytes == "1");
  }
  // From another tab, or after a reconnect.
  CHECK(map.set(bound("a", "3", "c-3", "ann")).has_value());
  CHECK(map.drop_connection("c-1") == 0);
  CHECK(map.drop_connection("c-3") == 1);
  CHECK(map.set(to("a", "4", "bob")).has_value());
}

TEST_CASE("[P-3.17] a key with a ttl goes when it is due, unless it was set "
          "again") {
  room_map map{wide, "n1"};
  CHECK_FALSE(map.next().has_value());
  (void)map.set(until("a", "1", at(30)));
  (void)map.set(until("b", "2", at(10)));
  (void)map.set(until("c", "3", at(20)));
  CHECK(map.next() == at(10));
  CHECK(map.drop_overdue(at(9)) == 0);
  (void)map.set(until("b", "4", at(40)));
  CHECK(map.next() == at(20));
  CHECK(map.drop_overdue(at(30)) == 2);
  CHECK(since(map, 4) == "c=null@5 a=null@6");
  CHECK(map.next() == at(40));
  CHECK(map.drop_overdue(at(40)) == 1);
  CHECK_FALSE(map.next().has_value());
  CHECK(map.drop_overdue(at(99)) == 0);
}

TEST_CASE("[P-7] a state is no longer than a quarter of what may wait") {
  room_settings rules;
  auto most = room_map::bounds::of(rules, 1024 * 1024);
  CHECK(most.keys == 1'000);
  CHECK(most.bytes == 256 * 1024);
  CHECK(room_map::bounds::of(rules, 8'000).bytes == 2'000);
  rules.state_bytes = 500;
  CHECK(room_map::bounds::of(rules, 8'000).bytes == 500);
}

TEST_CASE("[P-7] a map with as many keys as it may have takes no other") {
  room_map map{{2, 10'000}, "n1"};
  (void)map.set(to("a", "1"));
  (void)map.set(to("b", "2"));
  CHECK(code_of(map.set(to("c", "3"))) == error_code::too_large);
  CHECK(map.set(to("a", "4")).has_value());
  CHECK(map.set(to("b", "")).has_value());
  CHECK(map.set(to("c", "5")).has_value());
  CHECK(whole(map) == "a=4@3 c=5@5");
}

TEST_CASE("[P-7] a value counts as long as it is in the longer encoding") {
  room_map map{{100, 100}, "n1"};
  auto in_msgpack = to("a", "");
  in_msgpack.now = {protocol::encoding::msgpack, "\xaa" + std::string(10, 1)};
  // Ten control characters are sixty bytes of JSON, and two quotes.
  CHECK(map.set(in_msgpack).has_value());
  CHECK(map.bytes() == 1 + 62 + 3);
  in_msgpack.now.bytes = "\xb2" + std::string(18, 1);
  CHECK(code_of(map.set(in_msgpack)) == error_code::too_large);
  CHECK(map.set(to("a", "[1.5,1.5,1.5]")).has_value());
  CHECK(map.bytes() == 1 + 28 + 3); // Of MessagePack.
  CHECK(map.set(to("a", "")).has_value());
  CHECK(map.bytes() == 4);
}

TEST_CASE("[P-7] a map with as many bytes as it may have does not grow") {
  room_map map{{100, 30}, "n1"};
  CHECK(map.set(to("a", text(26, '1'))).has_value()); // With "ann": 30.
  CHECK(map.bytes() == 30);
  CHECK(code_of(map.set(to("b", "2"))) == error_code::too_large);
  CHECK(code_of(map.set(to("a", text(27, '1')))) == error_code::too_large);
  CHECK(map.find("a")->now.bytes.size() == 26);
  CHECK(map.set(to("a", text(26, '2'))).has_value());
  CHECK(map.set(to("a", text(21, '1'))).has_value());
  CHECK(map.set(to("b", "2")).has_value());
  CHECK(map.bytes() == 30);
  // A deleted key counts what is kept of it, and makes room when it is needed.
  CHECK(map.set(to("a", "")).has_value());
  CHECK(map.bytes() == 9);
  CHECK(map.living_bytes() == 5);
  CHECK(map.set(to("b", text(26, '3'))).has_value());
  CHECK(map.bytes() == 30);
  CHECK(since(map, 0) == "whole");
}

TEST_CASE("[P-4.6] who is older than what was forgotten needs the whole") {
  room_map map{{3, 10'000}, "n1"};
  (void)map.set(to("a", "1"));
  (void)map.set(to("b", "2"));
  (void)map.set(to("a", "")); // 3
  (void)map.set(to("b", "")); // 4
  (void)map.set(to("c", "5"));
  CHECK(since(map, 0) == "a=null@3 b=null@4 c=5@5");
  (void)map.set(to("d", "6")); // There are 4 keys now: the oldest deleted goes.
  CHECK(since(map, 2) == "whole");
  CHECK(since(map, 3) == "b=null@4 c=5@5 d=6@6");
  (void)map.set(to("b", "7")); // Lives again: nothing is forgotten by that.
  CHECK(since(map, 2) == "whole");
  CHECK(since(map, 3) == "c=5@5 d=6@6 b=7@7");
  CHECK(since(map, 6) == "b=7@7");
}

TEST_CASE("[P-4.6] in a cluster the later change stays, whichever comes "
          "first") {
  room_map one{wide, "n1"};
  room_map two{wide, "n2"};
  auto first = to("k", "1");
  auto second = to("k", "2");
  CHECK(one.apply(first, "n3", 4));
  CHECK(one.apply(second, "n4", 7));
  CHECK(two.apply(second, "n4", 7));
  CHECK_FALSE(two.apply(first, "n3", 4));
  CHECK_FALSE(two.apply(second, "n4", 7)); // Once is enough.
  CHECK(whole(one) == "k=2@7");
  CHECK(whole(two) == "k=2@7");
  // Of equal numbers, the larger origin's.
  CHECK(one.apply(to("k", "3"), "n5", 7));
  CHECK_FALSE(one.apply(to("k", "4"), "n4", 7));
  // A deletion is a change like any other.
  CHECK(one.apply(to("k", ""), "n4", 8));
  CHECK_FALSE(one.apply(to("k", "5"), "n3", 6));
  CHECK(one.find("k") == nullptr);
  CHECK(one.apply(to("l", ""), "n4", 9));
  CHECK_FALSE(one.apply(to("l", "6"), "n3", 8));
}

TEST_CASE("[P-4.6] a change of this node's is later than all that it has "
          "seen") {
  room_map map{wide, "n1"};
  CHECK(map.apply(to("a", "1"), "n9", 40));
  CHECK(version_of(map.set(to("b", "2"))) == 41);
  CHECK(map.find("b")->number == 41);
  CHECK(map.find("b")->origin == "n1");
  // What comes with a small number is new here all the same.
  CHECK(map.apply(to("c", "3"), "n2", 5));
  CHECK(map.find("c")->version == 42);
  CHECK(map.find("c")->number == 5);
  CHECK(since(map, 40) == "b=2@41 c=3@42");
}

TEST_CASE("[P-4.6] what a lost node had set goes on as that of its heirs") {
  room_map map{wide, "n1"};
  CHECK(map.apply(to("a", "1"), "n2", 7));
  CHECK(map.apply(bound("b", "2", "c-2"), "n2", 8));
  CHECK(map.apply(to("c", "3"), "n2", 9));
  CHECK(map.apply(to("c", ""), "n2", 10));
  auto before = map.version();
  CHECK(map.inherit("n2") == 2); // `a`, and that `c` is deleted.
  CHECK(map.inherit("n2") == 0);
  CHECK(map.version() == before);
  CHECK(map.find("a")->origin == "n1");
  CHECK(map.find("a")->number == 7);
  CHECK(map.find("b")->origin == "n2");
  CHECK_FALSE(map.apply(to("c", "3"), "n2", 9));
  // The same of another heir is no change, whoever of them tells it then.
  CHECK_FALSE(map.apply(to("a", "1"), "n0", 7));
  CHECK(map.find("a")->origin == "n1");
  CHECK_FALSE(map.apply(to("a", "1"), "n3", 7));
  CHECK(map.find("a")->origin == "n3");
  CHECK(map.version() == before);
  // Another value of that number is one.
  CHECK(map.apply(to("a", "2"), "n4", 7));
  CHECK(map.version() > before);
}

TEST_CASE("[P-4.6] what a lost node's connections bound goes with it") {
  room_map map{wide, "n1"};
  CHECK(map.apply(bound("a", "1", "c-1"), "n2", 1));
  CHECK(map.apply(bound("b", "2", "c-2"), "n2", 2));
  CHECK(map.apply(bound("c", "3", "c-3"), "n3", 3));
  CHECK(map.apply(to("d", "4"), "n2", 4)); // Shared: stays.
  (void)map.set(bound("e", "5", "c-5"));
  CHECK(map.drop_connection("c-1") == 0); // Its own node says when it goes.
  CHECK(map.drop_node("n2") == 2);
  CHECK(map.drop_node("n2") == 0);
  CHECK(whole(map) == "c=3@3 d=4@4 e=5@5");
  // It was only cut off, and tells again what it holds; but nothing older.
  CHECK_FALSE(map.apply(bound("b", "0", "c-2"), "n2", 1));
  CHECK(map.apply(bound("b", "2", "c-2"), "n2", 2));
  CHECK(map.find("b")->version == 8);
}

TEST_CASE(
    "[P-4.6] every node lets a timed key go by itself, and a later change "
    "revives it") {
  room_map map{wide, "n1"};
  auto timed = until("a", "1", at(10));
  CHECK(map.apply(timed, "n2", 5));
  CHECK(map.drop_overdue(at(10)) == 1);
  CHECK_FALSE(map.apply(timed, "n2", 5));
  CHECK(map.apply(until("a", "2", at(30)), "n2", 6));
  CHECK(map.find("a")->now.bytes == "2");
}

TEST_CASE(
    "[P-7] what peers have made is taken beyond the bounds, and only what "
    "shrinks it from here") {
  room_map map{{1, 20}, "n1"};
  CHECK(map.apply(to("a", text(26, '1')), "n2", 1));
  CHECK(map.apply(to("b", text(6, '1')), "n2", 2));
  CHECK(map.living_bytes() == 40);
  CHECK(code_of(map.set(to("c", "1"))) == error_code::too_large);
  CHECK(code_of(map.set(to("b", text(7, '2')))) == error_code::too_large);
  CHECK(map.set(to("a", text(20, '2'))).has_value());
  CHECK(map.set(to("b", text(6, '2'))).has_value());
  CHECK(map.set(to("a", "")).has_value());
  // There is no room to remember it: who has not read it needs the whole.
  CHECK(since(map, 4) == "whole");
  CHECK(whole(map) == "b=\"2222\"@4");
}

TEST_CASE("[P-4.6] what a store has put into order is taken as it comes") {
  room_map map{wide, "n1"};
  map.keep(to("x", "1"), 7);
  map.keep(to("x", "2"), 8);
  map.keep(to("y", "3"), 9);
  map.keep(to("y", ""), 10);
  map.keep(to("y", ""), 11); // Nothing changes.
  CHECK(map.find("x")->now.bytes == "2");
  CHECK(map.kept_number("x") == 8);
  CHECK(map.find("y") == nullptr);
  CHECK(map.kept_number("y") == 0);
  // Versions are this node's own; the store's numbers are not of its clock.
  CHECK(map.version() == 4);
  // A store that lost some of it may count anew.
  map.keep(to("x", "4"), 1);
  CHECK(map.find("x")->now.bytes == "4");
  CHECK_FALSE(map.apply(to("x", ""), "n2", 100));
  CHECK(map.find("x")->now.bytes == "4");
}

TEST_CASE("[P-4.6] a bound key hides what a store has, until it goes") {
  room_map map{wide, "n1"};
  map.keep(to("x", "1"), 1);
  auto goes = [&] {
    SECTION("with its connection") {
      map.drop_connection("c-a");
      CHECK(map.take_uncovered().size() == 1);
    }
    SECTION("as its user wants it") {
      REQUIRE(map.set(to("x", "")).has_value());
      auto told = map.take_uncovered();
      REQUIRE(told.size() == 1);
      CHECK(told[0].key == "x");
      CHECK(told[0].now.empty());
      CHECK(told[0].number > 0);
    }
  };
  SECTION("it was there before") {
    REQUIRE(map.set(bound("x", "2", "c-a")).has_value());
    CHECK(map.find("x")->now.bytes == "2");
    CHECK(map.kept_number("x") == 1);
    goes();
    CHECK(map.find("x")->now.bytes == "1");
    CHECK(map.kept_number("x") == 1);
  }
  SECTION("it came and changed meanwhile") {
    REQUIRE(map.set(bound("x", "2", "c-a")).has_value());
    map.keep(to("x", ""), 2);
    map.keep(to("x", "3"), 3);
    CHECK(map.find("x")->now.bytes == "2");
    goes();
    CHECK(map.find("x")->now.bytes == "3");
    CHECK(map.kept_number("x") == 3);
  }
  SECTION("it went meanwhile") {
    REQUIRE(map.set(bound("x", "2", "c-a")).has_value());
    SECTION("alone") {
      map.keep(to("x", ""), 2);
    }
    SECTION("with others") {
      map.keep_no_more_than({"y"});
    }
    map.drop_connection("c-a");
    CHECK(map.find("x") == nullptr);
    CHECK(map.take_uncovered().empty());
  }
  SECTION("a peer's") {
    REQUIRE(map.apply(bound("x", "2", "c-b"), "n2", 40));
    CHECK(map.find("x")->now.bytes == "2");
    map.drop_node("n2");
    CHECK(map.find("x")->now.bytes == "1");
    CHECK(map.take_uncovered().empty());
  }
}

TEST_CASE("[P-4.6] a whole says which keys a store has, and no others") {
  room_map map{wide, "n1"};
  map.keep(to("x", "1"), 1);
  map.keep(to("y", "2"), 2);
  REQUIRE(map.set(bound("z", "3", "c-a")).has_value());
  map.keep_no_more_than({"y"});
  CHECK(map.find("x") == nullptr);
  CHECK(map.find("y") != nullptr);
  CHECK(map.find("z") != nullptr);
}

TEST_CASE("[P-3.17] what a store has goes when it is due, too") {
  room_map map{wide, "n1"};
  map.keep(until("x", "1", at(10)), 1);
  CHECK(map.drop_overdue(at(10)) == 1);
  CHECK(map.find("x") == nullptr);
  CHECK(map.kept_number("x") == 0);
}
