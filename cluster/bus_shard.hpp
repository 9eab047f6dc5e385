#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/publish_queue.hpp"
#include "cluster/redis_link.hpp"
#include "cluster/redis_words.hpp"
#include "cluster/subscriptions.hpp"

namespace greenroom::cluster {

/// What of a redis_bus is on one server: its channels, and what is published to
/// them. Two connections, since a subscribed one (RESP2) takes no PUBLISH, and
/// so that either can break without the other losing anything. One loop's
/// thread.
class bus_shard {
public:
  /// Called from socket events and timers only.
  class owner {
  public:
    /// Both connections are there, and all channels are subscribed.
    virtual void shard_up(bus_shard& which, bool again) = 0;

    /// One of them is not, or none comes about. `silent` are all its channels,
    /// the first time; then none.
    virtual void shard_lost(std::string_view reason,
                            const std::vector<std::string>& silent) = 0;

    virtual void shard_subscribed(bus_shard& which,
                                  std::string_view channel) = 0;
    virtual void shard_message(std::string_view channel,
                               std::string_view bytes) = 0;

    /// A slot is not, or not any more, on this server.
    virtual void shard_moved(bus_shard& which, std::uint16_t slot) = 0;

    virtual void shard_dropped(const publish_queue::loss& lost) = 0;

    /// All that was published has arrived.
    virtual void shard_flushed() = 0;

  protected:
    ~owner() = default;
  };

  bus_shard(const redis_loop& in, const redis_link::options& how,
            std::size_t queue_bytes, owner& to);

  /// One that is never started keeps what it is given. One that does not
  /// `listen` only publishes.
  void start(bool listens);

  /// Adds it, or nothing.
  void subscribe(std::string_view channel);
  void unsubscribe(std::string_view channel);
  [[nodiscard]] bool is_subscribed(std::string_view channel) const {
    return channels_.is_in_force(channel);
  }
  [[nodiscard]] std::vector<std::string> subscribed() const {
    return channels_.in_force();
  }

  void publish(publish_queue::entry what);

  /// As something expendable. False: it was dropped.
  [[nodiscard]] bool offer(publish_queue::entry what);

  [[nodiscard]] bool is_up() const { return up_; }

  /// It was told that it is lost.
  [[nodiscard]] bool is_lost() const { return lost_; }

  /// To be called where channels were taken out.
  void go_up_if_complete();

  /// Renews the subscription; where the two connections may have parted, one at
  /// the master and one where it was, both.
  void renew(std::string_view reason);

  /// What is published is still sent.
  void stop_subscribing() { subscriber_.stop(); }
  void stop();

  /// Nothing waits for a server that is there.
  [[nodiscard]] bool is_flushed() const {
    return !publisher_.ready() || is_empty();
  }
  [[nodiscard]] bool is_empty() const { return queue_.size() == 0; }

  /// Takes out all that belongs to channels for whose slots `which` holds.
  struct load {
    std::vector<std::string> channels;
    std::vector<publish_queue::entry> messages;
  };
  void take_out(const std::function<bool(std::uint16_t slot)>& which, load& to);

private:
  using clock = std::chrono::steady_clock;

  static redis_link::options named(redis_link::options how, std::string name);

  void on_subscriber_ready();
  void on_push(const redis_reply& reply);
  void on_answer(const redis_reply& reply);
  void on_lost(std::string_view reason);
  void send_waiting();

  owner& owner_;
  std::string endpoint_;
  const redis_words& words_;
  bool may_part_;
  subscriptions channels_;
  publish_queue queue_;
  std::size_t window_bytes_;
  redis_link subscriber_;
  redis_link publisher_;
  bool up_ = false;
  bool was_up_ = false;
  bool lost_ = false;
  clock::time_point down_since_ = clock::now();
};

} // namespace greenroom::cluster
