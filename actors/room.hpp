#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/call_later.hpp"
#include "actors/context.hpp"
#include "actors/fan_out.hpp"
#include "actors/interfaces.hpp"
#include "actors/lane_kind.hpp"
#include "actors/members.hpp"
#include "actors/room_state.hpp"
#include "core/absentees.hpp"
#include "core/dedupe_table.hpp"
#include "core/ring.hpp"
#include "core/roster.hpp"
#include "core/store.hpp"
#include "core/typing_table.hpp"

namespace greenroom::actors {

/// One room on this node: has its messages put into order and kept by its log,
/// encodes each once per wire format in use, and tells its audiences (one per
/// loop with members) how far the lanes reach. Knows who is here and who types.
/// Owned by the keeper of its home loop; owns its audiences and its log.
class room final : private room_store::listener {
public:
  using handle = room_actor;
  using at_once = publish;

  static constexpr const char* name = "room";
  static constexpr bool mailbox_is_gauged = true;

  room(handle::pointer self, loop& home, room_key key, keeper_actor keeper,
       context_ptr context);
  ~room();

  handle::behavior_type make_behavior();

  bool take_at_once(publish& msg);

  // -- for its shell, in room_recovery.cpp
  [[nodiscard]] std::string_view label() const { return key_.id; }
  void describe(tree_entry& to) const;
  void recover();
  void refuse(const caf::message& what, std::string_view why);

  /// An exception is about to end the actor.
  void failed(std::string_view why);

private:
  /// What a newcomer gets of what it missed [P-4.2].
  struct catch_up {
    std::optional<bool> recovered; ///< Where it said what it had.
    std::string reason;            ///< Why not; empty: none.
    std::string frames;            ///< What it missed, ready to be sent.
  };

  // -- opening
  [[nodiscard]] log_bounds bounds_of_log() const;
  void announce();
  [[nodiscard]] protocol::order_mode order() const;

  // -- members
  void on_join(const join& msg);
  void on_leave(const leave& msg);
  void on_dead(member_id who);
  [[nodiscard]] std::size_t places_taken() const;
  void queue(const join& msg);
  void unqueue(member_id who);
  void drop_join(member_id who);
  void leave_queue(member_id who);
  [[nodiscard]] bool must_wait();
  void admit_waiting();
  void admit_member(const join& msg, const catch_up& past);
  void displace(const std::string& connection_id);
  void remove(member_id who, slice last, bool keeps_place);
  void greet(const join& asked, const catch_up& past);
  void answer(const newcomer& who, const join& asked, const catch_up& past);
  [[nodiscard]] protocol::joined welcome(const newcomer& who, const join& asked,
                                         const catch_up& past) const;
  [[nodiscard]] std::shared_ptr<const resumed_part>
  resumed(const newcomer& who, const catch_up& past) const;
  [[nodiscard]] std::size_t snapshot_bytes(const newcomer& who) const;
  [[nodiscard]] protocol::presence whole_list(const newcomer& who) const;
  [[nodiscard]] std::optional<std::string_view>
  list_for(const newcomer& who) const;
  [[nodiscard]] protocol::presence_by_user
  users_for(const newcomer& who, const protocol::request_id& id) const;
  void refuse_join(const join& msg, protocol::error_code code,
                   std::string_view why,
                   std::optional<std::int64_t> retry_after = {});
  void on_list_members(const list_members& msg);
  void forget(const std::string& connection_id);
  [[nodiscard]] bool is_deserted() const;
  void on_last_left();
  template <class Message>
  void hand_to(const newcomer& who, const Message& what);

  // -- what was said before, in room_history.cpp
  struct reading_back;
  void begin_join(const join& msg, bool may_look = true);
  void read_on(reading_back past);
  void on_read(reading_back past, store_result<room_store::entries> found);
  void finish_join(const join& msg, const catch_up& past);
  void gather(reading_back& past, room_store::entries found) const;
  [[nodiscard]] catch_up past_of(reading_back& past) const;
  [[nodiscard]] std::uint64_t begin_reading(const join& msg);
  bool end_reading(const join& msg, std::uint64_t number);
  void on_read_log(const read_log& msg);
  void refuse_question(const newcomer& who, const read_log& msg,
                       std::string_view why);
  void show_history(const read_log& asked,
                    store_result<room_store::entries> found);
  [[nodiscard]] std::size_t replay_bytes_max() const;
  void read_log_from(std::uint64_t from, std::size_t limit,
                     room_store::then<room_store::entries> answer);

