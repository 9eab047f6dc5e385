#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "actors/tree.hpp"
#include "app/log_sink.hpp"
#include "app/node_counts.hpp"
#include "app/watch_frames.hpp"
#include "core/timer_queue.hpp"
#include "net/event_stream.hpp"

namespace greenroom::app {

/// Tells those who watch what this node does, and, in a cluster, what its peers
/// say that they do: pages (docs/dashboard.md), and peers on which pages
/// watch. While nobody does, it does nothing and costs nothing. On one loop, by
/// its thread alone; gone when that no longer runs.
class watch_hub {
public:
  struct parts {
    net::io_loop& home;
    frame_source self;
    const metric_sources& counts;

    /// Gives `done`, on the loop's thread, the tree of the node.
    using tree_ready = std::function<void(std::vector<actors::tree_entry>)>;
    std::function<void(std::size_t children_max, tree_ready done)> list_tree;

    log_sink* log = nullptr; ///< Null: it shows nothing.

    // -- empty without a cluster
    std::function<void(bool on)> watch_peers;
    std::function<void(std::string frame)> report;

    std::chrono::milliseconds tree_every{5'000};
    std::chrono::milliseconds peer_silent_after{5'000};
  };

  explicit watch_hub(parts with) : with_(std::move(with)) {}
  ~watch_hub();

  watch_hub(const watch_hub&) = delete;
  watch_hub& operator=(const watch_hub&) = delete;

  /// Empty: one more page may watch.
  [[nodiscard]] std::string_view why_not() const;

  /// One does. `gone` is called when it no longer does.
  void begin(unique_fd socket, std::function<void()> gone);

  /// A peer on which a page watches is there now, also where others were
  /// already, or none is any more.
  void watched_by_peers(bool is);

  /// False: it is no frame of that node.
  [[nodiscard]] bool peer_reported(const std::string& node,
                                   std::string_view frame);

  /// Pages that watch at once: they cost the loop a copy of each frame.
  static constexpr std::size_t pages_max = 16;

  /// Children of one kind that are shown, of all loops together.
  static constexpr std::size_t children_max = 500;

  /// Parts of a snapshot that are sent at once; the next ones with the next
  /// events. So neither a reader nor the bus is flooded.
  static constexpr std::size_t parts_at_once = 4;

  /// A page with so much unsent is spared snapshots until it has caught up.
  static constexpr std::size_t behind_bytes = 1024 * 1024;

  /// However often somebody new asks for one, from snapshot to snapshot.
  static constexpr std::chrono::milliseconds tree_spacing{2'000};

  /// Peers whose silence is noticed.
  static constexpr std::size_t peers_max = 256;

  static constexpr std::chrono::milliseconds events_every{250};
  static constexpr std::chrono::milliseconds figures_every{1'000};

private:
  enum class page_is { any, not_behind };

  [[nodiscard]] bool is_watched() const {
    return !pages_.empty() || peers_watch_;
  }
  void look_up();
  void tick_later();
  void tick();
  void tree_soon();
  void list_tree();
  void show_parts();
  void show_events();
  void show_figures();
  void look_for_silent_peers();
  void show(const std::string& frame, page_is which = page_is::any);
  void show_here(std::string_view frame, page_is which = page_is::any);

  parts with_;
  std::map<std::uint64_t, std::shared_ptr<net::event_stream>> pages_;
  std::uint64_t begun_ = 0; ///< Pages so far.
  bool peers_watch_ = false;
  bool is_up_ = false; ///< Somebody watches, and it does its work.
  std::unordered_map<std::string, steady_time> peers_; ///< Last heard.
  steady_time figures_due_{};
  steady_time tree_due_{};
  steady_time tree_began_{};
  bool lists_tree_ = false;       ///< It is being listed.
  std::deque<std::string> parts_; ///< Of the snapshot, yet to be shown.
  timer_queue::timer tick_;
};

} // namespace greenroom::app
