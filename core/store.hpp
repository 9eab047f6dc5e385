#pragma once

// What a room's log is written to and read from. `memory_store` is the one that
// keeps nothing beyond the process; one suite,
// tests/conformance/store_suite.hpp, says what all of them promise.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "core/protocol/messages.hpp"
#include "core/room_event.hpp"
#include "core/room_key.hpp"
#include "core/settings.hpp"

namespace greenroom {

/// How much of a log is kept, and how long ids are remembered; and how much
/// state there may be beside it. As it is made: nothing.
struct log_bounds {
  std::uint32_t messages = 0; ///< 0: no message is kept.
  std::uint32_t bytes = 0;    ///< As `bytes_of` counts them.
  milliseconds age{0};        ///< 0: any age.
  std::uint32_t dedupe_messages = 0;
  milliseconds dedupe_window{0};
  std::uint64_t state_keys = 0;
  std::uint64_t state_bytes = 0; ///< As `bytes_of` counts them.

  log_bounds() = default;
  explicit log_bounds(const room_settings& rules)
    : messages(rules.history_messages),
      bytes(rules.history_bytes),
      age(rules.history_age),
      dedupe_messages(rules.dedupe_messages),
      dedupe_window(rules.dedupe_window) {}
};

/// What nobody has asked for so long is lost, where else only its deletion
/// would end it: the state of a room, and in Redis all of it.
inline constexpr std::chrono::hours kept_unasked{7 * 24};

/// A message that its room wants to have in the log. Views, read inside of
/// `append` only.
struct new_entry {
  /// A `posted`. Where the log keeps no messages it is not looked at.
  const room_event_ptr& what;
  /// Who said it under which id: what makes it the same one again [P-3.4].
  /// Without an id it is always another one. A session holds only letters,
  /// digits and `-`.
  std::string_view session;
  const protocol::request_id& id;
  std::int64_t now = 0; ///< Milliseconds since 1970.
  /// Accepted only if this is the newest offset.
  std::optional<std::uint64_t> expected = {};
};

/// A message of a log.
struct log_entry {
  std::uint64_t offset = 0;
  std::int64_t stored = 0; ///< `now` of its `new_entry`.
  /// For who said it [P-4.2.1]. Without an id both may be empty; in a shared
  /// log the session is always there.
  std::string session;
  protocol::request_id id;
  room_event_ptr what; ///< A `posted`.
};

/// Where a log stands: which life of it, and what is kept. Nothing is: `first`
/// is `top` + 1.
struct log_state {
  /// Changes only when the log, or its end, was lost or may have been [P-4.3].
  std::string epoch;
  std::uint64_t first = 1;
  std::uint64_t top = 0; ///< The newest offset; 0 before the first.
  /// The epoch before this one, which it went on from: the messages up to
  /// `base` are of both, with the same offsets. Empty: it began with nothing.
  std::string before = {};
  std::uint64_t base = 0;

  /// The offset behind which a reader goes on that knows the log up to `at`.
  /// None: what it knows is not of this log. Smaller than `at`: what it knows
  /// beyond was lost.
  [[nodiscard]] std::optional<std::uint64_t>
  goes_on_behind(const protocol::log_position& at) const;
};

/// A shared log goes on in another epoch, behind the offset `from` [P-4.3].
struct log_turn {
  std::string epoch;
  std::uint64_t from = 0;
  /// Whether what was heard up to `from` is in it, with the same offsets.
  /// False: all that was heard is of a log that has ended.
  bool known = false;
};

/// What became of an append.
struct appended {
  enum class verdict : std::uint8_t {
    accepted,
    duplicate,   ///< It was there: `offset` is the first one's.
    conflict,    ///< `offset`, the newest, is not the one that was expected.
    unavailable, ///< Not now. Try it again under the same id.
  };
  verdict is = verdict::accepted;
  std::uint64_t offset = 0;

