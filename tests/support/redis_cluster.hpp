#pragma once

// A Redis Cluster of the test's own.

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "cluster/hash_slot.hpp"
#include "tests/support/redis_client.hpp"
#include "tests/support/redis_server.hpp"

namespace greenroom::test {

/// Masters with about the same number of slots, each with as many replicas.
/// They take a node for dead after half a second.
class redis_cluster {
public:
  explicit redis_cluster(std::size_t masters = 3, std::size_t replicas = 0,
                         const std::vector<std::string>& more = {})
    : masters_(masters) {
    for (std::size_t i = 0; i < masters * (1 + replicas); ++i)
      nodes_.push_back(std::make_unique<redis_server>(arguments(more)));
    for (std::size_t i = 0; i < masters; ++i)
      ask(i, {"CLUSTER", "ADDSLOTSRANGE", std::to_string(first_slot(i)),
              std::to_string(first_slot(i + 1) - 1)});
    meet();
    for (std::size_t i = masters; i < nodes_.size(); ++i)
      follow(i, (i - masters) / replicas);
    wait([this] { return is_well(); }, "the cluster is not well");
  }

  /// The nodes: first the masters, then the replicas of the first, and so on.
  [[nodiscard]] redis_server& node(std::size_t i) { return *nodes_[i]; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

  [[nodiscard]] std::string address(std::size_t i) const {
    return "127.0.0.1:" + std::to_string(nodes_[i]->port());
  }
  [[nodiscard]] std::string url() const {
    return "redis+cluster://" + address(0);
  }

  /// Which master had the slot of a name at first.
  [[nodiscard]] std::size_t shard_of(std::string_view name) const {
    std::size_t i = 0;
    while (cluster::hash_slot(name) >= first_slot(i + 1))
      ++i;
    return i;
  }

  std::string ask(std::size_t i, const std::vector<std::string>& command) {
    return redis_client{*nodes_[i]}(command);
  }

  [[nodiscard]] std::string id(std::size_t i) {
    return ask(i, {"CLUSTER", "MYID"});
  }

  // -- a slot goes from one to another, as redis-cli does it

  void begin_move(std::uint16_t slot, std::size_t from, std::size_t to) {
    auto name = std::to_string(slot);
    ask(to, {"CLUSTER", "SETSLOT", name, "IMPORTING", id(from)});
    ask(from, {"CLUSTER", "SETSLOT", name, "MIGRATING", id(to)});
  }

  /// At most so many of its keys go.
  void move_keys(std::uint16_t slot, std::size_t from, std::size_t to,
                 int at_most = 1'000) {
    for (; at_most > 0; --at_most) {
      auto key =
          ask(from, {"CLUSTER", "GETKEYSINSLOT", std::to_string(slot), "1"});
      if (key.empty())
        return;
      auto how =
          ask(from, {"MIGRATE", "127.0.0.1", std::to_string(nodes_[to]->port()),
                     key, "0", "5000"});
      if (how != "OK")
        throw std::runtime_error{"MIGRATE: " + how};
    }
  }

  void end_move(std::uint16_t slot, std::size_t from, std::size_t to) {
    auto owner = id(to);
    auto tell = [&](std::size_t i) {
      ask(i, {"CLUSTER", "SETSLOT", std::to_string(slot), "NODE", owner});
    };
    tell(to);
    tell(from);
    for (std::size_t i = 0; i < masters_; ++i)
      if (i != from && i != to)
        tell(i);
  }

  void move(std::uint16_t slot, std::size_t from, std::size_t to) {
    begin_move(slot, from, to);
    move_keys(slot, from, to);
    end_move(slot, from, to);
  }

  template <class So>
  static void wait(So so, const char* otherwise) {
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!so()) {
      if (std::chrono::steady_clock::now() > deadline)
        throw std::runtime_error{otherwise};
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
  }

  /// Of one node.
  static std::vector<std::string>
  arguments(const std::vector<std::string>& more) {
    std::vector<std::string> to{"--cluster-enabled",
                                "yes",
                                "--cluster-node-timeout",
                                "500",
                                "--cluster-port",
                                std::to_string(free_port()),
                                "--cluster-replica-validity-factor",
                                "0",
                                "--repl-diskless-sync-delay",
                                "0"};
    to.insert(to.end(), more.begin(), more.end());
    return to;
  }

  bool is_well() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (ask(i, {"CLUSTER", "INFO"}).find("cluster_state:ok")
          == std::string::npos)
        return false;
      auto role = ask(i, {"ROLE"});
      if (role.starts_with("slave")
          && role.find("connected") == std::string::npos)
        return false;
      if ((i >= masters_) != role.starts_with("slave"))
        return false;
    }
    return true;
  }

private:
  [[nodiscard]] std::size_t first_slot(std::size_t shard) const {
    return cluster::hash_slots * shard / masters_;
  }

  void meet() {
    auto bus_port = [&](std::size_t i) {
      auto told = ask(i, {"CONFIG", "GET", "cluster-port"});
      return told.substr(told.find(' ') + 1);
    };
    for (std::size_t i = 1; i < nodes_.size(); ++i)
      ask(0, {"CLUSTER", "MEET", "127.0.0.1", std::to_string(nodes_[i]->port()),
              bus_port(i)});
    auto known = "cluster_known_nodes:" + std::to_string(nodes_.size());
    wait(
        [&] {
          for (std::size_t i = 0; i < nodes_.size(); ++i)
            if (ask(i, {"CLUSTER", "INFO"}).find(known) == std::string::npos)
              return false;
          return true;
        },
        "the nodes do not meet");
  }

  void follow(std::size_t replica, std::size_t master) {
    wait(
        [&] {
          return ask(replica, {"CLUSTER", "REPLICATE", id(master)}) == "OK";
        },
        "no replica");
  }

  std::size_t masters_;
  std::vector<std::unique_ptr<redis_server>> nodes_;
};

} // namespace greenroom::test
