#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/pulse.hpp"
#include "core/settings.hpp"
#include "net/io_loop.hpp"

namespace greenroom::app {

/// What probes ask of a node: whether its loops turn, and whether a message
/// goes its whole way. Beats on the main thread; any thread may ask.
class health {
public:
  /// `on_beat` is told after each beat, on the main thread. What is referred
  /// to outlives this, and the loops this.
  health(boost::asio::io_context& main, const settings& config,
         const std::vector<std::unique_ptr<net::io_loop>>& loops,
         std::function<void()> on_beat);

  void start();

  /// The node stops: whether messages go through is no question any more.
  void stop();

  /// Of the messages of the node's canary.
  [[nodiscard]] pulse& canary() { return canary_; }

  /// Why the process had better be started anew; empty: it is well.
  [[nodiscard]] std::string why_not_alive() const;

  /// Why clients had better go elsewhere; empty: they are served.
  [[nodiscard]] std::string why_not_served() const;

private:
  void beat();
  void look_at_canary();
  [[nodiscard]] std::chrono::milliseconds pause() const;

  const settings::health_settings& limits_;
  const std::vector<std::unique_ptr<net::io_loop>>& loops_;
  std::function<void()> on_beat_;
  boost::asio::steady_timer next_;
  std::vector<std::unique_ptr<pulse>> turns_; ///< One per loop.
  pulse canary_;
  steady_time began_;
  std::atomic<steady_time> beaten_; ///< Last.
  bool is_late_ = false;            ///< The canary, as was told.
};

} // namespace greenroom::app
