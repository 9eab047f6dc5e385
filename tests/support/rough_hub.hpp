#pragma once

// A Redis inside the test that nodes talk to over two connections each, as the
// bus does: what is on its way moves when the test says so, one thing at a time
// and in any order but that of a connection; connections break, and what was
// not answered is said again.

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cluster/bus.hpp"
#include "tests/support/mutate.hpp"

namespace greenroom::test {

class rough_bus;

class rough_hub {
public:
  /// A bus of one node; the newest one is the last of `size`. May not outlive
  /// the hub.
  [[nodiscard]] std::unique_ptr<cluster::bus>
  connect(std::size_t queue_bytes = 1024 * 1024);

  [[nodiscard]] std::size_t size() const { return attached_.size(); }

  /// One thing moves on. False: nothing is on its way.
  bool step(random& dice);

  /// Everything moves on, until nothing is on its way.
  void settle(random& dice);

  /// Redis is gone: everything that was on its way, and every subscription.
  void fail();
  void restore() { up_ = true; }

  /// One node's connection of the two breaks; it connects again in time.
  void break_subscriber(const cluster::bus* of);
  void break_publisher(const cluster::bus* of);

  /// The node's process is gone: nothing of it moves any more.
  void cut_off(const cluster::bus* of);

private:
  friend class rough_bus;

  [[nodiscard]] rough_bus* find(const cluster::bus* of) const;
  void publish(const std::string& channel, const std::string& bytes);

  std::vector<rough_bus*> attached_;
  std::map<std::string, std::set<rough_bus*>> subscribers_;
  bool up_ = true;
};

} // namespace greenroom::test
