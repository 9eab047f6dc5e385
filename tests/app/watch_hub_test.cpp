// Who watches a node is shown what it does, and costs nothing once he has
// gone: the hub on a loop that runs, and real sockets.

#include "app/watch_hub.hpp"

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include <boost/json.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/events.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/manual_loop.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 20s;

/// Somebody's browser.
class page {
public:
  explicit page(unique_fd socket) : socket_(std::move(socket)) {}

  /// The next frame that is so; what comes before it is left out.
  boost::json::object next(const std::string& type,
                           const std::string& node = {}) {
    auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      auto frame = boost::json::parse(next_event()).as_object();
      if (frame.at("type").as_string() == type
          && (node.empty() || frame.at("node").as_string() == node))
        return frame;
    }
  }

private:
  std::string next_event() {
    constexpr std::string_view head = "data: ";
    for (;;) {
      auto end = text_.find("\n\n");
      if (end == text_.npos) {
        read_more();
        continue;
      }
      auto event = text_.substr(0, end);
      text_.erase(0, end + 2);
      if (event.starts_with(head))
        return event.substr(head.size());
    }
  }

  void read_more() {
    pollfd waits{socket_.get(), POLLIN, 0};
    auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(patience);
    REQUIRE(::poll(&waits, 1, static_cast<int>(ms.count())) == 1);
    char buffer[4096];
    auto got = ::read(socket_.get(), buffer, sizeof buffer);
    REQUIRE(got > 0);
    text_.append(buffer, static_cast<std::size_t>(got));
  }

  unique_fd socket_;
  std::string text_;
};

/// A hub on a loop of its own, with what it asks and what it tells.
class hub_world {
public:
  /// Snapshots come by themselves so seldom that none of it is waited for.
  explicit hub_world(std::size_t rooms = 3,
                     std::chrono::milliseconds tree_every = 60s)
    : tree_every_(tree_every) {
    for (std::size_t i = 0; i < rooms; ++i) {
      actors::tree_entry room;
      room.id = i + 1;
      room.kind = "room";
      room.name = std::string(200, 'r');
      tree_.push_back(room);
    }
    log_.emplace(quiet_log(), "n1", null_.get());
    counts_.context = node_.context;
    counts_.now = [] {
      return std::chrono::steady_clock::now();
    };
    counts_.started = std::chrono::steady_clock::now();
    counts_.log = [] {
      return app::log_counts{};
    };
    counts_.why_not_ready = [] {
      return std::string{};
    };
    on_loop([&] { hub_.emplace(parts()); });
    log::install(&*log_, log::level::warn);
  }

  ~hub_world() {
    loop_.stop();
    thread_.join();
    hub_.reset();
    log::install(nullptr, log::level::info);
  }

  page open() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    on_loop([&] { hub_->begin(unique_fd{ends[1]}, [] {}); });
    return page{unique_fd{ends[0]}};
  }

  void on_loop(const std::function<void()>& what) {
    std::promise<void> done;
    loop_.call([&] {
      what();
      done.set_value();
    });
    REQUIRE(done.get_future().wait_for(patience) == std::future_status::ready);
  }

  bool until(const std::function<bool()>& so) {
    std::unique_lock lock{lock_};
    return news_.wait_for(lock, patience, so);
  }

  /// Turns that something else may happen in.
  void let_pass(int ticks) {
    for (int i = 0; i < ticks; ++i) {
      std::promise<void> done;
      timer_queue::timer timer;
      loop_.call([&] {
        loop_.timers().at(loop_.now() + app::watch_hub::events_every, timer,
                          [&] { done.set_value(); });
      });
      REQUIRE(done.get_future().wait_for(patience)
              == std::future_status::ready);
    }
  }

  // -- by `lock_`
  std::size_t listed = 0;
  std::vector<bool> peers_wanted;
  std::vector<std::string> reports;

  app::watch_hub& is() { return *hub_; }

private:
  static settings::log_settings quiet_log() {
    settings::log_settings how;
    how.level = "warn";
    how.format = "json";
    return how;
  }

  app::watch_hub::parts parts() {
    auto tell = [this](auto what) {
      {
        std::lock_guard lock{lock_};
        what();
      }
      news_.notify_all();
    };
    app::watch_hub::parts to{
        loop_,
        {"n1", "run-1"},
        counts_,
        [this, tell](std::size_t most, auto done) {
          CHECK(most == app::watch_hub::children_max);
          tell([&] { ++listed; });
          done(tree_);
        },
        &*log_,
        [this, tell](bool on) { tell([&] { peers_wanted.push_back(on); }); },
        [this, tell](std::string frame) {
          tell([&] { reports.push_back(std::move(frame)); });
        }};
    to.tree_every = tree_every_;
    to.peer_silent_after = 500ms;
    return to;
  }

  const std::chrono::milliseconds tree_every_;
  std::mutex lock_;
  std::condition_variable news_;
  std::vector<actors::tree_entry> tree_;
  quiet_node node_{calm()};
  unique_fd null_{::open("/dev/null", O_WRONLY)};
  std::optional<app::log_sink> log_;
  app::metric_sources counts_;
  quiet_system system_;
  net::io_loop loop_{system_, 0, false};
  std::optional<app::watch_hub> hub_;
  std::thread thread_{[this] {
    loop_.run();
  }};
};

} // namespace

