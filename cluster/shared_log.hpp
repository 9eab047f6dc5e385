#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "cluster/log_wire.hpp"
#include "cluster/shared_log_calls.hpp"
#include "cluster/shared_state.hpp"

namespace greenroom::cluster {

/// What is the same for all logs of a store.
struct shared_log_options {
  std::string prefix = "greenroom";

  /// A log that nobody has asked for so long is deleted. 0: never. Logs that
  /// are open are read every half minute.
  milliseconds expiry{kept_unasked};

  /// Messages in one call: enough to hide what a call costs beside them, few
  /// enough that no other client of Redis waits a millisecond for it.
  std::size_t call_messages_max = 128;
  std::size_t call_bytes_max = 256 * 1024;

  /// What was heard and cannot be told yet, since something before it is being
  /// read. Beyond either it is dropped, and read afterwards.
  std::size_t ahead_max = 4'096;
  std::size_t ahead_bytes_max = 4 * 1024 * 1024;
};

/// One room's log on this node by the rules of docs/model/README.md ("A node",
/// whose steps are named below): what to send to Redis, and what the room is
/// told. No I/O, no clock; one thread.
///
/// One call is under way at a time, so Redis does what a room asks for in the
/// order of asking, and what comes meanwhile goes together next.
class shared_log final : private shared_state::outlet {
public:
  /// What becomes of a log. May not call it.
  class outlet {
  public:
    virtual void log_tells(log_news news) = 0;
    /// An append has been answered.
    virtual void log_answered(const appended& what, std::uint64_t bytes) = 0;
    /// So has a change of a shared key.
    virtual void log_answered(const key_answer& what, std::uint64_t bytes) = 0;
    /// It may have something to send.
    virtual void log_wants(shared_log& log) = 0;
    /// `word_came` has something to tell it.
    virtual void log_awaits_word(const shared_log& log) = 0;
    /// What was missing was read.
    virtual void log_repaired(const shared_log& log, std::uint64_t entries) = 0;
    virtual void log_turned(const shared_log& log, const log_turn& to) = 0;
    /// Something in it, or about it, could not be read.
    virtual void log_rejected(const shared_log& log, std::string_view why) = 0;
    /// Messages that were heard found no place.
    virtual void log_dropped(std::size_t entries) = 0;

  protected:
    ~outlet() = default;
  };

  /// A call to the functions in Redis: what follows `EVALSHA sha`.
  struct command {
    std::vector<std::string> arguments;
    std::size_t bytes = 0;
  };

  shared_log(const shared_log_options& how, std::shared_ptr<shared_line> line,
             outlet& to);

  [[nodiscard]] const std::shared_ptr<shared_line>& line() const {
    return line_;
  }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& channel() const { return channel_; }
  [[nodiscard]] const std::string& epoch() const { return state_.epoch; }
  [[nodiscard]] std::uint64_t have() const { return state_.top; }
  /// Number of the newest change of a shared key.
  [[nodiscard]] std::uint64_t have_key() const { return shared_keys_.have(); }

  [[nodiscard]] bool is_closing() const { return closing_; }

  /// The room closed it, and what was asked for before is done.
  [[nodiscard]] bool is_done() const {
    return closing_ && requests_.empty() && flight_ == flight::none;
  }

  // -- what comes
  void take(log_request what);
  void subscribed();
  /// The subscription is gone, or what was sent may not be answered.
  void unlinked();
  /// The connection for calls is gone: what is under way is sent again.
  void cut();
  /// Redis did not do what is under way: it is sent again.
  void not_done();
  void heard(std::string_view bytes);
  /// A peer's word (13).
  void peer_is_at(std::string_view epoch, std::uint64_t top, std::uint64_t key);
  /// Something was appended, answered or heard since its last read.
  [[nodiscard]] bool is_touched() const { return touched_; }
  /// Read it (13, 14).
  void look();
  /// The node's word number `n` came back: what was published before it and is
  /// to come has come. Whether it awaits no later one.
  bool word_came(std::uint64_t n);

