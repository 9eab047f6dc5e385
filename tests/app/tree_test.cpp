// The tree of actors as a log tells of it, and as the node itself reports it,
// whatever crashes: a real node in this process, with real clients.
//
//   TREE_TEST_SEED=7 greenroom_app_node_test    repeats what was done by chance

#include <csignal>
#include <cstdlib>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "app/log_line.hpp"
#include "app/node.hpp"
#include "core/events.hpp"
#include "core/fault_point.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/ws_client.hpp"
#include "watch/log_model.hpp"

using namespace greenroom;
using namespace greenroom::test;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

/// Sanitizers make everything slower, and machines are busy.
constexpr auto patience = 30s;

// -- the log ------------------------------------------------------------------

/// Forms lines as a node does, and gives each to a model at once.
class modelled_log final : public log::sink {
public:
  modelled_log() { log::install(this, log::level::debug); }
  ~modelled_log() override { log::install(nullptr, log::level::info); }

  void write(const log::event& what,
             std::initializer_list<log::field> fields) noexcept override {
    auto who = log::who_speaks();
    app::line_head head{std::chrono::system_clock::now(), "n1",
                        who ? &*who : nullptr};
    auto line = app::log_line(app::log_style::json, head, what, fields);
    std::lock_guard lock{mutex_};
    app::number_line(line, app::log_style::json, ++seq_);
    model_.read(line);
    if (what.importance >= log::level::warn) {
      grave_.push_back(line.substr(0, 300));
      if (grave_.size() > 30)
        grave_.pop_front();
    }
    if (what.name == events::listener_opened.name)
      port_.set_value(port_in(fields));
  }

  watch::log_picture seen() {
    std::lock_guard lock{mutex_};
    return model_.seen();
  }

  std::uint16_t port() { return port_.get_future().get(); }

  /// The last crashes and escalations.
  std::string tail() {
    std::lock_guard lock{mutex_};
    std::string out;
    for (const auto& each : grave_)
      out += '\n' + each;
    return out;
  }

private:
  static std::uint16_t port_in(std::initializer_list<log::field> fields) {
    for (const auto& each : fields)
      if (each.name == "port")
        return static_cast<std::uint16_t>(std::get<std::uint64_t>(each.what));
    return 0;
  }

  std::mutex mutex_;
  std::uint64_t seq_ = 0;
  watch::log_model model_;
  std::deque<std::string> grave_;
  std::promise<std::uint16_t> port_;
};

// -- faults -------------------------------------------------------------------

/// So often each point is to throw yet, where something is at hand.
class fault_plan {
public:
  static constexpr std::string_view points[] = {
      "room.publish",    "room.join",       "room.show",   "fan_out.append",
      "audience.append", "connection.join", "keeper.join", "gateway.arrived"};

  fault_plan() {
    the_plan = this;
    installed_fault_hook = throw_where_planned;
  }
  ~fault_plan() {
    installed_fault_hook = nullptr;
    the_plan = nullptr;
  }

  void plan(std::string_view point, int times) {
    left_[place_of(point)] = times;
  }

  void forget() {
    for (auto& each : left_)
      each = 0;
  }

private:
  static std::size_t place_of(std::string_view point) {
    return static_cast<std::size_t>(std::ranges::find(points, point)
                                    - std::begin(points));
  }

  static void throw_where_planned(std::string_view point, std::string_view) {
    auto place = place_of(point);
    if (place == std::size(points) || the_plan->left_[place] <= 0)
      return;
    if (the_plan->left_[place].fetch_sub(1) > 0)
      throw std::runtime_error{"boom"};
  }

  static inline fault_plan* the_plan = nullptr;
  std::array<std::atomic<int>, std::size(points)> left_{};
};

// -- the node -----------------------------------------------------------------

settings rules() {
  settings config;
  config.net.address = "127.0.0.1";
  config.net.port = 0;
  config.net.loops = 2;
  config.admin.address.clear();
  config.auth.anonymous = true;
  config.cluster.node_id = "n1";
  config.rooms.linger = 50ms; // So that rooms end, too.
  config.limits.messages_per_second = 0;
  config.limits.violations = 1'000'000;
  return config;
}

/// Lives on a thread of its own, until a signal or its end.
class living_node {
public:
  living_node() : thread_([this] { exit_code_ = node_.run(); }) {
    port = log.port();
  }

  ~living_node() {
    if (thread_.joinable()) {
      ::kill(::getpid(), SIGTERM); // The node's own hears it.
      thread_.join();
    }
  }

  /// Its exit code, once it has ended by itself.
  int wait() {
    thread_.join();
    return exit_code_;
  }