  bool operator==(const appended&) const = default;
};

/// A shared key of a room's state: one that is bound to no connection [P-4.6].
struct stored_key {
  std::string name;
  protocol::value now; ///< Empty: the key is deleted.
  std::string user_id;
  /// Holds nothing from then on, milliseconds since 1970: whoever reads it
  /// looks at the time. 0: for ever.
  std::int64_t until = 0;
  /// Of the change that made it so. A later change of the room, of whatever
  /// key, has a larger one.
  std::uint64_t number = 0;
};

/// A change that its room wants to make.
struct new_key {
  const stored_key& what; ///< No number.
  std::int64_t now = 0;   ///< Milliseconds since 1970.
  /// Made only if the key's number is this; 0: if it holds nothing.
  std::optional<std::uint64_t> expected = {};
};

/// What became of a change.
struct key_answer {
  enum class verdict : std::uint8_t {
    accepted,
    conflict,  ///< The key's number is not the one that was expected.
    too_large, ///< The room has as much state as it may have.
    /// Not now, or nobody knows: it may be made all the same.
    unavailable,
  };
  verdict is = verdict::accepted;
  std::uint64_t number = 0; ///< Of the change.

  bool operator==(const key_answer&) const = default;
};

/// Why a store does not do what it was asked for. What went wrong it logs
/// itself.
enum class store_error : std::uint8_t { unavailable };

template <class T>
using store_result = boost::system::result<T, store_error>;

/// The longest answer to one `read`; further ones bring the rest.
inline constexpr std::size_t read_entries_max = 1'000;
/// The same in bytes as `bytes_of` counts them; one entry comes in any case.
inline constexpr std::size_t read_bytes_max = 1024 * 1024;

/// One room's log as the room sees it. On its loop's thread only. Destroying it
/// closes the log: no answer comes any more, and what was asked for still
/// happens.
///
/// What can be answered at once is, by what a member returns or inside of it.
/// What cannot is answered later on the loop: appends in the order of the
/// calls, reads likewise, though an append may be answered before a read that
/// was asked for earlier. A refusal (`unavailable`) may come at once though
/// earlier calls still wait.
class room_store {
public:
  /// Oldest first, without a hole.
  using entries = std::vector<log_entry>;

  /// Never called from inside a member of the store, and may call any of them;
  /// may destroy it, too. Outlives it.
  class listener {
  public:
    /// It is open, or cannot be opened: then it is of no further use. A shared
    /// log is open when what others append from then on is heard, and where it
    /// stands is known; while it cannot be reached it waits for that, and
    /// `log_linked` tells so.
    virtual void log_opened(store_result<void> how) = 0;

    /// To the oldest `append` that is not yet answered.
    virtual void log_appended(appended what) = 0;

    // -- of stores that keep state only

    /// Shared keys that changed, in the order of their numbers; `whole`: all
    /// that there are, and no others. When the log opens, all come before
    /// `log_opened`.
    virtual void state_heard(std::vector<stored_key> what, bool whole) {
      static_cast<void>(what), static_cast<void>(whole);
    }

    /// To the oldest `set` that is not yet answered. What the answer tells of
    /// has been heard: the change, or what stands against it.
    virtual void state_answered(key_answer) {}

    // -- of shared stores only

    /// The next messages of the log, whoever said them, each once: the first
    /// one's offset is `state().top` + 1 as it was before. Those of this room's
    /// own appends have been answered.
    virtual void log_heard(entries) {}

    /// Messages from `first` to `last` were trimmed before they could be heard.
    virtual void log_skipped(std::uint64_t first, std::uint64_t last) {
      static_cast<void>(first), static_cast<void>(last);
    }

    /// What is heard from now on is of another epoch.
    virtual void log_turned(const log_turn&) {}

    /// Whether what others append is heard, also before `log_opened`; until it
    /// is told otherwise, it is. Up again, what was missed has been heard.
    /// Appends wait while it is down, bounded by number, bytes and time, and
    /// are `unavailable` beyond that. Such a one may be in the log all the
    /// same.
    virtual void log_linked(bool up) { static_cast<void>(up); }

  protected:
    ~listener() = default;
  };
  template <class T>
  using then = std::function<void(store_result<T>)>;

  room_store() = default;
  room_store(const room_store&) = delete;
  room_store& operator=(const room_store&) = delete;
  virtual ~room_store() = default;