  // -- state, in room_state_changes.cpp
  void on_change_state(const change_state& msg);
  void set_here(const change_state& msg, const newcomer& by);
  void set_in_store(const change_state& msg, const newcomer& by);
  void answer(const change_state& msg, const connection_actor& to,
              const key_answer& how);
  [[nodiscard]] std::uint64_t version_of_set(const std::string& key,
                                             std::uint64_t number);
  void delete_in_store(const std::string& key, std::uint64_t number);
  void set_done(const change_state& msg, const connection_actor& to,
                std::uint64_t version);
  void refuse(const change_state& msg, const connection_actor& to,
              protocol::error why);
  [[nodiscard]] room_map::change kept_change(stored_key what);
  void state_heard(std::vector<stored_key> what, bool whole) override;
  void state_answered(key_answer how) override;
  [[nodiscard]] room_state& state();
  void state_changed();
  void drop_bound(const std::string& connection_id);
  [[nodiscard]] std::optional<std::string_view>
  state_for(const newcomer& who) const;
  [[nodiscard]] slice state_frame(const newcomer& who) const;

  // -- what this node and its peers hold here, in room_peers.cpp
  struct peer {
    roster::holder holds_as = 0;
    std::string origin;
    std::optional<steady_time> parts_at; ///< It said goodbye.
    /// What it says of connections that are here, of another user.
    std::map<std::string, protocol::member> refused;
  };
  using peer_table = std::map<std::uint64_t, peer>; ///< By incarnation.

  [[nodiscard]] bool has_peers() const;
  void tell_peers_later();
  void tell_peers();
  void note_arrival(const newcomer& who);
  void note_departure(const std::string& connection_id);
  [[nodiscard]] holdings own_holdings() const;
  [[nodiscard]] std::vector<holdings::key>
  own_keys_since(std::uint64_t version) const;
  void on_holdings(const holdings_heard& msg);
  peer& peer_of(std::uint64_t incarnation, const std::string& origin);
  void drop_unheld(peer& from, const holdings& whole);
  [[nodiscard]] bool is_thief(const protocol::member& who) const;
  void give_way(const holdings::arrival& there, const peer& at);
  void let_go(const std::string& connection_id, peer& by);
  void apply(const holdings::key& what, const peer& from);
  void adopt_bound(const std::string& connection_id);
  void on_holdings_checked(const holdings_checked& msg);
  void believe_refused(const std::string& connection_id);
  void on_peer_gone(const peer_gone& msg);
  void drop_peer(peer_table::iterator at);
  void drop_parted_peers();
  void drop_all_peers();
  void drop_keys_of(const std::string& origin);

  // -- what its own code cannot deal with, in room_recovery.cpp
  void refuse_queued(std::string_view why);
  [[nodiscard]] bool is_half_in(const newcomer& who) const;
  void forget_half_gone();
  [[nodiscard]] static std::string_view bytes_of(const room_event& what);
  void answer_internal(member_id who, const protocol::request_id& id,
                       allowance credit);
  void put_away(std::string_view bytes, std::string_view why);
  void show_again(const posted& what, std::uint64_t offset, const newcomer* by);

  // -- what the log tells, at its own time
  void log_opened(store_result<void> how) override;
  void log_appended(appended what) override;
  void log_heard(room_store::entries what) override;
  void log_skipped(std::uint64_t first, std::uint64_t last) override;
  void log_turned(const log_turn& how) override;
  void log_linked(bool up) override;
  void log_tells(ring<std::function<void()>>& into, std::function<void()> what);
  void on_log_told();
  void hear_log_out();

  // -- a log that peers write to as well, in room_shared_log.cpp
  /// A newcomer that knows more than was heard here yet.
  struct early_bird {
    join asked;
    steady_time until;
  };
  void hear(const log_entry& what);
  [[nodiscard]] bool is_ahead(const protocol::log_position& at) const;
  void look_ahead(const join& msg);
  void join_who_was_ahead();

  // -- what is said, here or on a peer, in room_messages.cpp
  void on_publish(const publish& msg);
  void say(const publish& msg, const newcomer& by, const posted& what);
  void say(const publish& msg, const newcomer& by, const directed& what);
  void say(const publish& msg, const newcomer& by, const typing_event& what);
  void say(const publish& msg, const newcomer& by, const relayed& what);
  void append(const publish& msg, const newcomer& by);
  void sequenced(const publish& msg);
  [[nodiscard]] message_watch heard(const posted& what) const;
  void accepted(const publish& msg, const connection_actor& from,
                const newcomer* by, const appended& how);
  void acknowledge(const publish& msg, const connection_actor& from,
                   const newcomer* by, const appended& how);
  void done(const publish& msg, const newcomer& by, protocol::ack what);
  void done(const publish& msg, const connection_actor& from,
            protocol::ack what);
  void refuse(const publish& msg, const connection_actor& from);
  void on_mirrored(const mirrored& msg);
  void on_mirrored(const room_event_ptr& what);
  std::uint64_t offset_of_passing(const room_event_ptr& what);
  void show_passing(const posted& what, const room_event_ptr& event);
  void show_passing(const directed& what);
  void mirror_out(const room_event_ptr& what);
  void mirror_now();

