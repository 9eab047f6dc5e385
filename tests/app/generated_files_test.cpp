// What is printed by the program and kept as a file is kept up to date:
// docs/reference.md, docs/events.*, docs/metrics.md and the bodies of
// configs/*.toml. To write them anew (red; the next run is green):
//   REGENERATE=1 build/debug/tests/app/greenroom_app_test "[generated]"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "app/event_texts.hpp"
#include "app/load_settings.hpp"
#include "app/settings_file.hpp"
#include "app/settings_text.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace greenroom::app;

namespace {

const std::string source_dir = GREENROOM_SOURCE_DIR "/";

std::string content_of(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  REQUIRE(file);
  return {std::istreambuf_iterator<char>{file}, {}};
}

void check_file(const std::string& path, const std::string& expected) {
  INFO(path << " is not up to date; this test's file says what to do");
  if (std::getenv("REGENERATE") != nullptr) {
    std::ofstream{path, std::ios::binary} << expected;
    // A run that writes what it compares with proves nothing.
    FAIL_CHECK("written anew: run again without REGENERATE");
  }
  CHECK(content_of(path) == expected);
}

/// Checks that the file is a comment of its own, and then the complete
/// configuration that it stands for.
settings check_config(const std::string& name) {
  auto path = source_dir + "configs/" + name;
  settings_draft draft;
  for (const auto& error : read_settings_file(path, draft))
    FAIL_CHECK(error);
  auto content = content_of(path);
  auto head = content.substr(0, content.find("\n\n") + 2);
  CHECK(head.starts_with("# "));
  auto all = draft.finish();
  check_file(path, head + config_text(all));
  return all;
}

bool starts_with(const std::string& name, const environment& variables) {
  auto config = "--config=" + source_dir + "configs/" + name;
  const char* argv[] = {"greenroom", config.c_str()};
  return std::holds_alternative<settings>(load_settings(2, argv, variables));
}

const environment a_secret{
    {"GREENROOM_AUTH_SECRET", "0123456789abcdef0123456789abcdef"}};

} // namespace

TEST_CASE("docs/reference.md is what the program prints", "[generated]") {
  check_file(source_dir + "docs/reference.md", reference_text());
}

TEST_CASE("docs/events.md is what the program prints", "[generated]") {
  check_file(source_dir + "docs/events.md", events_text());
}

TEST_CASE("docs/events.schema.json is what the program prints", "[generated]") {
  check_file(source_dir + "docs/events.schema.json", events_schema());
}

TEST_CASE("docs/metrics.md is what the program prints", "[generated]") {
  check_file(source_dir + "docs/metrics.md", metrics_text());
}

TEST_CASE("configs/dev.toml starts a node as it is", "[generated]") {
  auto all = check_config("dev.toml");
  CHECK(all.net.address == "127.0.0.1");
  CHECK(all.net.port == 8080);
  CHECK(all.auth.anonymous);
  CHECK(all.demo.page);
  CHECK(all.cluster.redis.empty());
  CHECK(starts_with("dev.toml", {}));
}

TEST_CASE("configs/single-node.toml wants only a secret", "[generated]") {
  auto all = check_config("single-node.toml");
  CHECK_FALSE(all.auth.anonymous);
  CHECK(all.cluster.redis.empty());
  CHECK_FALSE(starts_with("single-node.toml", {}));
  CHECK(starts_with("single-node.toml", a_secret));
}

TEST_CASE("configs/cluster.toml wants only a secret", "[generated]") {
  auto all = check_config("cluster.toml");
  CHECK_FALSE(all.auth.anonymous);
  CHECK_FALSE(all.cluster.redis.empty());
  CHECK(all.cluster.node_id.empty());
  CHECK_FALSE(starts_with("cluster.toml", {}));
  CHECK(starts_with("cluster.toml", a_secret));
}
