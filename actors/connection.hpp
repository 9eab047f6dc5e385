#pragma once

#include <boost/container/deque.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/context.hpp"
#include "actors/identity.hpp"
#include "actors/interfaces.hpp"
#include "actors/lane_kind.hpp"
#include "actors/neighbour.hpp"
#include "core/offences.hpp"
#include "core/token_bucket.hpp"

namespace greenroom::actors {

/// The rules of one client: login, requests, rights, limits, heartbeat.
///
///   awaiting_auth --good token--> open --close()--> closing --socket_closed-->
///   (dead)
///        |                                             ^
///        +---- bad token, auth.timeout, room missing --+
///
/// Owned by its loop's gateway; owns the wire. On `/relay` every frame is a
/// publish to the one room; on `/ws` frames are requests.
class connection {
public:
  using handle = connection_actor;
  using at_once = inbound_view;

  static constexpr const char* name = "connection";
  static constexpr bool is_one_of_many = true;

  connection(handle::pointer self, loop& home, context_ptr context,
             std::shared_ptr<wire> client, client_hello hello);
  ~connection();

  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  handle::behavior_type make_behavior();

  /// Another one once it goes on with a session.
  [[nodiscard]] std::string_view label() const { return connection_id_; }

  /// Declines while something else has to be waited for: see `stalled`.
  bool take_at_once(inbound_view& msg);

  /// An exception is about to end the actor: the client hears 1011.
  void failed(std::string_view why);

private:
  enum class phase : std::uint8_t { awaiting_auth, open, closing };

  struct membership {
    /// Null until the first join has succeeded.
    neighbour<room_actor, publish> room;
    rights may;
    std::optional<steady_time> asked_at; ///< A join is under way since then.
    protocol::request_id asked;          ///< Its id,
    std::uint32_t join = 0;              ///< and its number.
    std::uint32_t entered_by = 0; ///< The join that `room` last answered.
  };

  /// What rooms have not confirmed of one kind of `allowance`.
  struct under_way {
    std::uint32_t unconfirmed = 0;
    std::uint32_t since_credit = 0;

    [[nodiscard]] bool is_full() const;
    [[nodiscard]] bool add();
    void confirm();
  };

  /// A `resume` that its rooms have not yet all answered.
  struct resumption {
    protocol::resumed answer;
    std::vector<slice> rest; ///< Comes behind the answer.
    std::shared_ptr<resume_budget> budget;
    bool all_asked = false; ///< Some answer while others are being asked.
  };

  // -- login [P-2], in connection_login.cpp
  void begin();
  bool room_is_missing();
  void on_first_message(inbound_view msg);
  void on_token(std::string_view token, std::string_view way);
  void log_in(std::string_view way);
  void welcome(const protocol::request_id& id);
  void refresh(const protocol::auth& said, const protocol::request_id& id);
  void reject_token(std::string_view why, std::string_view reason);
  void enter_first_rooms();
  void apply_rights();

  // -- what the client says
  void on_inbound(inbound msg);
  void take(inbound_view msg);
  [[nodiscard]] bool is_right_kind(inbound_view msg) const;
  void handle_relay(inbound_view msg);
  void handle_request(inbound_view msg);
  void on_client(const protocol::auth& said, const protocol::request_id& id);
  void on_client(protocol::join_room& said, const protocol::request_id& id);
  void on_client(protocol::leave_room& said, const protocol::request_id& id);
  void on_client(protocol::message& said, const protocol::request_id& id);
  void on_client(protocol::typing& said, const protocol::request_id& id);
  void on_client(protocol::list_presence& said, const protocol::request_id& id);
  void on_client(const protocol::ping& said, const protocol::request_id& id);
  void on_client(protocol::set_state& said, const protocol::request_id& id);
  void on_client(protocol::read_history& said, const protocol::request_id& id);
  // -- resume [P-3.18], in connection_resume.cpp
  void on_client(protocol::resume& said, const protocol::request_id& id);
  void take_session(std::string session);
  void resumed_in(const room_entered& msg);
  void not_resumed_in(const std::string& room_id, protocol::error_code why);
  void end_resume_if_answered();

