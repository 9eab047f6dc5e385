#include "core/dedupe_table.hpp"

#include <deque>
#include <map>

#include "core/message_key.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/mutate.hpp"

using namespace greenroom;

TEST_CASE("[P-3.4] a table of ids does what a plain one does") {
  constexpr std::uint32_t seed = 20260728;
  for (std::uint32_t round = 0; round < 40; ++round) {
    test::random dice{seed + round};
    auto keys_max = static_cast<std::uint32_t>(test::pick(dice, 70));
    auto window = static_cast<std::int64_t>(1 + test::pick(dice, 200));
    dedupe_table table{keys_max, window};
    struct plain {
      std::string key;
      std::uint64_t value;
      std::int64_t at;
    };
    std::deque<plain> model;
    std::int64_t now = 0;
    for (std::uint64_t i = 0; i < 2'000; ++i) {
      INFO("seed " << seed << ", round " << round << ", step " << i);
      now += static_cast<std::int64_t>(test::pick(dice, 5));
      while (!model.empty() && model.front().at + window <= now)
        model.pop_front();
      auto key = "k" + std::to_string(test::pick(dice, 150));
      auto known = std::ranges::find(model, key, &plain::key);
      auto found = table.find(key, now);
      REQUIRE(found.has_value() == (known != model.end()));
      if (found) {
        REQUIRE(*found == known->value);
        continue;
      }
      table.remember(key, i, now);
      if (keys_max == 0)
        continue;
      if (model.size() == keys_max)
        model.pop_front();
      model.push_back({key, i, now});
      REQUIRE(table.size() == model.size());
      REQUIRE(table.oldest() == model.front().value);
    }
  }
}

TEST_CASE("an id's key says what it was made of") {
  using protocol::request_id;
  const request_id ids[] = {std::string{}, std::string{"a\"#b"},
                            std::int64_t{0}, INT64_MIN, INT64_MAX};
  for (const auto& id : ids) {
    auto key = message_key("s-1", id);
    auto [session, back] = parts_of(key);
    CHECK(session == "s-1");
    CHECK(back == id);
  }
  CHECK(parts_of(message_key("s-1", std::string{"a*b"})).second
        == request_id{std::string{"a*b"}});
  CHECK(message_key("s-1", {}).empty());
  CHECK_FALSE(protocol::is_set(parts_of("").second));
  CHECK_FALSE(protocol::is_set(parts_of("s#x").second));
}

TEST_CASE("a key that was drawn has a session and no id") {
  auto key = drawn_key("s-1", "x\"y#7*");
  auto [session, id] = parts_of(key);
  CHECK(session == "s-1");
  CHECK_FALSE(protocol::is_set(id));
  CHECK(key != drawn_key("s-1", "x"));
  CHECK(key != message_key("s-1", std::string{"x\"y#7*"}));
}
