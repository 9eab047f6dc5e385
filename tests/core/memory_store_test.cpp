#include "core/memory_store.hpp"
#include "tests/conformance/store_property.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

class memory_world final : public store_world {
public:
  void start() override { is_ = std::make_unique<memory_store>(); }
  [[nodiscard]] bool keeps() const override { return false; }
};

} // namespace

TEST_CASE("a memory_store is a store", "[store]") {
  store_suite([] { return std::make_unique<memory_world>(); });
}

TEST_CASE("a memory_store does what a plain model does") {
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    memory_world world;
    world.start();
    store_property(world, seed, 1'000);
  }
}

TEST_CASE("a memory_store answers everything at once") {
  memory_world world;
  world.start();
  log_user room{world};
  CHECK(room.append("a") == 0);
  CHECK(room.all_answered());
  CHECK(world.loop.entries() == 0);
}

TEST_CASE("a room's log in memory may outlive its store") {
  memory_world world;
  world.start();
  log_user room{world};
  world.stop();
  CHECK(room.say("a").offset == 1);
}
