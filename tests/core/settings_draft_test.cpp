#include "core/settings_draft.hpp"

#include "core/nearest.hpp"
#include "core/settings_check.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom;

namespace {

std::string refusal(std::string_view name, std::string_view text = "1") {
  settings_draft draft;
  auto given = draft.set(name, text);
  return given ? "(taken)" : given.error().text;
}

/// Settings that pass `check`, to break one rule at a time.
settings good() {
  settings all;
  all.auth.anonymous = true;
  return all;
}

std::string complaints_about(const settings& all) {
  std::string out;
  for (const auto& complaint : check(all))
    out += (out.empty() ? "" : "\n") + complaint.text;
  return out;
}

} // namespace

TEST_CASE("an unknown setting is told the nearest known one") {
  CHECK(refusal("net.prot") == "unknown setting; did you mean net.port?");
  CHECK(refusal("auth.secretfile")
        == "unknown setting; did you mean auth.secret-file?");
  CHECK(refusal("limit.message-bytes")
        == "unknown setting; did you mean limits.message-bytes?");
  CHECK(refusal("port") == "unknown setting; did you mean net.port?");
  CHECK(refusal("") != "(taken)");
  CHECK(refusal(std::string(100'000, 'x')) != "(taken)");
}

TEST_CASE("of several words equally near, the first is named") {
  std::vector<std::string> known{"cat", "car"};
  CHECK(nearest("cab", known) == "cat");
  CHECK(nearest("car", known) == "car");
  CHECK(nearest("", known) == "cat");
  CHECK(nearest("cat", {}).empty());
}

TEST_CASE("a later source overrules, a refused value changes nothing") {
  settings_draft draft;
  REQUIRE(draft.set("net.port", "1").has_value());
  REQUIRE(draft.set("net.port", "2").has_value());
  REQUIRE_FALSE(draft.set("net.port", "x").has_value());
  CHECK(draft.finish().net.port == 2);
}

TEST_CASE("a namespace has its own settings and inherits the rest") {
  settings_draft draft;
  REQUIRE(draft.set("namespaces.game.members", "16").has_value());
  REQUIRE(draft.set("namespaces.game.slow", "close").has_value());
  REQUIRE(draft.set("rooms.rights", "r").has_value());
  REQUIRE(draft.set("rooms.members", "7").has_value());
  auto all = draft.finish();
  CHECK(all.of("game").members == 16);
  CHECK(all.of("game").slow == slow_policy::close);
  CHECK(all.of("game").rights == "r"); // though it was said later
  CHECK(all.of("other").members == 7);
  CHECK(all.rooms.members == 7);
}

TEST_CASE("a namespace that says nothing is as all rooms are") {
  settings_draft draft;
  draft.add_namespace("game");
  REQUIRE(draft.set("rooms.members", "7").has_value());
  auto all = draft.finish();
  CHECK(all.namespaces.size() == 1);
  CHECK(all.of("game").members == 7);
}

TEST_CASE("a namespace's value is checked like any other") {
  CHECK(refusal("namespaces.game.rights", "x") != "(taken)");
  CHECK(refusal("namespaces.game.membres")
        == "unknown setting; did you mean namespaces.game.members?");
  CHECK(refusal("namespaces.game.require-room", "true") != "(taken)");
  CHECK(refusal("namespaces.game") != "(taken)");
  CHECK(refusal("namespaces.game.") != "(taken)");
}

TEST_CASE("the name of a namespace is 1 to 64 letters, digits, _ and -") {
  CHECK(refusal("namespaces.A-z_9.members") == "(taken)");
  CHECK(refusal("namespaces." + std::string(64, 'n') + ".members")
        == "(taken)");
  for (auto name : {"", "a b", "ä", "a:b"}) {
    INFO(name);
    CHECK(refusal("namespaces." + std::string{name} + ".members")
          == "the name of a namespace is 1 to 64 letters, digits, '_' and "
             "'-'");
  }
  CHECK(refusal("namespaces." + std::string(65, 'n') + ".members")
        != "(taken)");
}

TEST_CASE("a namespace is seen through the rows of `rooms`") {
  settings_draft draft;
  REQUIRE(draft.set("namespaces.game.members", "16").has_value());
  auto all = draft.finish();
  const auto& row = *find_setting("rooms.members");
  CHECK(text_of(seen_by(all, "game"), row) == "16");
  CHECK(text_of(seen_by(all, "none"), row) == "100000");
}

TEST_CASE("a node that nobody could log in to does not start") {
  CHECK(complaints_about({})
        == "nobody could log in: set auth.secret, auth.secret-file or "
           "auth.anonymous");
  CHECK(complaints_about(good()).empty());
  auto all = settings{};
  all.auth.secret_file = "somewhere";
  CHECK(complaints_about(all).empty());
}

TEST_CASE("a secret comes from one place") {
  auto all = settings{};
  all.auth.secret = std::string(32, 's');
  CHECK(complaints_about(all).empty());
  all.auth.secret_file = "somewhere";
  CHECK(complaints_about(all)
        == "auth.secret and auth.secret-file are both set: keep one");
}

TEST_CASE("a key for HS256 has at least 32 bytes") {
  auto all = good();
  all.auth.secret = std::string(31, 's');
  CHECK(complaints_about(all).find("auth.secret: has 31 bytes") == 0);
  CHECK(complaints_about(all).find("RFC 7518, 3.2") != std::string::npos);
  CHECK(check_secret(std::string(32, 's')).has_value());
}

TEST_CASE("the mask of a secret is not taken for the secret") {
  auto all = good();
  all.auth.secret = "***";
  all.cluster.redis = "redis://ann:***@h";
  all.cluster.sentinel_password = "***";
  auto text = complaints_about(all);
  CHECK(text.find("auth.secret: *** is what --print-config shows")
        != std::string::npos);
  CHECK(text.find("cluster.redis: *** is what --print-config shows")
        != std::string::npos);
  CHECK(text.find("cluster.sentinel-password: *** is what --print-config")
        != std::string::npos);
}

TEST_CASE("settings that contradict each other are refused") {
  auto all = good();
  SECTION("backoff") {
    all.cluster.backoff_min = all.cluster.backoff_max + milliseconds{1};
    CHECK(complaints_about(all)
          == "cluster.backoff-min is above cluster.backoff-max");
  }
  SECTION("beat") {
    all.cluster.peer_timeout = all.cluster.beat;
    CHECK(complaints_about(all).find("cluster.peer-timeout") == 0);
  }
  SECTION("a sentinel's user without a password") {
    all.cluster.sentinel_user = "ann";
    CHECK(complaints_about(all)
          == "cluster.sentinel-user needs cluster.sentinel-password");
  }
  SECTION("unsent") {
    all.limits.unsent_bytes = all.limits.message_bytes - 1;
    CHECK(complaints_about(all).find("limits.unsent-bytes") == 0);
  }
}
