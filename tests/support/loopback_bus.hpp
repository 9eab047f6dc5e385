#pragma once

// A bus inside the test: what a Redis does to messages, and what it can do
// wrong, under the test's control. Nothing happens until the test delivers.

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cluster/bus.hpp"
#include "cluster/publish_queue.hpp"
#include "cluster/subscriptions.hpp"

namespace greenroom::test {

class loopback_bus;

/// What every `loopback_bus` of a test is connected to.
class loopback_hub {
public:
  /// A bus of one node. May outlive neither this nor its listener.
  [[nodiscard]] std::unique_ptr<cluster::bus>
  connect(std::size_t queue_bytes = 1024 * 1024);

  /// Lets everything happen that was asked for, callbacks included.
  void deliver();

  [[nodiscard]] bool busy() const { return !asked_.empty(); }

  /// The hub dies: everybody is told, and until `restore` publishing waits.
  void fail(std::string reason);
  void restore();

  /// What carries this channel is gone, for everybody; the rest is well.
  void lose(const std::string& channel);
  void bring_back(const std::string& channel);

  // Faults, each for the next messages that are published.
  std::size_t drop_next = 0;
  std::size_t duplicate_next = 0;
  bool hold_next = false; ///< Delivered only after the one behind it.
  bool deaf = false;      ///< Takes everything and delivers nothing.
  bool stuck = false;     ///< Closing never comes to its end.

  /// Messages that were published.
  std::size_t published = 0;

  /// How often a bus was told to reconnect.
  std::size_t reconnects_asked = 0;

private:
  friend class loopback_bus;

  struct message {
    std::string channel;
    std::string bytes;
  };

  void pass_on(message what);
  void to_all(const message& what);

  std::vector<loopback_bus*> attached_;
  std::deque<std::function<void()>> asked_;
  std::deque<message> held_;
  bool up_ = true;
};

} // namespace greenroom::test