  // -- calls
  /// The next call; none: nothing is to be sent now. `next_word` is the number
  /// of the node's next word.
  std::optional<command> next();
  void answered(std::string_view bytes, std::uint64_t next_word);
  /// Redis will never do it. What it was is not tried again.
  void refused();
  /// What was asked for before `then` is answered `unavailable`.
  void give_up_older(log_request::steady then);
  void give_up_all();

  /// None: nothing waits.
  [[nodiscard]] std::optional<log_request::steady> waits_since() const {
    if (requests_.empty())
      return std::nullopt;
    return requests_.front().since;
  }

private:
  enum class flight : std::uint8_t { none, repair, appends, keys, other };
  using appending = log_request::appending;
  using setting = log_request::setting;

  void hear(published_entries&& what);
  void hear(published_keys&& what);
  void hear_of_other_epoch();

  command make(std::string_view function, std::int64_t now) const;
  command make_repair();
  command make_appends();
  command make_keys();
  template <class Request>
  command make_together(std::string_view function);
  command make_other(const log_request& what);

  template <class Answer>
  bool answers_all(const Answer& answer);
  void on_repair(read_answer&& answer, std::uint64_t next_word);
  void on_appends(const append_answer& answer);
  void on_keys(const keys_answer& answer);
  void on_other(read_answer&& answer);
  void refuse_sent();
  void settle_appends(const append_answer& answer);
  void send_again();
  void turn(const read_answer& answer);
  void take_state(const read_answer& answer);
  void take_keys(read_answer& answer);

  bool put_ahead(keyed_entry what);
  void drop_ahead();
  void advance(std::uint64_t trimmed_below = 0);
  bool settle_own(const keyed_entry& what);
  [[nodiscard]] std::uint64_t reach() const;

  // -- of the shared keys
  void state_tells(std::vector<stored_key> what, bool whole) override;
  void state_answers(const key_answer& what, std::uint64_t bytes) override;

  void pop();
  void refuse_first();
  void tell(decltype(log_news::what) what);
  void tell_linked(bool up);
  void owe_read(bool missing);
  [[nodiscard]] bool is_open() const { return !state_.epoch.empty(); }
  [[nodiscard]] log_state shown_state() const;

  const shared_log_options& how_;
  std::shared_ptr<shared_line> line_;
  outlet& to_;
  std::string name_;
  std::string channel_;
  std::vector<std::string> keys_; ///< meta, log, ids, state.
  std::vector<std::string> bounds_;

  log_state state_;             ///< As members are at; no epoch: not yet open.
  std::uint64_t kept_from_ = 1; ///< In Redis, which may be ahead of members.
  bool closing_ = false;
  bool subscribed_ = false;
  std::optional<bool> linked_; ///< As the room was told.
  bool owed_ = false;          ///< A read,
  bool missing_ = false;       ///< since something is known to be missing.
  bool again_ = false;         ///< What was heard during a read did not fit.
  bool touched_ = false;

  std::deque<log_request> requests_; ///< Not answered; the first under way.
  flight flight_ = flight::none;
  std::size_t sent_ = 0;    ///< Requests of the call under way,
  std::size_t settled_ = 0; ///< and those among them that have been answered.
  std::optional<append_answer> held_; ///< Of another epoch (3).
  /// Of appends that were sent and are not answered: hearing one is as good.
  std::unordered_set<std::string> own_;
  bool read_subscribed_ = false; ///< The read under way was sent behind it.

  shared_state shared_keys_;

  std::map<std::uint64_t, keyed_entry> ahead_; ///< By offset.
  std::size_t ahead_bytes_ = 0;

  /// What is below was trimmed, and once word `floor_word_` has come back, it
  /// does not come any more either.
  std::uint64_t floor_ = 0;
  std::uint64_t floor_word_ = 0;
  bool floor_holds_ = false;
};

} // namespace greenroom::cluster