  std::string report() {
    std::promise<std::string> said;
    node_.list_tree(SIZE_MAX, [&](auto all) {
      said.set_value(actors::tree_json("n1", std::move(all)));
    });
    auto answer = said.get_future();
    if (answer.wait_for(patience) != std::future_status::ready) {
      std::cerr << "the node does not answer; it told last:" << log.tail()
                << std::endl;
      std::abort(); // It may answer yet.
    }
    return answer.get();
  }

  modelled_log log;
  std::uint16_t port = 0;

private:
  app::node node_{rules(), nullptr};
  int exit_code_ = -1;
  std::thread thread_;
};

// -- what is compared ---------------------------------------------------------

/// As `id kind name parent restarts state`.
using lines = std::set<std::string>;

std::string line_of(std::uint64_t id, std::string_view kind,
                    std::string_view name, std::uint64_t parent,
                    std::uint64_t restarts, std::string_view state) {
  return '#' + std::to_string(id) + ' ' + std::string{kind} + " '"
         + std::string{name} + "' under #" + std::to_string(parent) + ", "
         + std::to_string(restarts) + " restarts, " + std::string{state};
}

lines as_told(const watch::log_picture& seen) {
  lines out;
  for (const auto& [id, who] : seen.nodes.at("n1").actors())
    out.insert(line_of(id, who.kind, who.name, who.parent, who.restarts,
                       to_string(who.state)));
  return out;
}

lines as_reported(const std::string& json) {
  auto text = [](const boost::json::value& in, const char* name) {
    const auto* found = in.as_object().if_contains(name);
    return found ? std::string{found->as_string().c_str()} : std::string{};
  };
  auto number = [](const boost::json::value& in, const char* name) {
    const auto* found = in.as_object().if_contains(name);
    return found ? found->to_number<std::uint64_t>() : 0;
  };
  lines out;
  auto all = boost::json::parse(json);
  for (const auto& each : all.at("actors").as_array())
    out.insert(line_of(number(each, "id"), text(each, "kind"),
                       text(each, "name"), number(each, "parent"),
                       number(each, "restarts"), text(each, "state")));
  return out;
}

std::string missing(const lines& in, const lines& from) {
  std::string out;
  for (const auto& each : in)
    if (!from.contains(each))
      out += "\n    " + each;
  return out.empty() ? "\n    none" : out;
}

// -- what happens -------------------------------------------------------------

class world {
public:
  explicit world(std::uint32_t seed) : dice_(seed) {}

