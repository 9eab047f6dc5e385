#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "watch/event_line.hpp"
#include "watch/utc_time.hpp"

namespace greenroom::watch {

using actor_id = std::uint64_t;

/// So much is kept of one run of a node, whatever its log says. How many actors
/// there are is bounded for all nodes together (`log_picture`).
struct bounds {
  static constexpr std::size_t connections = 16'384; ///< Among the actors.
  static constexpr std::size_t exited = 256;
  static constexpr std::size_t crashes = 128;
  static constexpr std::size_t flight_entries = 16; ///< Of a crash.
  static constexpr std::size_t busiest = 64;
  static constexpr std::size_t slow_members = 64;
  static constexpr std::size_t links = 64;
  static constexpr std::size_t peers = 1'024;
  static constexpr std::size_t held_back = 256;
  static constexpr std::size_t last_lines = 200;
  static constexpr std::size_t line_bytes = 1'024; ///< Of one of those.
  static constexpr std::size_t text_bytes = 512;   ///< Of a name or a reason.
};

enum class actor_state : std::uint8_t {
  alive,
  crashed,   ///< It threw, and has neither been begun anew nor ended.
  escalated, ///< Beginning it anew did not help.
  exited,
};

[[nodiscard]] std::string_view to_string(actor_state what);

struct actor {
  actor_id id = 0;
  std::string kind;
  std::string name;
  actor_id parent = 0; ///< 0: nobody.
  actor_state state = actor_state::alive;
  utc_ms since = 0; ///< Of the state.
  std::uint64_t restarts = 0;
  std::uint64_t mailbox = 0; ///< What waits for it, where that was told.
  std::uint64_t lines = 0;   ///< So many it told.
  std::string why;           ///< It crashed, escalated or ended.
};

struct crash {
  struct entry {
    std::uint64_t age_us = 0;
    std::string what;
  };

  utc_ms at = 0;
  actor_id id = 0;
  std::string kind;
  std::string name;
  std::string reason;
  std::string message;
  std::vector<entry> flight; ///< What it did before, the newest first.
};

struct told_rate {
  std::string name;
  double per_second = 0;
};

struct slow_member {
  std::string room;
  std::string connection;
  std::uint64_t times = 0;
  std::uint64_t dropped_bytes = 0;
  utc_ms last = 0;
};

/// To Redis.
struct bus_link {
  enum class state : std::uint8_t { connecting, up, down };

  state is = state::connecting;
  utc_ms since = 0;
  std::string why; ///< It is down.
};

struct peer {
  bool is_here = false;
  std::string how; ///< `joined`, `left`, `lost`, `duplicate`.
  utc_ms since = 0;
};

/// One run of one node, from its `node.starting` to its `node.stopped`, as far
/// as its lines tell: which actors live, in which state, under whom; what
/// crashed; who is slow; whom it is connected to.
///
/// Who comes in the midst of a log knows an actor as soon as it tells a line.
class life {
public:
  enum class phase : std::uint8_t { seen, starting, ready, stopping, stopped };

  explicit life(std::string node);

  /// Whether the line is of a later run than this.
  [[nodiscard]] bool is_over_before(const event_line& line) const;

  void read(const event_line& line);

  /// `raw` is the line as it came, for `last_lines`.
  void remember(std::string_view raw);

  /// One of its lines is not asked for: it is not lost, either.
  void pass_over(const event_line& line);

  /// Forgets an actor: of those that come in crowds the oldest, as long as
  /// there is one. The few above them are what makes a tree of the rest.
  void make_place();

  // -- the node
  std::string node;
  std::string version;
  std::uint64_t pid = 0;
  std::uint64_t loops = 0;
  phase is = phase::seen;
  utc_ms began = 0;        ///< Its first line.
  utc_ms last = 0;         ///< The latest of its lines.
  std::uint64_t heard = 0; ///< The number in the log of the one read last.
  std::uint64_t seq = 0;
  std::uint64_t lost = 0; ///< Lines that are missing between those read.
  std::map<std::string, std::uint64_t, std::less<>> held_back; ///< By event.
  std::uint64_t restarts = 0;
  std::uint64_t crashed = 0;
  std::uint64_t escalated = 0;
  std::string store_failure; ///< Empty: none that lasts.

  // -- its actors
  [[nodiscard]] const std::map<actor_id, actor>& actors() const {
    return actors_;
  }
  [[nodiscard]] const actor* find(actor_id id) const;

  /// Those under `parent`, by id. Under 0: those under nobody that is known.
  [[nodiscard]] std::vector<const actor*> children(actor_id parent) const;
  [[nodiscard]] std::size_t count_of_children(actor_id parent) const;

  /// The connections that there are by what was told and what was held back of
  /// it; not where lines are missing: then it is about so many.
  [[nodiscard]] std::uint64_t connections() const;
  [[nodiscard]] bool knows_connections() const;

  /// Living actors that were forgotten because there were too many.
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }

  std::deque<actor> exited;  ///< The latest last.
  std::deque<crash> crashes; ///< The latest last.

  // -- who has much to do
  // As `rooms.busiest` told last.
  utc_ms busiest_at = 0;          ///< 0: it never did.
  std::vector<told_rate> busiest; ///< Rooms, by messages.
  std::vector<told_rate> slowest; ///< `connection room`, by bytes not sent.
  std::vector<slow_member> slow;  ///< By `member.lagging`, in no order.

  // -- whom it is connected to
  std::map<std::string, bus_link, std::less<>> links; ///< By endpoint.
  std::map<std::string, peer, std::less<>> peers;     ///< By node.

  std::deque<std::string> last_lines; ///< The latest last.

private:
  friend struct deeds; // What each event does.

  void count_seq(const event_line& line);
  actor* speaker_of(const event_line& line);
  actor& add(const event_line& line);
  void move(actor& who, actor_id parent);
  void set(actor& who, actor_state to, utc_ms at, std::string_view why);
  void end(actor_id id, utc_ms at, std::string_view why);
  void forget(actor_id id);
  void remove(actor_id id);
  void leave(actor_id parent, actor_id child);
  void goes_on(actor_id id, utc_ms at);
  void tell_of_trouble(const actor& who);
  [[nodiscard]] bool has_trouble_under(actor_id id) const;
  void end_all(utc_ms at);
  void drop_connections();

  std::map<actor_id, actor> actors_;
  std::map<actor_id, std::set<actor_id>> children_; ///< Of those that have any.
  std::set<actor_id> connections_;                  ///< Those among `actors_`.
  std::set<actor_id> crowd_; ///< Those of kinds that come in crowds.

  /// Parent and child: the child is neither alive nor exited, or somebody under
  /// it was so. Who is begun anew finds by it all that are, and nobody else.
  std::set<std::pair<actor_id, actor_id>> troubled_;

  std::uint64_t connected_ = 0;    ///< Connections so far,
  std::uint64_t disconnected_ = 0; ///< and those that have ended.
  std::uint64_t forgotten_ = 0;
  std::uint64_t passed_over_ = 0; ///< Lines since the last that was read.
  bool from_the_start_ = false;
  bool has_started_ = false; ///< It told `node.starting`.
};

/// A name or a reason as it is kept: no longer than `bounds::text_bytes`, cut
/// between characters.
[[nodiscard]] std::string kept(std::string_view text,
                               std::size_t bytes_max = bounds::text_bytes);

} // namespace greenroom::watch