  // -- rooms
  void send_join(const std::string& room_id, const protocol::request_id& id,
                 std::optional<protocol::log_position> since = {},
                 std::uint32_t history = 0);
  [[nodiscard]] bool is_flooded(const membership& in);
  void note_flooded(std::uint64_t depth);
  bool is_busy(const membership& in, const protocol::request_id& id,
               const std::string& room_id);
  void send_publish(const std::string& room_id, const membership& in,
                    room_event what, const protocol::request_id& id);
  [[nodiscard]] message_watch watch_message(bool counts,
                                            const message_trace_ptr& trace,
                                            const std::string& room_id);
  membership* joined_room(const std::string& room_id,
                          const protocol::request_id& id);
  bool claim_user_id(const std::optional<std::string>& wanted,
                     const std::string& room_id,
                     const protocol::request_id& id);
  [[nodiscard]] rights rights_in(const std::string& room_id) const;
  void leave_all(bool keeps_places = false);
  void withdraw_join(const std::string& room_id, bool keeps_place = false);
  void answered(membership& in);
  void end_overdue_joins();
  void on_entered(const room_entered& msg);
  void on_exited(const room_exited& msg);
  void give_back(allowance what);
  void on_done(const request_done& msg);
  void on_refused(const request_refused& msg);

  // -- pace: what was read waits while a join or too much else is under way
  [[nodiscard]] bool stalled() const;
  void work_off();
  bool within_rate(const protocol::request_id& id, const std::string& room_id);
  bool within_rate_of(std::uint64_t messages, const protocol::request_id& id,
                      const std::string& room_id);
  /// So many rooms that are joined together cost what one request does.
  static constexpr std::size_t rooms_of_a_request = 8;
  /// A member list and the state, up to a quarter of `limits.unsent-bytes`
  /// each, cost so many beside the one that asks [P-7.1].
  static constexpr std::uint32_t cost_of_list = 3;
  bool within_rate_for(std::uint64_t further, const protocol::request_id& id,
                       const std::string& room_id);
  void charge(std::uint64_t requests);
  void count_violation(std::string_view limit);

  // -- end and time
  void on_drain(const drain& msg);
  void close(protocol::close_code code, std::string_view why = {});
  void on_closed(const socket_closed& msg);
  void count_end(std::uint16_t code);
  void on_deadline();
  void check_heartbeat();
  void set_timer();

  // -- answers
  template <class Message>
  void reply(const Message& what);
  void refuse(protocol::error_code code, std::string text,
              const protocol::request_id& id, const std::string& room_id = {});

  handle::pointer self_;
  loop& home_;
  context_ptr context_;
  std::shared_ptr<wire> wire_;
  std::shared_ptr<outbox> out_;
  client_hello hello_;
  phase phase_ = phase::awaiting_auth;

  std::string session_; ///< The client's secret: see core/session.hpp.
  std::string connection_id_;
  identity who_;
  std::unique_ptr<resumption> resuming_;

  std::map<std::string, membership> rooms_;
  std::uint32_t joining_ = 0; ///< Memberships with a join under way.
  std::uint32_t joins_ = 0;   ///< Numbers them: an answer may come late.
  boost::container::deque<inbound> backlog_; ///< Empty, it holds nothing.
  under_way logged_;
  under_way passing_;
  membership* asked_ = nullptr; ///< A room with a question under way, if any.
  bool working_off_ = false;
  bool end_counted_ = false;
  steady_time waited_since_{}; ///< The message at hand, in the backlog.

  token_bucket pace_;
  offences violations_;
  std::optional<steady_time> throttled_until_; ///< `/relay`, over its rate.

  std::optional<steady_time> drained_at_; ///< It is told to go then.

  steady_time born_;
  steady_time next_ping_;
  bool pinged_ = false;
  std::uint64_t messages_ = 0;
  std::uint16_t closed_with_ = 0;
  std::string closed_why_;
  timer_queue::timer timer_;
};

template <class Message>
void connection::reply(const Message& what) {
  out_->push(make_frame(hello_.encoding, what));
}

} // namespace greenroom::actors
