#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "cluster/master_watch.hpp"
#include "cluster/redis_connection.hpp"
#include "core/backoff.hpp"
#include "core/settings.hpp"

namespace greenroom::cluster {

/// Keeps one connection to Redis: connects, and connects again with growing
/// pauses when it breaks. Where sentinels are, it goes where they say that the
/// master is, and leaves when they say another. One loop's thread.
class redis_link final : private redis_connection::listener {
public:
  struct options {
    redis_endpoint where;
    std::shared_ptr<boost::asio::ssl::context> tls; ///< With `rediss`.
    redis_connection_options connection;
    std::chrono::milliseconds backoff_min{100};
    std::chrono::milliseconds backoff_max{5'000};
    std::string name;      ///< What it is for, for the log.
    bool is_shard = false; ///< Of a Redis Cluster.
  };

  /// Called from socket events and timers only.
  struct callbacks {
    std::function<void()> ready;
    std::function<void(const redis_reply&)> reply;
    std::function<void(std::string_view reason)> lost;
  };

  redis_link(const redis_loop& in, options how, callbacks to);
  ~redis_link();

  void start();

  /// Ends it for good; nothing is called any more.
  void stop();

  [[nodiscard]] bool ready() const { return step_ == step::ready; }

  /// Attempts since it was last well.
  [[nodiscard]] std::uint32_t attempts() const {
    return pauses_.failures() + 1;
  }

  /// Only while ready.
  void send(std::span<const std::string_view> command) {
    connection_->send(command);
  }
  void send(std::initializer_list<std::string_view> command) {
    connection_->send(command);
  }

  /// Gives the present connection up as if it had broken. Nothing while there
  /// is none.
  void give_up(std::string_view reason);

private:
  using clock = std::chrono::steady_clock;

  void connection_ready() override;
  void connection_reply(const redis_reply& reply) override;
  void connection_failed(std::string_view reason) override;

  void open();
  void connect(const redis_endpoint& where);
  void on_master(const redis_endpoint& where);
  void try_again_later(std::string_view reason);
  void tell_lost(std::string_view reason, std::chrono::milliseconds pause);

  redis_loop loop_;
  options how_;
  callbacks to_;
  redis_endpoint at_;  ///< Where it is or was; at first, what the settings say.
  std::string master_; ///< The last that sentinels told.
  std::unique_ptr<master_watch> watch_; ///< Where sentinels are.
  std::shared_ptr<redis_connection> connection_;
  enum class step { asking, connecting, ready, pausing } step_ = step::pausing;
  backoff pauses_;
  timer_queue::timer retry_;
  bool stopped_ = false;
  std::size_t opened_ = 0;
  clock::time_point ready_since_;
  std::string last_reason_;
};

/// Why Redis cannot be reached with the settings: one line for the operator,
/// without the password.
struct link_error {
  std::string text;
};

/// Where Redis is, as the settings say. Reads certificates from files.
[[nodiscard]] boost::system::result<redis_link::options, link_error>
link_options(const settings::cluster_settings& how);

/// The same for a master of the Redis Cluster that `how` leads to.
[[nodiscard]] redis_link::options at_shard(redis_link::options how,
                                           redis_endpoint::address where);

} // namespace greenroom::cluster