  /// Something that a client does, or that is to go wrong.
  void act() {
    switch (pick(12)) {
    case 0:
    case 1:
      return connect();
    case 2:
      return drop();
    case 3:
      return resume();
    case 4:
    case 5:
      return say(R"({"type":"join_room","id":1,"roomId":")" + room() + "\"}");
    case 6:
      return say(R"({"type":"leave_room","id":2,"roomId":")" + room() + "\"}");
    case 7:
      return relay();
    case 8:
      return break_rarely();
    case 9:
      return faults.plan(fault_plan::points[pick(6)], 1 + pick(4));
    default:
      return say(R"({"type":"message","id":3,"text":"hello","roomId":")"
                 + room() + "\"}");
    }
  }

  /// One room's every message crashes it until it ends.
  void crash_a_room_for_good() {
    auto who = ws_client::connect(io_, node.port, "/ws?room=doomed");
    for (int i = 0; i < 12; ++i)
      who->says(
          R"({"type":"message","id":4,"text":"poison","roomId":"doomed"})");
    auto before = node.log.seen().nodes.at("n1").escalated;
    faults.forget();
    faults.plan("room.publish", 1'000);
    until("a room ends",
          [&] { return node.log.seen().nodes.at("n1").escalated > before; });
    faults.forget();
    clients_.push_back(who);
  }

  /// A keeper crashes until its loop begins anew, or the node ends.
  void crash_a_loop() {
    auto before = node.log.seen().nodes.at("n1").escalated;
    faults.forget();
    faults.plan("keeper.join", 1'000);
    until("a loop begins anew", [&] {
      // One room: two keepers that crash often would be the node's crash.
      auto who = ws_client::connect(io_, node.port, "/ws?room=room-0");
      clients_.push_back(who);
      run(20ms);
      return node.log.seen().nodes.at("n1").escalated > before;
    });
    faults.forget();
  }

  /// All clients are gone, which closes their sockets in the node, too.
  void leave() {
    for (const auto& each : clients_)
      each->drops();
    clients_.clear();
  }

  /// The two accounts are the same, once all is quiet.
  void compare() {
    faults.forget();
    lines told;
    lines reported;
    bool same = false;
    auto deadline = steady_clock::now() + patience;
    while (!same && steady_clock::now() < deadline) {
      run(20ms);
      reported = as_reported(node.report());
      told = as_told(node.log.seen());
      same = told == reported;
    }
    INFO("only the log:" << missing(told, reported)
                         << "\nonly the node:" << missing(reported, told));
    CHECK(same);
    most_ = std::max(most_, told.size());
  }

  void run(std::chrono::milliseconds time) {
    io_.restart();
    io_.run_for(time);
  }

  template <class Done>
  void until(const char* what, Done done) {
    auto deadline = steady_clock::now() + patience;
    while (!done()) {
      INFO(what);
      REQUIRE(steady_clock::now() < deadline);
      run(10ms);
    }
  }

  [[nodiscard]] std::size_t most() const { return most_; }

  fault_plan faults; // Outlives whom it breaks.
  living_node node;

private:
  int pick(int below) {
    return std::uniform_int_distribution<int>{0, below - 1}(dice_);
  }

  std::string room() { return "r-" + std::to_string(pick(8)); }

  std::shared_ptr<ws_client> somebody() {
    std::erase_if(clients_, [](const auto& each) { return each->is_over(); });
    if (clients_.empty())
      return nullptr;
    return clients_[static_cast<std::size_t>(
        pick(static_cast<int>(clients_.size())))];
  }

  void connect() {
    clients_.push_back(
        ws_client::connect(io_, node.port, "/ws?room=" + room()));
  }

  void relay() {
    auto who = ws_client::connect(io_, node.port, "/relay?room=" + room());
    who->says("raw");
    clients_.push_back(who);
  }

  void say(const std::string& what) {
    if (auto who = somebody())
      who->says(what);
  }

  void drop() {
    if (auto who = somebody()) {
      remember_session(*who);
      who->drops();
    }
  }

  void remember_session(const ws_client& who) {
    auto hello = who.heard("auth_success");
    if (hello.empty())
      return;
    auto all = boost::json::parse(hello).as_object();
    if (const auto* session = all.if_contains("session"))
      session_ = session->as_string().c_str();
  }

  /// Goes on with a session of one that was dropped.
  void resume() {
    if (session_.empty())
      return;
    auto who = ws_client::connect(io_, node.port, "/ws");
    who->says(R"({"type":"resume","id":5,"session":")" + session_
              + R"(","rooms":[{"roomId":")" + room() + R"("}]})");
    clients_.push_back(who);
    session_.clear();
  }

  /// More of these in ten seconds are the loop's crash.
  void break_rarely() {
    if (rare_ == 0)
      return;
    --rare_;
    faults.plan(pick(2) == 0 ? "keeper.join" : "gateway.arrived", 1);
  }

  std::mt19937 dice_;
  boost::asio::io_context io_{1};
  std::vector<std::shared_ptr<ws_client>> clients_;
  std::string session_;
  int rare_ = 2;
  std::size_t most_ = 0;
};

std::uint32_t seed() {
  const auto* given = std::getenv("TREE_TEST_SEED");
  auto chosen = given ? static_cast<std::uint32_t>(std::stoul(given))
                      : std::random_device{}();
  std::cout << "TREE_TEST_SEED=" << chosen << std::endl;
  return chosen;
}

} // namespace

TEST_CASE("the tree that the log tells of is the one that the node reports") {
  constexpr int rounds = 12;
  constexpr int acts = 40;
  world all{seed()};
  all.compare();
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < acts; ++i) {
      all.act();
      all.run(2ms);
    }
    if (round % 4 == 1)
      all.crash_a_room_for_good();
    if (round == rounds / 2)
      all.crash_a_loop();
    all.compare();
  }
  auto its = all.node.log.seen().nodes.at("n1");
  std::cout << all.most() << " actors at most, " << its.crashed << " crashes, "
            << its.restarts << " restarts, " << its.escalated
            << " escalations, " << its.seq << " lines" << std::endl;
  CHECK(its.crashed > 20);
  CHECK(its.restarts > 10);
  CHECK(its.escalated >= 3);
  CHECK(its.lost == 0);
  // Within a minute of the first one it is the node's crash.
  all.crash_a_loop();
  all.leave();
  CHECK(all.node.wait() == 1);
  its = all.node.log.seen().nodes.at("n1");
  CHECK(its.is == watch::life::phase::stopped);
  // All that lived told its end before.
  for (const auto& each : its.exited)
    CHECK(each.why != "the node stopped");
}
