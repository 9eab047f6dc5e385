#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "cluster/redis_link.hpp"
#include "cluster/slot_map.hpp"
#include "core/backoff.hpp"

namespace greenroom::cluster {

/// Asks the nodes of a Redis Cluster who has which slot: one after the other
/// until one answers that is not cut off from the others, that one every
/// second, and at once where somebody has reason to doubt. Where all say that
/// the cluster is not well, as when a shard is gone, any is believed. One
/// loop's thread.
class slot_watch final : private redis_connection::listener {
public:
  using milliseconds = std::chrono::milliseconds;

  /// Called from socket events and timers only.
  struct callbacks {
    /// The first map, every other one, and the one that was doubted.
    std::function<void(const slot_map&)> changed;
    /// No node tells; it goes on asking.
    std::function<void(std::string_view reason)> failed;
  };

  /// Who is doubted by many is not asked more often.
  static constexpr milliseconds pause_min{100};
  static constexpr milliseconds pause{1'000};

  /// A node that is cut off must not hide the next one for long.
  static constexpr milliseconds node_timeout{1'000};

  /// `how.where` is a Redis Cluster.
  slot_watch(const redis_loop& in, redis_link::options how, callbacks to);
  ~slot_watch();

  void start();

  /// The map may be wrong.
  void doubt();

  /// Ends it for good; nothing is called any more.
  void stop();

private:
  using clock = std::chrono::steady_clock;
  using address = slot_map::address;

  enum class question : std::uint8_t { none, state, slots };

  void connection_ready() override;
  void connection_reply(const redis_reply& reply) override;
  void connection_failed(std::string_view reason) override;

  void open();
  void ask();
  void ask_at(clock::time_point then);
  void on_state(const redis_reply& reply);
  void on_slots(const redis_reply& reply);
  void take(const slot_map& map);
  void know(const slot_map& map);
  void go_on_to_next();
  void next(std::string_view reason);

  redis_loop loop_;
  redis_link::options how_;
  callbacks to_;
  std::vector<address> nodes_; ///< Those that are known, and those of the URL.
  std::size_t current_ = 0;    ///< Of `nodes_`,
  std::size_t tried_ = 0;      ///< and how many since one answered.
  std::size_t opened_ = 0;
  std::shared_ptr<redis_connection> connection_;
  bool is_ready_ = false;
  question asks_ = question::none; ///< The one that is answered next.
  bool is_well_ = false;     ///< The node that is asked says so of the cluster.
  bool is_doubted_ = false;  ///< Since it was asked.
  bool was_doubted_ = false; ///< That is why it was asked.
  clock::time_point asked_;
  bool has_map_ = false;
  bool all_ill_ = false; ///< No node says that the cluster is well.
  slot_map map_;
  backoff pauses_;
  timer_queue::timer timer_;
};

} // namespace greenroom::cluster
