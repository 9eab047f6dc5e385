#include "core/settings_table.hpp"

#include <limits>
#include <set>

#include "core/setting_shapes.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace std::chrono_literals;

namespace {

bool is_number(const setting& row) {
  return row.type == setting_type::number || row.type == setting_type::bytes
         || row.type == setting_type::duration;
}

std::string in_unit_of(const setting& row, std::uint64_t value) {
  return std::to_string(value)
         + (row.type == setting_type::duration ? "ms" : "");
}

/// The error of a value that has to be refused.
std::string refusal(std::string_view name, std::string_view text) {
  settings all;
  auto given = assign(all, *find_setting(name), text);
  CHECK(all == settings{});
  return given ? "(taken)" : given.error().text;
}

std::string stored(std::string_view name, std::string_view text) {
  settings all;
  const auto* row = find_setting(name);
  auto given = assign(all, *row, text);
  return given ? text_of(all, *row) : given.error().text;
}

} // namespace

TEST_CASE("every default is a value that its own setting takes") {
  for (const auto& row : settings_table()) {
    INFO(row.name);
    settings all;
    auto given = assign(all, row, text_of(settings{}, row));
    INFO((given ? "" : given.error().text));
    CHECK(given.has_value());
    CHECK(all == settings{});
  }
}

TEST_CASE("the bounds of every number are taken, what is beyond is refused") {
  for (const auto& row : settings_table()) {
    if (!is_number(row))
      continue;
    INFO(row.name);
    settings all;
    CHECK(assign(all, row, in_unit_of(row, row.least)).has_value());
    CHECK(assign(all, row, in_unit_of(row, row.most)).has_value());
    // What was stored is what was said: the member is wide enough.
    settings again;
    CHECK(assign(again, row, text_of(all, row)).has_value());
    CHECK(again == all);
    if (row.least > 0)
      CHECK_FALSE(assign(all, row, in_unit_of(row, row.least - 1)).has_value());
    CHECK_FALSE(assign(all, row, in_unit_of(row, row.most + 1)).has_value());
    CHECK(all == again);
  }
}

TEST_CASE("every setting has a name of its own, a section, and a sentence") {
  std::set<std::string_view> names;
  std::set<std::string_view> closed_sections;
  std::string_view section;
  for (const auto& row : settings_table()) {
    INFO(row.name);
    CHECK(names.insert(row.name).second);
    CHECK(row.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-.")
          == std::string_view::npos);
    CHECK_FALSE(row.key().empty());
    CHECK(row.sentence.ends_with('.'));
    CHECK_FALSE(domain_of(row).empty());
    if (row.section() != section) {
      CHECK(closed_sections.insert(row.section()).second);
      section = row.section();
    }
  }
}

TEST_CASE("every row fills a member of its own") {
  // Each row gets a value that is not the default; none may undo another's.
  settings all;
  for (const auto& row : settings_table()) {
    if (row.type == setting_type::boolean)
      REQUIRE(assign(all, row, text_of({}, row) == "true" ? "false" : "true")
                  .has_value());
    else if (is_number(row)) {
      REQUIRE(assign(all, row, in_unit_of(row, row.most)).has_value());
      if (text_of(all, row) == text_of({}, row))
        REQUIRE(assign(all, row, in_unit_of(row, row.least)).has_value());
    } else if (row.type == setting_type::choice)
      REQUIRE(assign(all, row,
                     text_of({}, row) == row.choices[0] ? row.choices[1]
                                                        : row.choices[0])
                  .has_value());
    else
      REQUIRE(assign(all, row,
                     row.name == "rooms.rights"  ? "a"
                     : row.name == "net.origins" ? "https://a"
                                                 : "another")
                  .has_value());
  }
  for (const auto& row : settings_table()) {
    INFO(row.name);
    CHECK(text_of(all, row) != text_of(settings{}, row));
  }
}

TEST_CASE("the names that others rely on are there") {
  for (auto name : {"net.address",
                    "net.port",
                    "net.loops",
                    "auth.anonymous",
                    "auth.secret",
                    "auth.secret-file",
                    "auth.timeout",
                    "auth.cookie",
                    "auth.grace",
                    "heartbeat.interval",
                    "cluster.redis",
                    "cluster.node-id",
                    "log.format",
                    "log.level",
                    "log.limited-per-second",
                    "drain.timeout",
                    "rooms.require-room",
                    "demo.page",
                    "limits.message-bytes",
                    "limits.message-depth",
                    "limits.rooms-per-connection",
                    "limits.unsent-bytes",
                    "limits.messages-per-second",
                    "limits.messages-burst",
                    "limits.handshake-bytes",
                    "limits.handshake-timeout"}) {
    INFO(name);
    CHECK(find_setting(name) != nullptr);
  }
}

TEST_CASE("a duration needs a unit, unless it is 0") {
  CHECK(stored("drain.timeout", "250ms") == "250ms");
  CHECK(stored("drain.timeout", "5s") == "5s");
  CHECK(stored("drain.timeout", "120s") == "2m");
  CHECK(stored("drain.timeout", "1h") == "1h");
  CHECK(stored("drain.timeout", "0") == "0s");
  CHECK(refusal("drain.timeout", "5")
        == "\"5\" has no unit: write ms, s, m or h behind it, as in \"5s\"");
  for (auto text : {"", "s", "-5s", "+5s", "5 s", "5sec", "5S", "1.5s", "1m30s",
                    "99999999999999999999s", "9999999999999999999h", "0x5s"}) {
    INFO(text);
    CHECK(refusal("drain.timeout", text) != "(taken)");
  }
}