  /// Whether `log_opened` has come, or need not come. Nothing else may be
  /// called before.
  [[nodiscard]] virtual bool is_open() const = 0;

  /// As of the newest answer. Of a shared log: `top` is the newest message that
  /// was heard, whatever others have appended since.
  [[nodiscard]] virtual const log_state& state() const = 0;

  /// Whether nothing was ever appended: then closing it leaves nothing.
  [[nodiscard]] bool is_fresh() const { return state().top == 0; }

  /// Accepts a message: once that is answered, the message is as safe as this
  /// store makes anything. Nothing: `log_appended` tells it later. Whether it
  /// is a duplicate is looked at before what was expected.
  [[nodiscard]] virtual std::optional<appended>
  append(const new_entry& what) = 0;

  /// The entries from offset `from` on that are kept, `limit` at most (and see
  /// `read_entries_max`): none or fewer does not mean that there are no more,
  /// but the last one's offset and `state` tell. Of a shared log also those
  /// that were not heard yet.
  virtual void read(std::uint64_t from, std::size_t limit, std::int64_t now,
                    then<entries> answer) = 0;

  /// Whether shared keys are put into order and kept here; else the room does
  /// that itself.
  [[nodiscard]] virtual bool keeps_state() const { return false; }

  /// Changes a shared key. Nothing: `state_answered` tells it later.
  [[nodiscard]] virtual std::optional<key_answer> set(const new_key&) {
    return key_answer{key_answer::verdict::unavailable};
  }

  /// Lets go of what is too old. Every append and read does so too: for who
  /// wants the memory of a quiet room back.
  virtual void trim(std::int64_t now) = 0;

  /// Loses the log: its messages, ids, epoch, and the state. What was asked for
  /// before is answered before.
  virtual void forget(std::int64_t now, then<void> answer) = 0;
};

/// A way onto a loop. The store tells loops apart by it, so there is one object
/// for each loop; it outlives the store.
class loop_entrance {
public:
  /// Runs `what` on the loop's thread, in the order of the calls, never inside.
  /// Called from any thread.
  virtual void call(std::function<void()> what) = 0;

protected:
  ~loop_entrance() = default;
};

/// What a store has done since it was made.
struct store_statistics {
  std::uint64_t open = 0; ///< Logs that are open now.
  std::uint64_t accepted = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t unavailable = 0; ///< Appends that were refused.
  std::uint64_t reads = 0;
  std::uint64_t keys_set = 0; ///< Changes of shared keys.
  // Of stores that write:
  std::uint64_t waiting = 0; ///< Calls that are not yet answered, now.
  std::uint64_t commits = 0;
  std::uint64_t commit_us = 0; ///< All of them together.
  std::uint64_t failures = 0;  ///< Commits and reads that failed.
  std::uint64_t cleared = 0;   ///< Logs that were deleted as too old.
  std::uint64_t reads_refused = 0;
};

/// Where rooms keep their logs. Any thread.
class store {
public:
  store() = default;
  store(const store&) = delete;
  store& operator=(const store&) = delete;
  virtual ~store() = default;

  /// Whether other nodes append to the same logs: then a room's messages are
  /// not those that it had accepted, but those that it hears (`log_heard`).
  [[nodiscard]] virtual bool is_shared() const { return false; }

  /// A log is open once at a time: who opens it again while its closing is
  /// under way comes after that. Called on the loop that `loop` leads to.
  [[nodiscard]] virtual std::unique_ptr<room_store>
  open(const room_key& room, const log_bounds& bounds, std::int64_t now,
       loop_entrance& loop, room_store::listener& to) = 0;

  [[nodiscard]] virtual store_statistics statistics() const = 0;
};

/// What a message counts for in `log_bounds::bytes`: its texts, and what it
/// takes beside them.
[[nodiscard]] std::size_t bytes_of(const new_entry& what);

/// What a key counts for in `log_bounds::state_bytes`, as in `room_map`.
[[nodiscard]] std::size_t bytes_of(const stored_key& what);

} // namespace greenroom
