// What a dashboard is sent of a node, as docs/dashboard.md says.

#include "app/watch_frames.hpp"

#include <boost/json.hpp>

#include "tests/support/catch.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;
using namespace std::chrono_literals;

namespace {

const app::frame_source self{"n1", "run-1"};

boost::json::object read(const std::string& frame) {
  CHECK(frame.size() <= app::frame_bytes_max);
  CHECK(frame.find('\n') == frame.npos);
  auto out = boost::json::parse(frame).as_object();
  CHECK(out.at("node").as_string() == "n1");
  CHECK(out.at("run").as_string() == "run-1");
  return out;
}

struct shown_node : quiet_node {
  shown_node() : quiet_node(calm()) {
    from.context = context;
    from.now = [this] {
      return now();
    };
    from.started = now();
    from.log = [] {
      return app::log_counts{};
    };
  }

  boost::json::object figures(std::string not_ready = {}) {
    from.why_not_ready = [=] {
      return not_ready;
    };
    auto out = read(app::figures_frame(self, from));
    CHECK(out.at("type").as_string() == "figures");
    return out;
  }

  app::metric_sources from;
};

} // namespace

TEST_CASE("a frame says first who it is from") {
  auto hello = read(app::hello_frame(self));
  CHECK(hello.at("type").as_string() == "hello");
  CHECK(hello.at("version").as_string() == GREENROOM_VERSION);
  CHECK(hello.at("now").as_string().size() == 24);
}

