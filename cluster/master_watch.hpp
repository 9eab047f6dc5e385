#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cluster/redis_connection.hpp"
#include "core/backoff.hpp"

namespace greenroom::cluster {

/// Asks sentinels where the master is, and hears from the one that answered
/// when it moves: a master that is demoted in a planned failover keeps its
/// clients for some 10 s, and what they write there is lost. One loop's thread.
///
///   idle --ask--> asking --answer--> watching --broken--> asking, by itself
class master_watch final : private redis_connection::listener {
public:
  struct options {
    redis_endpoint where; ///< With sentinels.
    std::shared_ptr<boost::asio::ssl::context> tls;
    redis_connection_options connection; ///< As to the master.
    std::chrono::milliseconds backoff_min;
    std::chrono::milliseconds backoff_max;
  };

  /// Called from socket events and timers only.
  struct callbacks {
    /// The answer, and later, unasked, every other one.
    std::function<void(const redis_endpoint& master)> found;
    /// The answer: no sentinel knows.
    std::function<void(std::string_view reason)> failed;
  };

  /// A sentinel that is cut off must not hide the next one for long.
  static constexpr std::chrono::milliseconds sentinel_timeout{1'000};

  master_watch(const redis_loop& in, options how, callbacks to);
  ~master_watch();

  /// Asks all in turn, beginning with the one that answered last.
  void ask();

  /// What it said led nowhere: the next one is asked first.
  void doubt();

  /// Ends it for good; nothing is called any more.
  void stop();

private:
  using clock = std::chrono::steady_clock;
  enum class state { idle, asking, watching };

  void connection_ready() override;
  void connection_reply(const redis_reply& reply) override;
  void connection_failed(std::string_view reason) override;

  void begin();
  void open();
  void on_answer(const redis_reply& reply);
  void on_push(const redis_reply& reply);
  void next(std::string_view reason);
  void nobody_knows(std::string_view reason);
  void found(std::string_view host, std::string_view port);

  redis_loop loop_;
  options how_;
  callbacks to_;
  std::shared_ptr<redis_connection> connection_;
  state state_ = state::idle;
  bool is_awaited_ = false; ///< `ask` is not answered yet.
  std::size_t current_ = 0; ///< Of the sentinels,
  std::size_t tried_ = 0;   ///< and how many since it began.
  std::size_t opened_ = 0;
  std::string told_;
  backoff pauses_;
  timer_queue::timer retry_;
};

} // namespace greenroom::cluster