  // -- what members see of it; `by`, if any, is not sent it
  [[nodiscard]] protocol::room_message
  as_seen(const posted& what, std::optional<std::uint64_t> offset) const;
  template <class Message>
  void broadcast(const Message& what, std::uint64_t offset, const newcomer* by);
  void show(const posted& what, std::uint64_t offset, const newcomer* by);
  void show_once(const posted& what, std::uint64_t offset, const newcomer* by);
  void show(const relayed& what, std::uint64_t offset, const newcomer* by);
  std::uint64_t show(const directed& what, const newcomer* by);
  void show(const typing_event& what, const newcomer* by);
  void show_stopped(const std::string& user_id, const newcomer* by);
  void show_typing(const std::string& user_id, bool is_typing,
                   const newcomer* by);

  // -- presence
  void show_presence();
  [[nodiscard]] milliseconds news_interval() const;

  // -- cluster
  void on_link(const link_changed& msg);
  [[nodiscard]] bool degraded() const {
    return context_->cluster && !(is_shared_ ? log_linked_ : linked_);
  }

  // -- time
  void on_tick();
  void trim_later();
  void set_timer();
  [[nodiscard]] milliseconds linger() const;

  handle::pointer self_;
  loop& home_;
  room_key key_;
  keeper_actor keeper_;
  context_ptr context_;
  const room_settings& rules_;
  steady_time born_;
  bool announced_ = false; ///< `room.created` was logged.

  /// Said, and not yet accepted by the log. Who said it is answered also when
  /// it is no member any more.
  struct unanswered {
    publish what;
    connection_actor by;
  };
  ring<unanswered> unanswered_;
  /// Likewise of shared keys.
  struct unset {
    change_state what;
    connection_actor by;
  };
  ring<unset> unset_;
  dedupe_table directed_; ///< Messages to some, which are not in the log.
  std::unique_ptr<room_store> log_;
  ring<std::function<void()>> told_; ///< By it, not yet dealt with.
  ring<std::function<void()>> read_; ///< What was asked for, likewise.
  bool is_shared_ = false;           ///< Peers append to it, too.
  bool log_linked_ = true;           ///< What they append is heard.
  std::string shown_epoch_;          ///< As members know it.
  bool keys_turn_ = false; ///< The store's numbers of keys begin anew.
  std::uint64_t shown_top_ = 0;
  /// Who said a message that is accepted and not yet heard, by its offset.
  struct said_here {
    member_id who = 0;
    message_watch watch;
  };
  std::map<std::uint64_t, said_here> said_here_;
  std::vector<early_bird> ahead_;

  members members_;
  fan_out out_;

  std::unique_ptr<room_state> state_; ///< [P-4.6] Null: no key yet.
  counted_bytes<memory_kind::state> state_bytes_;
  call_later tell_state_later_{self_, [this] {
                                 out_.tell_all(state_->take_news());
                               }};

  roster people_; ///< [P-4.4]
  absentees absent_;
  typing_table typing_; ///< [P-4.5]
  steady_time news_due_{};
  bool listed_ = true; ///< Every member has been given the list.

  peer_table peers_;
  roster::holder last_holder_ = roster::this_node;
  holdings own_news_;                ///< Of this turn, to the peers.
  std::uint64_t state_mirrored_ = 0; ///< Version up to which they know it.
  bool peers_ask_ = false;           ///< They want all.
  call_later tell_peers_later_{self_, [this] {
                                 tell_peers();
                               }};

  std::vector<join> waiting_; ///< For the log, or the cluster's first answer.
  /// Whose past is being read, and which reading that is: who joins again
  /// begins another one.
  std::map<member_id, std::uint64_t> reading_;
  std::uint64_t readings_ = 0; ///< So many were begun.
  struct queued {
    connection_actor connection;
    std::uint32_t join = 0;  ///< Which of its joins waits, and …
    protocol::request_id id; ///< … as what its client asked.
  };
  /// All who are no members yet and wait, by whatever: monitored.
  std::map<member_id, queued> queued_;
  std::uint32_t questions_ =
      0; ///< Members' reads of the log that are under way.
  std::uint64_t watches_ = 0;
  bool watching_ = false;
  bool link_known_ = false;
  bool linked_ = false;
  steady_time trim_due_{};
  std::vector<room_event_ptr> to_mirror_; ///< Of this turn.
  message_watches to_mirror_watches_;
  top_lists::list::hint busiest_at_;
  call_later mirror_later_{self_, [this] {
                             mirror_now();
                           }};

  std::uint64_t joins_seen_ = 0;
  std::optional<steady_time> empty_since_;
  timer_queue::timer timer_;
};

template <class Message>
void room::broadcast(const Message& what, std::uint64_t offset,
                     const newcomer* by) {
  out_.broadcast(members_, offset, by, false,
                 [&](auto) -> const Message& { return what; });
}

template <class Message>
void room::hand_to(const newcomer& who, const Message& what) {
  out_.tell(who, hand_over{{who.id}, make_frame(who.lane.kind, what)});
}

} // namespace greenroom::actors