TEST_CASE(
    "a tree comes in as many parts as it takes, and nothing is left out") {
  for (std::size_t count : {0u, 1u, 5'000u}) {
    std::vector<actors::tree_entry> all(count);
    for (std::size_t i = 0; i < count; ++i) {
      all[i].id = i + 1;
      all[i].kind = "room";
      all[i].name = "room \"" + std::to_string(i) + '\x01';
      all[i].some = {{"ann", "c-1"}};
    }
    auto frames = app::tree_frames(self, "2026-11-29T12:00:00.000Z", all);
    CHECK((frames.size() > 1) == (count > 1'000));
    std::size_t next = 1;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      auto part = read(frames[i]);
      CHECK(part.at("type").as_string() == "tree");
      CHECK(part.at("at").as_string() == "2026-11-29T12:00:00.000Z");
      CHECK(part.at("part").to_number<std::size_t>() == i);
      CHECK(part.at("parts").to_number<std::size_t>() == frames.size());
      for (const auto& each : part.at("actors").as_array())
        CHECK(each.at("id").to_number<std::size_t>() == next++);
    }
    CHECK(next == count + 1);
  }
}

TEST_CASE("members are named as long as there is place for names") {
  std::vector<actors::tree_entry> all(4'000);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].id = i + 1;
    all[i].kind = "room";
    all[i].some = {{std::string(200, 'u'), std::string(56, 'c')}};
  }
  std::size_t with_names = 0;
  for (const auto& each : app::tree_frames(self, "", all)) {
    auto part = read(each);
    for (const auto& actor : part.at("actors").as_array())
      with_names += actor.as_object().contains("some") ? 1 : 0;
  }
  CHECK(with_names == app::members_bytes_max / 256);
}

TEST_CASE("what a peer sends is shown as its own alone") {
  for (const auto* type : {"tree", "events", "figures"}) {
    auto begin = R"({"type":")" + std::string{type} + R"(","node":"n\"1",)";
    CHECK(app::is_report_of("n\"1", begin + R"("run":"x"})"));
    CHECK_FALSE(app::is_report_of("n\"", begin + R"("run":"x"})"));
    CHECK_FALSE(app::is_report_of("n2", begin + R"("run":"x"})"));
  }
  for (const auto* other :
       {"", "{", "{}", R"({"type":"hello","node":"n1","run":"x"})",
        R"({"type":"gone","node":"n1"})", R"({"node":"n1","type":"tree",)",
        R"({"type":"tree","node":"n1"})"})
    CHECK_FALSE(app::is_report_of("n1", other));
}

TEST_CASE("events are passed on as lines of the log, with the number of each, "
          "and what is lost is told once") {
  CHECK(app::event_frames(self, {}).empty());
  app::tapped_lines what;
  what.first = 100;
  what.lost = 7;
  for (int i = 0; i < 3'000; ++i)
    what.lines.push_back(R"({"seq":)" + std::to_string(i)
                         + R"(,"event":"sample.told"})");
  what.lines.insert(what.lines.begin() + 5,
                    '"' + std::string(app::frame_bytes_max, 'x') + '"');
  auto frames = app::event_frames(self, what);
  CHECK(frames.size() > 2);
  std::int64_t next = 0;
  std::int64_t number = 100;
  std::vector<std::int64_t> lost_at;
  for (const auto& each : frames) {
    auto part = read(each);
    CHECK(part.at("type").as_string() == "events");
    CHECK(part.at("first").as_int64() == number);
    for (const auto& event : part.at("lines").as_array()) {
      CHECK(event.at("seq").as_int64() == next++);
      ++number;
    }
    for (auto left = part.at("lost").as_int64(); left > 0; --left)
      lost_at.push_back(number++);
  }
  CHECK(next == 3'000);
  CHECK(lost_at
        == std::vector<std::int64_t>{105, 3'101, 3'102, 3'103, 3'104, 3'105,
                                     3'106, 3'107});

  what = {};
  what.lost = 3;
  frames = app::event_frames(self, what);
  REQUIRE(frames.size() == 1);
  CHECK(read(frames[0]).at("first").as_int64() == 1);
  CHECK(read(frames[0]).at("lost").as_int64() == 3);
  CHECK(read(frames[0]).at("lines").as_array().empty());
}

TEST_CASE("figures count what happens, so that who is shown them can tell "
          "rates") {
  shown_node node;
  auto before = node.figures("it is early");
  CHECK(before.at("ready").as_string() == "it is early");
  CHECK(before.at("bus").as_string() == "none");
  CHECK(before.at("connections").as_int64() == 0);
  CHECK_FALSE(before.at("counts").as_object().contains("bus_in"));

  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  for (int i = 0; i < 10; ++i)
    ann.says(R"({"type":"message","roomId":"a","text":"x"})");
  node.advance(2s);
  auto after = node.figures();
  CHECK(after.at("ready").as_string().empty());
  CHECK(after.at("seconds").to_number<double>() >= 2);
  CHECK(after.at("rooms").as_int64() == 1);
  CHECK(after.at("members").as_int64() == 2);
  auto more = [&](const char* name) {
    return after.at("counts").at(name).as_int64()
           - before.at("counts").at(name).as_int64();
  };
  CHECK(more("messages") >= 10);
  CHECK(more("deliveries") >= 10);
  CHECK(more("crashes") == 0);
  const auto& latency = after.at("latency").as_object();
  auto bounds = latency.at("bounds_us").as_array().size();
  for (auto stage : {"accepted", "sequenced", "bus", "fan_out", "written"})
    CHECK(latency.at(stage).as_array().size() == bounds + 1);
  CHECK(latency.at("bounds_us").at(0).as_int64() == 50);
  CHECK(after.at("memory").at("resident").as_int64() > 0);
  CHECK(after.at("mailboxes").as_object().contains("room"));
  CHECK(after.at("busiest").at(0).at("name").as_string() == "a");
  CHECK(after.at("slowest").as_array().empty());
}

TEST_CASE("what a room is shown with is who is in it") {
  quiet_node node{calm()};
  std::vector<guest> all;
  for (int i = 0; i < 14; ++i)
    all.push_back(node.member("user-" + std::to_string(i), "a"));
  std::vector<actors::tree_entry> tree;
  node.crew(0).list(10, tree);
  auto room = std::ranges::find(tree, "room", &actors::tree_entry::kind);
  REQUIRE(room != tree.end());
  CHECK(room->members == 14);
  CHECK(room->here == 14);
  CHECK(room->some.size() == actors::tree_entry::some_max);
  CHECK(room->some[0].user_id.starts_with("user-"));
  CHECK(room->some[0].connection_id.starts_with("c-"));
  // Of many, only some are listed, and how many others there are.
  auto gateway = std::ranges::find(tree, "gateway", &actors::tree_entry::kind);
  REQUIRE(gateway != tree.end());
  CHECK(gateway->more == 4);
  CHECK(std::ranges::count(tree, "connection", &actors::tree_entry::kind)
        == 10);
  all.clear();
}
