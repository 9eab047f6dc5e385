// Rooms whose logs answer later: what is asked for meanwhile, and who goes away.

#include "tests/support/catch.hpp"
#include "tests/support/hand_store.hpp"
#include "tests/support/probes.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

struct reading {
  hand_store logs; // Outlives the node's actors.
  insider_view sees;
  quiet_node node;
  room_key key{room_space::protocol, "a"};

  explicit reading(settings config = calm(), bool is_shared = false)
    : logs(is_shared), node{std::move(config), 2} {
    node.context->shared = &logs;
  }

  /// A member that has said something, while reads were answered.
  guest speaker() {
    auto ann = node.member("user-ann", "a");
    ann.says(R"({"type":"message","roomId":"a","text":"one"})");
    ann.sees();
    return ann;
  }

  /// Asks for the newest messages, and gives where they come.
  std::shared_ptr<fake_outbox> joins(const actors::connection_actor& who,
                                     protocol::request_id id,
                                     std::uint32_t history) {
    auto asks = newcomer_of(who, node.loop(0));
    asks.about = {"c-" + std::to_string(who.id()), "spy", {}};
    caf::anon_send(node.context->keeper_of(key).handle(),
                   actors::join{key, asks, std::move(id), {}, history});
    return std::static_pointer_cast<fake_outbox>(asks.out);
  }

  std::pair<actors::connection_actor, std::shared_ptr<fake_outbox>> enters() {
    auto spy = node.spawn<insider>(0, std::ref(sees));
    auto out = joins(spy, {}, 0);
    node.run();
    REQUIRE(sees.entered.size() == 1);
    return {spy, out};
  }

  /// So many questions, with ids from 0 on.
  void asks(const actors::connection_actor& spy, int many) {
    for (int i = 0; i < many; ++i)
      caf::anon_send(sees.entered[0].room.handle(),
                     actors::read_log{spy.id(), i, {"a", {}, 1}});
    node.run();
  }
};

} // namespace

TEST_CASE_METHOD(reading, "many answers of a log at once are dealt with one "
                          "after the other, in their order") {
  constexpr int many = 250;
  auto ann = speaker();
  auto [spy, out] = enters();
  logs.holds_reads = true;
  asks(spy, many);
  REQUIRE(logs.reads_waiting() == many);
  out->got.clear();
  logs.answer();
  node.run();
  int next = 0;
  for (std::size_t at = 0; next < many; ++next) {
    at = out->got.find("\"id\":" + std::to_string(next) + ',', at);
    if (at == std::string::npos)
      break;
  }
  CHECK(next == many);
}