TEST_CASE("a size is a number of bytes, or one with KiB, MiB or GiB") {
  CHECK(stored("limits.message-bytes", "100000") == "100000");
  CHECK(stored("limits.message-bytes", "65536") == "64KiB");
  CHECK(stored("limits.message-bytes", "64KiB") == "64KiB");
  CHECK(stored("limits.message-bytes", "1MiB") == "1MiB");
  CHECK(stored("limits.unsent-bytes", "1GiB") == "1GiB");
  for (auto text : {"", "KiB", "64k", "64KB", "64 KiB", "-1", "1.5MiB",
                    "99999999999999999999", "99999999999999GiB"}) {
    INFO(text);
    CHECK(refusal("limits.message-bytes", text) != "(taken)");
  }
}

TEST_CASE("a value out of bounds is told the bounds in its own unit") {
  CHECK(refusal("net.port", "70000") == "\"70000\" is not in 0 to 65535");
  CHECK(refusal("net.port", "-1") == "\"-1\" is not a whole number");
  CHECK(refusal("net.port", "80a") == "\"80a\" is not a whole number");
  CHECK(refusal("auth.timeout", "1ms") == "\"1ms\" is not in 10ms to 10m");
  CHECK(refusal("limits.message-bytes", "1GiB")
        == "\"1GiB\" is not in 64 to 64MiB");
}

TEST_CASE("a switch is true or false and nothing else") {
  CHECK(stored("demo.page", "true") == "true");
  for (auto text : {"", "1", "yes", "on", "TRUE", "True"})
    CHECK(refusal("demo.page", text) != "(taken)");
}

TEST_CASE("a choice is one of its words") {
  CHECK(stored("log.format", "json") == "json");
  CHECK(stored("rooms.slow", "close") == "close");
  CHECK(refusal("log.format", "xml")
        == "\"xml\" is not one of json, text, auto");
}

TEST_CASE("a list is split at commas") {
  CHECK(stored("net.origins", "https://a.org, http://b.org:8080")
        == "https://a.org,http://b.org:8080");
  CHECK(stored("net.origins", "") == "");
  CHECK(stored("net.origins", "*") == "*");
  settings all;
  REQUIRE(assign(all, *find_setting("net.origins"), "https://a,https://b")
              .has_value());
  CHECK(all.net.origins == std::vector<std::string>{"https://a", "https://b"});
}

TEST_CASE("an origin that no browser would send is refused") {
  for (auto text : {"example.com", "https://a.org/", "https://", "://a", "**",
                    "https://a,", ",", "https://a b"}) {
    INFO(text);
    CHECK(refusal("net.origins", text) != "(taken)");
  }
}

TEST_CASE("default rights are letters of rwspa, each once") {
  CHECK(stored("rooms.rights", "rwspa") == "rwspa");
  CHECK(stored("rooms.rights", "") == "");
  CHECK(refusal("rooms.rights", "rx")
        == "\"rx\" is not letters of rwspa, each at most once");
  CHECK(refusal("rooms.rights", "rr") != "(taken)");
}

TEST_CASE("names that become part of other names are kept plain") {
  CHECK(refusal("cluster.node-id", "a b") != "(taken)");
  CHECK(refusal("cluster.node-id", std::string(65, 'a')) != "(taken)");
  CHECK(refusal("cluster.prefix", "") != "(taken)");
  CHECK(refusal("cluster.prefix", "green*") != "(taken)");
  CHECK(refusal("auth.cookie", "a=b") != "(taken)");
  CHECK(refusal("net.address", "") != "(taken)");
}

TEST_CASE("an error never holds a control character or a whole novel") {
  auto text = refusal("net.port", "1\n\x1b[2J" + std::string(1000, 'x'));
  CHECK(text.find('\n') == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.size() < 120);
}

TEST_CASE("what is secret is masked, and no error repeats it") {
  settings all;
  all.auth.secret = "hunter2";
  all.cluster.redis = "rediss://ann:hunter2@redis.example:6380/1";
  for (const auto& row : settings_table()) {
    INFO(row.name);
    CHECK(shown(all, row).find("hunter2") == std::string::npos);
    if (row.secret)
      CHECK(refusal(row.name, "hunter2\n").find("hunter2")
            == std::string::npos);
  }
  CHECK(shown(all, *find_setting("auth.secret")) == "***");
  CHECK(shown(settings{}, *find_setting("auth.secret")) == "");
}

TEST_CASE("a Redis URL is shown without its password") {
  CHECK(mask_password("redis://h:6379/0") == "redis://h:6379/0");
  CHECK(mask_password("redis://ann@h") == "redis://***@h");
  CHECK(mask_password("redis://ann:pw@h/2") == "redis://ann:***@h/2");
  CHECK(mask_password("redis://:p@w/x@h") == "redis://:***@h");
  CHECK(mask_password("/run/redis.sock") == "/run/redis.sock");
  CHECK(mask_password("") == "");
}
