#include <algorithm>

#include "tests/support/catch.hpp"
#include "tests/support/mutate.hpp"
#include "tests/support/probes.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

settings deflating() {
  auto config = anonymous();
  config.deflate.enabled = true;
  config.limits.messages_per_second = 0;
  return config;
}

struct kind_of_guest {
  int bits = 15;
  protocol::encoding encoding = protocol::encoding::json;
  std::uint32_t loop = 0;
};

guest connect(quiet_node& node, kind_of_guest how, std::string token = {}) {
  actors::client_hello hello;
  hello.token = std::move(token);
  hello.encoding = how.encoding;
  hello.rooms = {"a"};
  hello.deflate.server_bits = static_cast<std::uint8_t>(how.bits);
  return node.arrive(std::move(hello), how.loop);
}

guest connect_relay(quiet_node& node, int bits, std::uint32_t loop = 0) {
  actors::client_hello hello;
  hello.space = room_space::relay;
  hello.rooms = {"a"};
  hello.deflate.server_bits = static_cast<std::uint8_t>(bits);
  return node.arrive(std::move(hello), loop);
}

/// Has everybody told who is there, and looks away.
void settle(quiet_node& node, std::initializer_list<guest*> all) {
  node.advance(node.context->config.rooms.presence_interval);
  for (auto* who : all)
    who->sees();
}

std::string said(std::size_t bytes) {
  std::string text;
  while (text.size() < bytes)
    text += "so it was said, ";
  text.resize(bytes);
  return text;
}

std::string message(std::size_t bytes) {
  return R"({"type":"message","roomId":"a","text":")" + said(bytes) + "\"}";
}

std::uint64_t compressed(quiet_node& node) {
  std::uint64_t calls = 0;
  for (auto* loop : node.context->loops)
    calls += loop->deflater(4).calls();
  return calls;
}

} // namespace

