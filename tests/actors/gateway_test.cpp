#include <algorithm>

#include "tests/support/catch.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;
using protocol::close_code;

TEST_CASE("[P-5.2] beyond `net.connections` a client is told to try later") {
  settings config;
  config.net.connections = 2;
  quiet_node node{config, 2};
  auto ann = node.connect("user-ann", 0);
  auto bob = node.connect("user-bob", 1);
  auto eve = node.connect("user-eve", 1);
  CHECK(ann->is_open());
  CHECK(bob->is_open());
  CHECK(eve->closed == close_code::try_later);
  CHECK(eve.sees().empty());
  CHECK(node.context->connections == 2);

  ann->hangs_up();
  node.run();
  auto max = node.connect("user-max", 1);
  CHECK(max->is_open());
}

TEST_CASE("[P-5.2] a node that stops closes all with 1001, and newcomers") {
  quiet_node node{{}, 2};
  auto ann = node.member("user-ann", "a", 0);
  auto bob = node.member("user-bob", "a", 1);
  auto eve = node.connect({}, 1); // Not logged in yet.
  for (auto loop : {0u, 1u})
    caf::anon_send(node.gateway(loop), actors::drain{});
  node.run();
  for (auto* who : {&ann, &bob, &eve})
    CHECK((*who)->closed == close_code::going_away);
  CHECK(node.context->connections == 0);
  auto late = node.connect("user-late", 0);
  CHECK(late->closed == close_code::going_away);
  CHECK(late.sees().empty());
}

TEST_CASE("[P-5.7] where there are other nodes, clients go one by one") {
  auto config = calm();
  config.drain.rate = 10;
  quiet_node node{config, 2};
  std::vector<guest> clients;
  for (int i = 0; i < 6; ++i)
    clients.push_back(node.member("user-" + std::to_string(i), "a", i % 2));
  for (auto loop : {0u, 1u})
    caf::anon_send(node.gateway(loop), actors::drain{7'500ms});
  node.run();
  std::vector<std::string> told;
  for (auto& who : clients)
    told.push_back(who.sees().only("go_away")["reconnectAfter"]);
  std::ranges::sort(told);
  CHECK(told == std::vector<std::string>{"0", "0", "200", "200", "400", "400"});
  auto closed = [&] {
    return std::ranges::count_if(
        clients, [](auto& who) { return who->closed == close_code::drained; });
  };
  CHECK(closed() == 2);
  node.advance(200ms);
  CHECK(closed() == 4);
  node.advance(200ms);
  CHECK(closed() == 6);
  CHECK(node.connect("user-late", 0)->closed == close_code::going_away);
}

TEST_CASE("[P-5.7] the last one has gone before the deadline") {
  auto config = calm();
  config.drain.rate = 1;
  quiet_node node{config};
  auto ann = node.connect("user-ann");
  auto bob = node.connect("user-bob");
  auto relay = node.connect_relay("user-eve", "r");
  caf::anon_send(node.gateway(0), actors::drain{600ms});
  node.advance(400ms);
  for (auto* who : {&ann, &bob, &relay})
    CHECK((*who)->closed == close_code::drained);
}

TEST_CASE("[RFC 6455 5.5.1] what a room has goes before the close frame, and "
          "nothing behind it") {
  quiet_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  bob->answers_close = false;
  bob.sees();
  // In one turn: what the room has for bob, and bob's end.
  ann.queues(R"({"type":"message","roomId":"a","text":"x"})");
  caf::anon_send(bob->reader(), actors::drain{});
  node.run();
  ann.says(R"({"type":"message","roomId":"a","text":"y"})");
  node.advance(1s);
  CHECK(bob->closed == close_code::going_away);
  CHECK(bob.sees().all("message").each("text") == "x");
}

TEST_CASE("a connection that fails takes only its own client along") {
  quiet_node node;
  auto ann = node.member("user-ann", "a");
  auto bob = node.member("user-bob", "a");
  caf::anon_send_exit(bob->reader(), caf::exit_reason::kill);
  node.advance(2'050ms); // It may come back.
  CHECK(bob->closed == close_code::internal_error);
  CHECK(node.context->connections == 1);
  CHECK(ann.sees().all("presence").back()["memberCount"] == "1");
}
