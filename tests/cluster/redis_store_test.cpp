#include "tests/conformance/state_suite.hpp"
#include "tests/conformance/store_property.hpp"
#include "tests/support/logged.hpp"
#include "tests/support/redis_store_world.hpp"

using namespace greenroom;
using namespace greenroom::test;

TEST_CASE("a redis_store is a store", "[store]") {
  store_suite([] { return std::make_unique<redis_store_world>(); });
}

TEST_CASE("a redis_store keeps the state of rooms", "[store]") {
  state_suite([] { return std::make_unique<redis_store_world>(); });
}

TEST_CASE("a redis_store keeps keys as a plain map does, restarts included") {
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    redis_store_world world;
    world.start();
    state_property(world, seed, 300);
  }
}

TEST_CASE("a redis_store does what a plain model does, restarts included") {
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    redis_store_world world;
    world.start();
    store_property(world, seed, 400);
  }
}