TEST_CASE("a message is compressed once, for however many members") {
  quiet_node node{deflating(), 2};
  auto ann = connect_relay(node, 15);
  std::vector<guest> others;
  for (int i = 0; i < 100; ++i)
    others.push_back(connect_relay(node, 15, i % 2));
  std::vector<const void*> places;
  for (auto& who : others)
    who->sees_range = [&](const iovec& range) {
      places.push_back(range.iov_base);
    };
  ann.sends(said(1'000));
  CHECK(compressed(node) == 1);
  REQUIRE(places.size() == 100);
  CHECK(std::count(places.begin(), places.end(), places[0]) == 100);
  for (auto& who : others) {
    CHECK(who->got.size() < 200);
    CHECK(who.sees_raw() == "t:" + said(1'000));
    CHECK(who.deflated() == 1);
  }
  CHECK(ann.sees_raw().empty());
}

TEST_CASE("windows that make no difference to a message share it") {
  quiet_node node{deflating()};
  auto ann = connect_relay(node, 0);
  std::vector<guest> others;
  for (int bits = 8; bits <= 15; ++bits)
    others.push_back(connect_relay(node, bits));
  ann.sends(said(300));
  CHECK(compressed(node) == 3); // 8, 9, and 10 for all the rest.
  ann.sends(said(60'000), false);
  CHECK(compressed(node) == 7); // For 8, 9 to 11, 12 to 14, and 15.
  for (auto& who : others)
    CHECK(who.sees_raw() == "t:" + said(300) + " b:" + said(60'000));
}

TEST_CASE("who agreed on nothing, or on less, shares a room with who did") {
  using protocol::encoding;
  quiet_node node{deflating(), 2};
  std::vector<guest> all;
  for (std::uint32_t loop : {0u, 1u})
    for (auto in : {encoding::json, encoding::msgpack})
      for (int bits : {0, 8, 12, 15})
        all.push_back(connect(node, {bits, in, loop}));
  node.advance(50ms);
  for (auto& who : all)
    who.sees();
  for (auto& by : all) {
    by.says(message(2'000));
    for (auto& who : all) {
      auto seen = who.sees();
      CHECK(seen.count("message") == (&who == &by ? 0u : 1u));
      if (&who != &by)
        CHECK(seen.only("message")["text"] == said(2'000));
    }
  }
  for (std::size_t i = 0; i < all.size(); ++i)
    CHECK((all[i].deflated() > 0) == (i % 4 != 0));
}

TEST_CASE("members who may not see presence share what is compressed") {
  quiet_node node{deflating()};
  claims who;
  who.user_id = "eve";
  who.rooms.emplace().add("a", "rw");
  node.tokens["t"] = who;
  auto ann = connect(node, {});
  auto bob = connect(node, {});
  auto eve = connect(node, {}, "t");
  settle(node, {&ann, &bob, &eve});
  auto before = compressed(node);
  ann.says(message(1'000));
  CHECK(compressed(node) == before + 1);
  CHECK(bob.sees().only("message")["text"] == said(1'000));
  CHECK(eve.sees().only("message")["text"] == said(1'000));
  CHECK(eve.deflated() == 1);
}

TEST_CASE("small messages, and such as do not get smaller, are left alone") {
  auto config = deflating();
  config.deflate.min_bytes = 100;
  quiet_node node{config};
  auto ann = connect_relay(node, 15);
  auto bob = connect_relay(node, 15);
  ann.sends(said(99));
  CHECK(bob.sees_raw() == "t:" + said(99));
  CHECK(compressed(node) == 0);
  std::string noise;
  test::random dice{7};
  while (noise.size() < 500)
    noise += static_cast<char>(dice());
  ann.sends(noise, false);
  CHECK((bob.sees_raw() == "b:" + noise));
  CHECK(bob.deflated() == 0);
  ann.sends(said(100));
  CHECK(bob.sees_raw() == "t:" + said(100));
  CHECK(bob.deflated() == 1);
}

TEST_CASE("nothing is compressed for who would read only its own") {
  quiet_node node{deflating()};
  auto ann = connect_relay(node, 15);
  auto bob = connect_relay(node, 0);
  ann.sends(said(1'000));
  CHECK(compressed(node) == 0);
  CHECK(bob.sees_raw() == "t:" + said(1'000));
  // Nor where nobody is.
  bob.sends(said(1'000));
  CHECK(compressed(node) == 1);
  ann->hangs_up();
  node.run();
  bob.sends(said(1'000));
  CHECK(compressed(node) == 1);
}

TEST_CASE("a message that is too long to be compressed in a turn goes plain") {
  auto config = deflating();
  config.limits.unsent_bytes = 8 << 20;
  quiet_node node{config};
  auto ann = connect_relay(node, 15);
  auto bob = connect_relay(node, 15);
  for (std::size_t more : {0u, 1u}) {
    auto text = said(ws::deflater::message_bytes_max + more);
    ann.sends(text);
    CHECK((bob.sees_raw() == "t:" + text));
  }
  CHECK(bob.deflated() == 1);
}

TEST_CASE("what a peer says is compressed as well") {
  cluster_view peers;
  quiet_node node{deflating()};
  node.context->cluster = node.spawn<fake_cluster>(0, std::ref(peers));
  auto ann = connect_relay(node, 15);
  auto bob = connect_relay(node, 15);
  peers.hear(relayed{true, said(1'000)});
  node.run();
  CHECK(compressed(node) == 1);
  for (auto* who : {&ann, &bob}) {
    CHECK(who->sees_raw() == "t:" + said(1'000));
    CHECK(who->deflated() == 1);
  }
}

TEST_CASE("[P-7] a slow reader of compressed frames is told what it missed") {
  auto config = deflating();
  config.limits.unsent_bytes = 4'000;
  quiet_node node{config, 2};
  auto ann = connect(node, {15});
  auto bob = connect(node, {15, protocol::encoding::json, 1});
  auto eve = connect(node, {12, protocol::encoding::json, 1});
  settle(node, {&ann, &bob, &eve});
  bob->room = 0;
  for (int i = 0; i < 100; ++i)
    ann.says(message(1'000));
  CHECK(eve.sees().count("message") == 100);
  bob->unblock(std::string::npos);
  ann.says(message(1'000));
  auto seen = bob.sees();
  CHECK(seen.only("gap")["from"] == "1");
  CHECK(seen.only("gap")["to"] == "100");
  CHECK(seen.only("message")["offset"] == "101");
}

TEST_CASE("members come and go with windows of their own, and miss nothing") {
  constexpr unsigned seed = 20261123;
  INFO("seed " << seed);
  test::random dice{seed};
  quiet_node node{deflating(), 2};
  auto ann = connect_relay(node, 15);
  std::vector<guest> others;
  for (int round = 0; round < 300; ++round) {
    if (others.size() < 8 && pick(dice, 2) == 0)
      others.push_back(connect_relay(
          node, pick(dice, 3) == 0 ? 0 : 8 + static_cast<int>(pick(dice, 8)),
          static_cast<std::uint32_t>(pick(dice, 2))));
    if (!others.empty() && pick(dice, 3) == 0) {
      auto gone = others.begin()
                  + static_cast<std::ptrdiff_t>(pick(dice, others.size()));
      (*gone)->hangs_up();
      node.run();
      others.erase(gone);
    }
    auto text = said(pick(dice, 3'000));
    ann.sends(text);
    for (auto& who : others)
      CHECK(who.sees_raw() == "t:" + text);
  }
}
