#include "tests/support/loopback_bus.hpp"

#include "tests/cluster/bus_suite.hpp"

using namespace greenroom::test;

namespace {

class loopback_world final : public bus_world {
public:
  std::unique_ptr<greenroom::cluster::bus>
  connect(std::size_t queue_bytes) override {
    return hub_.connect(queue_bytes);
  }
  void fail() override { hub_.fail("cut"); }
  void restore() override { hub_.restore(); }
  void turn() override { hub_.deliver(); }

private:
  loopback_hub hub_;
};

} // namespace

TEST_CASE("the bus of the tests is a bus") {
  bus_suite([] { return std::make_unique<loopback_world>(); });
}