TEST_CASE("who watches is shown tree, figures and events") {
  hub_world world;
  auto ann = world.open();
  CHECK(ann.next("hello").at("run").as_string() == "run-1");
  auto tree = ann.next("tree");
  CHECK(tree.at("actors").as_array().size() == 3);
  CHECK(tree.at("parts").as_int64() == 1);
  CHECK(ann.next("figures").at("ready").as_string().empty());
  log::emit(events::listener_closed, {{"loop", 7}}); // Not for this log.
  auto events = ann.next("events");
  CHECK(events.at("first").as_int64() == 1);
  CHECK(events.at("lines").at(0).at("loop").as_int64() == 7);
  CHECK(world.peers_wanted == std::vector<bool>{true});

  SECTION("a second page, all of it as soon") {
    auto before = world.listed;
    auto bob = world.open();
    CHECK(bob.next("tree").at("actors").as_array().size() == 3);
    CHECK(world.listed == before + 1);
    log::emit(events::listener_closed, {{"loop", 8}});
    CHECK(bob.next("events").at("first").as_int64() == 2);
    CHECK(ann.next("events").at("first").as_int64() == 2);
  }
  SECTION("and so are peers that want it") {
    world.on_loop([&] { world.is().watched_by_peers(true); });
    CHECK(world.until([&] {
      return std::ranges::any_of(world.reports, [](const auto& each) {
        return each.starts_with(R"({"type":"tree","node":"n1",)");
      });
    }));
  }
}

TEST_CASE("while nobody watches, nothing is done for it") {
  hub_world world{3, 100ms};
  {
    auto ann = world.open();
    ann.next("tree");
  }
  CHECK(world.until([&] {
    return !world.peers_wanted.empty() && !world.peers_wanted.back();
  }));
  world.on_loop([] {}); // What told so has ended.
  CHECK_FALSE(log::wants(log::level::info));
  auto listed = world.listed;
  world.let_pass(3);
  world.on_loop([&] { CHECK(world.is().why_not().empty()); });
  CHECK(world.listed == listed);
}

TEST_CASE("a large snapshot comes in some parts at a time") {
  hub_world world{4'000}; // Some 900 KB.
  auto begun = std::chrono::steady_clock::now();
  auto ann = world.open();
  auto first = ann.next("tree");
  auto parts = first.at("parts").as_int64();
  REQUIRE(parts > 3 * static_cast<std::int64_t>(app::watch_hub::parts_at_once));
  for (std::int64_t i = 1; i < parts; ++i)
    CHECK(ann.next("tree").at("part").as_int64() == i);
  auto took = std::chrono::steady_clock::now() - begun;
  auto pauses =
      (parts - 1) / static_cast<std::int64_t>(app::watch_hub::parts_at_once);
  CHECK(took >= pauses * app::watch_hub::events_every);
}

TEST_CASE("however many pages come, they do not have a snapshot made each") {
  hub_world world;
  auto begun = std::chrono::steady_clock::now();
  std::vector<page> all;
  for (std::size_t i = 0; i < app::watch_hub::pages_max; ++i) {
    all.push_back(world.open());
    world.let_pass(i % 4 == 0 ? 1 : 0);
  }
  world.on_loop([&] { CHECK_FALSE(world.is().why_not().empty()); });
  for (auto& each : all)
    each.next("tree");
  auto took = std::chrono::steady_clock::now() - begun;
  CHECK(world.listed
        <= 2 + static_cast<std::size_t>(took / app::watch_hub::tree_spacing));
}

TEST_CASE("a peer is shown for as long as it is heard, and as itself") {
  hub_world world;
  auto ann = world.open();
  auto report = [&](const std::string& node, const std::string& frame) {
    bool is_good = false;
    world.on_loop([&] { is_good = world.is().peer_reported(node, frame); });
    return is_good;
  };
  CHECK(report("n2", R"({"type":"tree","node":"n2","run":"r"})"));
  CHECK(ann.next("tree", "n2").at("run").as_string() == "r");
  CHECK_FALSE(report("n2", R"({"type":"tree","node":"n3","run":"r"})"));
  CHECK_FALSE(report("n2", R"({"type":"gone","node":"n1"})"));
  CHECK(ann.next("gone").at("node").as_string() == "n2");
}
