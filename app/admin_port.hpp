#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "actors/interfaces.hpp"
#include "app/metrics_page.hpp"
#include "app/watch_hub.hpp"
#include "core/rate_gate.hpp"
#include "core/settings.hpp"
#include "core/unique_fd.hpp"
#include "net/listener.hpp"

namespace greenroom::app {

/// What operators are served, on a port of their own: see "The operators'
/// listener" in docs/operations.md. Its loop's thread only, once that runs.
class admin_port {
public:
  struct parts {
    net::io_loop& home;
    const settings& config;
    metric_sources counts;
    std::string run; ///< Another one for each run of the node.
    log_sink* log = nullptr;
    actors::cluster_actor cluster; ///< Null: none.
    std::function<std::string()> why_not_alive;
    std::function<void(std::size_t, watch_hub::parts::tree_ready)> list_tree;
  };

  explicit admin_port(parts with);

  admin_port(const admin_port&) = delete;
  admin_port& operator=(const admin_port&) = delete;

  /// Begins to accept on `socket`. Stays open while the node stops, for who
  /// wants to watch that.
  void open(unique_fd socket);

  [[nodiscard]] watch_hub& hub() { return hub_; }

private:
  [[nodiscard]] watch_hub::parts hub_parts();
  [[nodiscard]] net::admin_services services();
  [[nodiscard]] std::optional<net::served> page(std::string_view path) const;
  void refused(const std::string& peer, std::string_view why);
  void tell_busiest_later();

  parts with_;
  metrics_page metrics_;
  watch_hub hub_;
  rate_gate refusals_told_{actors::refusals_told_per_second};
  timer_queue::timer busiest_;
  std::shared_ptr<net::listener> listener_; ///< Null: not open.
};

} // namespace greenroom::app
