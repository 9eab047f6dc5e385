// What nodes say of their holdings, on the wire.

#include <random>

#include "cluster/envelope.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/mutate.hpp"

using namespace greenroom;
using namespace greenroom::cluster;

namespace {

const node_run ann{"ann", 0xFEDC'BA98'7654'3210};
const room_key lounge{room_space::protocol, "game:lounge"};

room_holdings some() {
  room_holdings what;
  what.from = ann;
  what.room = lounge;
  what.at = {3, 9};
  what.since = 8;
  what.part = 2;
  what.last = false;
  what.what.joined.push_back({{"c-1", "bob", R"({"name":"Bob"})"}, 17});
  what.what.joined.push_back({{"c-2", "eve", {}}, -1});
  what.what.left = {"c-3", "c-4"};
  what.what.keys.push_back({"color",
                            {protocol::encoding::json, "\"red\""},
                            "bob",
                            "c-1",
                            std::chrono::milliseconds{500},
                            12});
  what.what.keys.push_back({"gone", {}, "eve", {}, std::nullopt, 13});
  return what;
}

std::vector<std::string> words() {
  return {encode(some()), encode(holdings_wanted{ann, lounge, 7}),
          encode(holdings_digest{
              ann,
              {{lounge, {3, 9}, 17}, {{room_space::relay, "x"}, {4, 1}, {}}}})};
}

/// The same envelope written again.
std::string again(const envelope& what) {
  if (const auto* held = std::get_if<room_holdings>(&what))
    return encode(*held);
  if (const auto* wanted = std::get_if<holdings_wanted>(&what))
    return encode(*wanted);
  if (const auto* digest = std::get_if<holdings_digest>(&what))
    return encode(*digest);
  return {};
}

} // namespace

TEST_CASE("[P-9.2] holdings come out of an envelope as they went in") {
  for (const auto& bytes : words()) {
    auto found = decode(bytes);
    REQUIRE(found.has_value());
    CHECK(again(*found) == bytes);
  }
  auto back = std::get<room_holdings>(*decode(words()[0]));
  CHECK(back.from == ann);
  CHECK(back.room == lounge);
  CHECK(back.at == holdings_place{3, 9});
  CHECK(back.what.joined.at(0).who.info_json == R"({"name":"Bob"})");
  CHECK(back.what.keys.at(0).ttl == std::chrono::milliseconds{500});
  CHECK_FALSE(back.what.keys.at(1).ttl);
}

TEST_CASE("[P-9.2] holdings that no client could have are refused") {
  auto blamed = [](auto change) {
    auto what = some();
    change(what);
    auto found = decode(encode(what));
    return found ? std::string{} : found.error().text;
  };
  using std::string;
  CHECK(blamed([](auto& it) {
          it.what.joined[0].who.info_json = "{";
        }).ends_with("info"));
  CHECK(blamed([](auto& it) {
          it.what.joined[0].who.user_id = "";
        }).ends_with("user"));
  CHECK(blamed([](auto& it) {
          it.what.left[0] = string(300, 'x');
        }).ends_with("left"));
  CHECK(blamed([](auto& it) {
          it.what.keys[0].now.bytes = "nonsense";
        }).ends_with("value"));
  CHECK(blamed([](auto& it) {
          it.what.keys[0].name = "a\nb";
        }).ends_with("name"));
  CHECK(blamed([](auto& it) { it.room.id = ""; }).ends_with("room"));
}

TEST_CASE("[P-2.16] who has a longer `info` than may be is held without it") {
  auto what = some();
  auto& long_one = what.what.joined[0].who;
  long_one.info_json = '"' + std::string(20'000, 'x') + '"';
  auto found = decode(encode(what));
  REQUIRE(found.has_value());
  const auto& joined = std::get<room_holdings>(*found).what.joined;
  REQUIRE(joined.size() == 2);
  CHECK(joined[0].who.user_id == "bob");
  CHECK(joined[0].who.info_json.empty());
}

TEST_CASE("[P-9.2] no damage to holdings does harm") {
  test::random dice{3};
  for (const auto& bytes : words()) {
    for (std::size_t n = 0; n < bytes.size(); ++n)
      REQUIRE_FALSE(decode(bytes.substr(0, n)).has_value());
    for (int i = 0; i < 5'000; ++i) {
      auto damaged = test::mutated(dice, bytes, {"\0\x7f\x90\xc0\xdf\xff", 6});
      auto found = decode(damaged);
      if (found)
        (void)again(*found);
    }
  }
}
