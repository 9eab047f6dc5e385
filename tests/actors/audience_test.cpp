#include "tests/support/catch.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;
using protocol::close_code;

namespace {

std::string message(std::size_t bytes) {
  return R"({"type":"message","roomId":"a","text":")" + std::string(bytes, 'x')
         + "\"}";
}

settings tight(slow_policy slow) {
  settings config;
  config.rooms.slow = slow;
  config.limits.unsent_bytes = 4000;
  config.limits.messages_per_second = 0;
  return config;
}

} // namespace

TEST_CASE("what a turn brings to a member leaves in one send, on each loop") {
  quiet_node node{{}, 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  auto eve = node.member("user-eve", "a", 0);
  auto before_bob = bob->sends_made;
  auto before_eve = eve->sends_made;
  for (int i = 0; i < 50; ++i)
    ann.queues(message(10));
  node.run();
  CHECK(bob->sends_made == before_bob + 1);
  CHECK(eve->sends_made == before_eve + 1);
  CHECK(bob.sees().count("message") == 50);
  CHECK(eve.sees().count("message") == 50);
}

TEST_CASE("members of one dialect share the bytes of a message") {
  quiet_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  auto eve = node.member("user-eve", "a");
  std::vector<const void*> places;
  for (auto* who : {&bob, &eve})
    (*who)->sees_range = [&](const iovec& range) {
      places.push_back(range.iov_base);
    };
  ann.says(message(10));
  REQUIRE(places.size() == 2);
  CHECK(places[0] == places[1]);
}

TEST_CASE("[P-7] a slow member is told the gap, the others miss nothing") {
  quiet_node node{tight(slow_policy::gap), 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  auto eve = node.member("user-eve", "a", 1);
  bob.sees(), eve.sees();
  bob->room = 0;
  for (int i = 0; i < 50; ++i)
    ann.says(message(200));
  CHECK(eve.sees().count("message") == 50);
  CHECK(bob->is_open());
  bob->unblock(std::string::npos);
  ann.says(message(1));
  auto seen = bob.sees();
  auto gap = seen.only("gap");
  CHECK(gap["roomId"] == "a");
  CHECK(gap["from"] == "1");
  CHECK(gap["to"] == "50");
  CHECK(gap["reason"] == "slow");
  CHECK(seen.only("message")["offset"] == "51");
  CHECK(seen.front().type() == "gap");
  // Who came and went meanwhile was skipped, too.
  CHECK(seen.only("presence")["memberCount"] == "3");
}

TEST_CASE("[P-4.1] the gap that a member is told is all that it missed") {
  quiet_node node{tight(slow_policy::gap), 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  bob.sees();
  bob->room = 1000; // Some get through before the socket is full.
  for (int i = 0; i < 30; ++i)
    ann.says(message(200));
  bob->unblock(std::string::npos);
  ann.says(message(1));
  auto next = 1ull;
  for (const auto& one : bob.sees())
    if (one.type() == "message") {
      CHECK(one["offset"] == std::to_string(next));
      next = std::stoull(one["offset"]) + 1;
    } else if (one.type() == "gap") {
      CHECK(one["from"] == std::to_string(next));
      next = std::stoull(one["to"]) + 1;
    }
  CHECK(next == 32);
}

TEST_CASE("[P-5.2] under the policy `close` a slow member ends with 4008") {
  quiet_node node{tight(slow_policy::close), 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  auto eve = node.member("user-eve", "a", 1);
  eve.sees();
  bob->room = 0;
  for (int i = 0; i < 50; ++i)
    ann.says(message(200));
  CHECK(bob->closed == close_code::too_slow);
  auto seen = eve.sees();
  CHECK(seen.count("message") == 50);
  node.advance(2'050ms); // It may come back.
  CHECK(eve.sees().only("presence")["memberCount"] == "2");
}

TEST_CASE("[P-7] answers that nobody reads close a client with 4008") {
  quiet_node node{tight(slow_policy::gap)};
  auto ann = node.connect("user-ann");
  ann->room = 0;
  for (int i = 0; i < 400 && !ann->closed; ++i)
    ann.says(R"({"type":"ping"})");
  CHECK(ann->closed == close_code::too_slow);
}

TEST_CASE("a member that lags does not lose what is within its bounds") {
  quiet_node node{tight(slow_policy::close), 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  bob.sees();
  bob->room = 0;
  for (int i = 0; i < 10; ++i)
    ann.says(message(200));
  // Time for everything that could be trimmed too early.
  node.advance(1s);
  bob->unblock(std::string::npos);
  CHECK(bob.sees().all("message").each("offset") == "1 2 3 4 5 6 7 8 9 10");
}

TEST_CASE("a room ends while a member's socket is full") {
  auto config = tight(slow_policy::gap);
  quiet_node node{config, 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  bob->room = 0;
  ann.says(message(200));
  for (std::uint32_t loop : {0, 1})
    node.crew(loop).by()->stop(nullptr);
  node.run();
  node.advance(1s);
  CHECK(node.context->rooms == 0);
}
