#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "actors/interfaces.hpp"
#include "actors/loop.hpp"
#include "cluster/bus.hpp"
#include "cluster/envelope.hpp"
#include "cluster/holdings_ledger.hpp"
#include "cluster/peers.hpp"
#include "cluster/sequence_tracker.hpp"
#include "core/rate_gate.hpp"
#include "core/settings.hpp"

namespace greenroom::cluster {

/// What the cluster actor counts. Written by its loop, read by any thread; what
/// the bus and the peers know is brought up to date with each beat.
struct counters {
  std::atomic<std::uint64_t> published{0};
  std::atomic<std::uint64_t> received{0};   ///< Handed to rooms.
  std::atomic<std::uint64_t> gaps{0};       ///< Holes found …
  std::atomic<std::uint64_t> missed{0};     ///< … and messages in them.
  std::atomic<std::uint64_t> duplicates{0}; ///< Dropped: here before.
  std::atomic<std::uint64_t> dropped{0};    ///< Not sent: no room, too late.
  std::atomic<std::uint64_t> rejected{0};   ///< No valid envelope.
  std::atomic<std::uint64_t> unknown{0};    ///< Of kinds of newer nodes.
  std::atomic<std::uint64_t> mended{0};     ///< Believed of a peer, wrongly.
  std::atomic<std::uint64_t> reconnects{0};
  std::atomic<std::uint64_t> peers{0}; ///< Alive now.
  /// To who watches, where the bus had no room to spare …
  std::atomic<std::uint64_t> reports_dropped{0};
  /// … and wishes of who watches, too many.
  std::atomic<std::uint64_t> watchers_refused{0};
};

struct options {
  node_run own;
  std::string prefix = "greenroom";
  milliseconds beat{1'000};
  milliseconds peer_timeout{3'000};
  /// What is known of a lost peer is kept for so long, see `peers`.
  milliseconds forget_peer{10 * 60'000};
  /// Leaving takes no longer, whatever Redis does.
  milliseconds leave_timeout{2'000};
  /// Told of each change of the bus, on the actor's loop.
  std::function<void(bool up)> link;
  std::shared_ptr<counters> counts = std::make_shared<counters>();

  // -- see cluster_watching.cpp; on the actor's loop
  /// Peers watch this node, or no longer; also told for each further one, which
  /// has seen nothing yet.
  std::function<void(bool watched)> watched;
  /// One of them has reported. False: that it has not, it is nonsense.
  std::function<bool(const std::string& node, const std::string& text)>
      reported;
};

/// A run as peers name it where a change of theirs is told apart from others.
[[nodiscard]] std::string origin_of(const node_run& run);

/// `config` has a node id. Draws the incarnation.
[[nodiscard]] options make_options(const settings::cluster_settings& config,
                                   std::function<void(bool up)> link);

/// Mirrors room traffic: what local rooms say goes to the bus under a number,
/// what peers say goes to the local rooms in their origin's order, each once.
/// One per node, on the loop of its bus.
///
/// What the bus and timers tell waits in `inbox_` for a `bus_tick`, so all
/// that the actor does happens in its own messages, and whatever it throws ends
/// there.
class cluster final : private bus::listener {
public:
  using handle = actors::cluster_actor;
  static constexpr const char* name = "cluster";
  static constexpr bool mailbox_is_gauged = true;

  /// `over` is not yet started and belongs to this actor alone.
  cluster(handle::pointer self, actors::loop& home, std::shared_ptr<bus> over,
          options how);

  handle::behavior_type make_behavior();
  void failed(std::string_view why);

  /// For its shell. What it has told peers is counted, what it has heard of
  /// them is doubted: both sides look again.
  void recover();
  void refuse(const caf::message& what, std::string_view why);

private:
  /// A room with members on this node.
  struct watched {
    room_key key;
    actors::room_actor room;
    std::uint64_t watch = 0; ///< The room's newest.
    bool linked = true;      ///< As the room was told.
    place last;              ///< Of its own stream: the last number given.
    sequence_tracker others;
    holdings_ledger holdings{0};
    std::uint64_t members_sum = 0;      ///< Of its own.
    int digests_due = 0;                ///< It is in so many of the next ones.
    std::size_t answered_in = SIZE_MAX; ///< After which digest peers were last
    bool answer_due = false;            ///< answered, and asked again since.
    rate_gate gaps_told{1};
  };
  /// What it held is held no more.
  struct left_room {
    holdings_digest::line line;
    int digests_due = 0;
  };
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  /// By channel.
  using rooms =
      std::unordered_map<std::string, watched, text_hash, std::equal_to<>>;

  struct came_up {};
  struct went_down {};
  struct subscribed {
    std::string channel;
  };
  struct lost {
    std::string channel;
  };
  struct message {
    std::string channel;
    envelope content;
  };
  struct no_envelope {
    std::string channel;
    std::string reason;
  };
  struct closed {};
  using news = std::variant<came_up, went_down, subscribed, lost, message,
                            no_envelope, closed>;

  // -- from the bus and the timer, outside of the actor's messages
  void bus_up() override { put(came_up{}); }
  void bus_down(std::string_view) override { put(went_down{}); }
  void bus_subscribed(std::string_view channel) override {
    put(subscribed{std::string{channel}});
  }
  void bus_lost(std::string_view channel) override {
    put(lost{std::string{channel}});
  }
  void bus_message(std::string_view channel, std::string_view bytes) override;
  void note_echo(std::string_view channel);
  void put(news what);
  void tick_soon();

  // -- rooms
  void watch(const actors::watch& msg);
  void unwatch(rooms::iterator at);
  void room_died(const caf::actor_addr& which);
  void mirror(const actors::mirror& msg);
  void publish(rooms::iterator found, const room_key& key,
               std::span<const room_event_ptr> events);
  void tell_link(watched& entry, bool up);

  // -- the bus
  void tick();
  void come_up();
  void go_down();
  void on(const came_up&);
  void on(const went_down&);
  void on(const subscribed& what);
  void on(const lost& what);
  void on(message& what);
  void on(const no_envelope& what);
  void on(const closed&);
  void on_envelope(const std::string& channel, node_sign& what);
  void on_envelope(const std::string& channel, room_traffic& what);
  void on_envelope(const std::string& channel, unknown_kind& what);

  // -- holdings, in cluster_holdings.cpp
  void mirror_holdings(const actors::mirror_holdings& msg);
  void doubt_holdings(const actors::doubt_holdings& msg);
  void ask_for_holdings(const watched& entry, std::uint64_t whose);
  void ask_silent_peers();
  void ask_the_silent(watched& entry, std::size_t& questions);
  void let_go_of_holdings(const std::string& channel, watched& entry);
  void on_envelope(const std::string& channel, room_holdings& what);
  void believe(const std::string& channel, watched& entry, room_holdings& what);
  void answer(watched& entry);
  void tell_left(const room_key& room);
  void on_envelope(const std::string& channel, holdings_wanted& what);
  void on_envelope(const std::string& channel, holdings_digest& what);
  void tell_digest();
  void forget_holdings(std::uint64_t incarnation, bool said_goodbye);

  // -- reports, in cluster_watching.cpp
  void watch_peers(bool on);
  void want_reports(bool anew);
  void report(std::string text);
  void on_envelope(const std::string& channel, reports_wanted& what);
  void on_envelope(const std::string& channel, node_report& what);
  void forget_watchers();
  void tell_watched(bool anew = false);
  [[nodiscard]] std::string watch_channel_of(std::uint64_t incarnation) const;

  std::uint64_t new_ones(watched& room, const node_run& from, const place& at,
                         std::uint64_t count);
  void tell_gap(watched& room, const node_run& from, const place& at,
                const sequence_tracker::finding& found);
  void reject(std::string_view channel, std::string_view reason);

  // -- time
  void beat();
  void look_after_peers();
  void count();
  void sign_on(sign what);
  void set_timer();
  void leave();

  [[nodiscard]] const std::string& channel_of(const room_key& key);
  [[nodiscard]] bool may_join_up() const;

  handle::pointer self_;
  actors::loop& home_;
  options how_;
  own_envelopes own_;
  std::string nodes_channel_;
  std::string reports_channel_; ///< Its own, see `watch_channel_of`.
  std::string channel_;         ///< What `channel_of` gave last.
  rooms rooms_;
  std::vector<left_room> left_rooms_;
  std::string asked_up_to_;    ///< The channel whose room was asked of last.
  std::size_t digests_ = 0;    ///< With each beat.
  bool newcomers_ask_ = false; ///< All rooms are to be in the next one.
  std::uint64_t streams_ = 0;  ///< Numbers streams of this run.
  std::uint64_t not_sent_ = 0;
  peers peers_;
  bool watches_ = false; ///< Peers.
  /// Those that watch this node, by incarnation, and until when.
  std::unordered_map<std::uint64_t, steady_time> watchers_;
  bool watched_told_ = false;
  bool bus_up_ = false;
  bool up_ = false;       ///< And peers are heard.
  steady_time all_heard_; ///< By then, who was there has been heard.
  bool leaving_ = false;
  std::deque<news> inbox_;
  bool tick_queued_ = false;
  steady_time next_beat_;
  steady_time last_echo_;              ///< Something of our own came back.
  std::optional<steady_time> beat_at_; ///< One that has not yet.
  steady_time leave_until_;
  rate_gate gaps_told_{20};
  rate_gate rejections_told_{1};
  std::shared_ptr<bus> bus_;
  timer_queue::timer timer_;
};

} // namespace greenroom::cluster
