#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/call_later.hpp"
#include "actors/context.hpp"
#include "actors/fan_out.hpp"
#include "actors/interfaces.hpp"
#include "actors/members.hpp"
#include "core/presence_batch.hpp"
#include "core/room_log.hpp"
#include "core/typing_table.hpp"

namespace greenroom::actors {

/// One room on this node: gives its messages their order, encodes each once per
/// wire format in use, and tells its audiences (one per loop with members) how
/// far the lanes reach. Knows who is here and who types. Owned by the keeper of
/// its home loop; owns its audiences.
class room {
public:
  using handle = room_actor;
  using at_once = publish;

  static constexpr const char* name = "room";

  room(handle::pointer self, loop& home, room_key key, keeper_actor keeper,
       context_ptr context);
  ~room();

  handle::behavior_type make_behavior();

  bool take_at_once(publish& msg);

  /// An exception is about to end the actor.
  void failed(std::string_view why);

private:
  // -- members
  void on_join(const join& msg);
  void on_leave(const leave& msg);
  void on_dead(member_id who);
  void admit_member(const join& msg);
  void admit_waiting();
  void remove(member_id who, slice last);
  void greet(const join& asked);
  void answer(const newcomer& who, const join& asked);
  [[nodiscard]] protocol::joined welcome(const newcomer& who,
                                         const join& asked) const;
  [[nodiscard]] std::optional<std::string_view>
  list_for(const newcomer& who) const;
  void on_list_members(const list_members& msg);
  void on_last_left();
  template <class Message>
  void hand_to(const newcomer& who, const Message& what);

  // -- what is said, here or on a peer, in room_messages.cpp
  void on_publish(const publish& msg);
  void say(const publish& msg, const newcomer& by, const posted& what);
  void say(const publish& msg, const newcomer& by, const directed& what);
  void say(const publish& msg, const newcomer& by, const typing_event& what);
  void say(const publish& msg, const newcomer& by, const relayed& what);
  void done(const publish& msg, const newcomer& by, protocol::ack what);
  void on_mirrored(const mirrored& msg);
  void on_mirrored(const room_event& what);
  void mirror_out(const room_event_ptr& what);
  void mirror_now();

  // -- what members see of it; `by`, if any, is not sent it
  [[nodiscard]] protocol::room_message
  as_seen(const posted& what, std::optional<std::uint64_t> offset) const;
  template <class Message>
  void broadcast(const Message& what, std::uint64_t offset, const newcomer* by);
  void show(const posted& what, std::uint64_t offset, const newcomer* by);
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
  [[nodiscard]] bool degraded() const { return context_->cluster && !linked_; }

  // -- time
  void on_tick();
  void set_timer();
  [[nodiscard]] milliseconds linger() const;

  handle::pointer self_;
  loop& home_;
  room_key key_;
  keeper_actor keeper_;
  context_ptr context_;
  const room_settings& rules_;
  room_log log_;
  steady_time born_;

  members members_;
  fan_out out_;

  typing_table typing_; ///< [P-4.5]
  presence_batch news_; ///< [P-4.4]
  steady_time news_due_{};
  bool listed_ = true; ///< Every member has been given the list.

  std::vector<join> waiting_; ///< For the first answer of the cluster.
  std::uint64_t watches_ = 0;
  bool watching_ = false;
  bool link_known_ = false;
  bool linked_ = false;
  std::vector<room_event_ptr> to_mirror_; ///< Of this turn.
  call_later mirror_later_{[this] {
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

} // namespace greenroom::actors
