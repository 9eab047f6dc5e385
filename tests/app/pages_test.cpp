// What operators are told of a node's actors, of a node without sockets.

#include <boost/json.hpp>

#include "app/metrics_page.hpp"
#include "app/top_page.hpp"
#include "core/fault_point.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

struct watched_node : quiet_node {
  watched_node() : quiet_node(calm()) {
    from.context = context;
    from.main = &main;
    from.now = [this] {
      return now();
    };
    from.log = [] {
      return app::log_counts{};
    };
    from.why_not_ready = [this] {
      return not_ready;
    };
  }
  ~watched_node() { installed_fault_hook = nullptr; }

  /// What the page says of it; -1: nothing.
  [[nodiscard]] double told(const std::string& series) const {
    auto page = '\n' + app::metrics_page{from}.text();
    auto at = page.find('\n' + series + ' ');
    return at == page.npos ? -1
                           : std::stod(page.substr(at + series.size() + 2));
  }

  [[nodiscard]] boost::json::object top() const {
    return boost::json::parse(app::top_json(from)).as_object();
  }

  std::string not_ready;
  loop_counters main;
  app::metric_sources from;
};

void throw_at_poison(std::string_view point, std::string_view at_hand) {
  if (point == "room.publish" && at_hand.find("poison") != at_hand.npos)
    throw std::runtime_error{"boom"};
}

} // namespace

TEST_CASE("crashes, restarts and what was put away are told, by kind") {
  watched_node node;
  auto ann = node.member("user-ann", "a");
  CHECK(node.told(R"(greenroom_actor_crashes_total{kind="room"})") == 0);
  installed_fault_hook = throw_at_poison;
  ann.says(R"({"type":"message","roomId":"a","id":1,"text":"poison"})");
  node.advance(1s);
  CHECK(node.told(R"(greenroom_actor_crashes_total{kind="room"})") == 2);
  CHECK(node.told(R"(greenroom_actor_restarts_total{kind="room"})") == 2);
  CHECK(node.told(R"(greenroom_actor_crashes_total{kind="keeper"})") == 0);
  CHECK(node.told("greenroom_quarantined_messages_total") == 1);
  auto top = node.top();
  CHECK(top["quarantined_messages"].as_int64() == 1);
  for (const auto& each : top["actors"].as_array()) {
    const auto& of = each.as_object();
    auto expected = of.at("kind").as_string() == "room" ? 2 : 0;
    CHECK(of.at("crashes").as_int64() == expected);
    CHECK(of.at("restarts").as_int64() == expected);
  }
}

TEST_CASE("whether a node is ready, and what it may have at most, is told") {
  watched_node node;
  CHECK(node.told("greenroom_ready") == 1);
  node.not_ready = "it is early";
  CHECK(node.told("greenroom_ready") == 0);
  CHECK(node.told("greenroom_connections_max")
        == node.context->config.net.connections);
  CHECK(node.told("greenroom_rooms_max") == node.context->config.limits.rooms);
}

TEST_CASE("what is counted by the main thread is told with the rest") {
  watched_node node;
  {
    counting_in here{node.main};
    counted().of_kind("loop").restarts.add();
    counted().of_kind("something new").escalations.add();
  }
  CHECK(node.told(R"(greenroom_actor_restarts_total{kind="loop"})") == 1);
  CHECK(node.told(R"(greenroom_actor_escalations_total{kind="other"})") == 1);
}

TEST_CASE("what mailboxes are gauged is told of rooms and of the cluster") {
  watched_node node;
  CHECK(node.told("greenroom_cluster_mailbox_depth") == -1);
  mailbox_gauge box;
  box.arrives();
  box.arrives();
  node.from.cluster_mailbox = &box;
  CHECK(node.told("greenroom_cluster_mailbox_depth") == 2);
  CHECK(node.told("greenroom_cluster_mailbox_age_seconds") >= 0);
  counted().of_kind("room").mailbox.note(9, node.now());
  counted().of_kind("cluster").mailbox.note(4, node.now());
  CHECK(node.told(R"(greenroom_mailbox_depth_peak{kind="room"})") == 9);
  CHECK(node.told(R"(greenroom_mailbox_depth_peak{kind="cluster"})") == 4);
  CHECK(node.told(R"(greenroom_mailbox_depth_peak{kind="gateway"})") == -1);
}

TEST_CASE("publishers that a busy room refused are told") {
  watched_node node;
  node.context->refused_by_busy_rooms = 3;
  counted().of(reached_limit::room_mailbox).add(4);
  CHECK(node.told("greenroom_busy_room_refusals_total") == 3);
  CHECK(node.told(R"(greenroom_limits_hit_total{limit="limits.room-mailbox"})")
        == 4);
  CHECK(node.top()["busy_room_refusals"].as_int64() == 3);
}
