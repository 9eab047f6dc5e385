#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "actors/call_later.hpp"
#include "actors/context.hpp"
#include "actors/interfaces.hpp"
#include "core/lane.hpp"
#include "core/presence_batch.hpp"
#include "core/room_log.hpp"

namespace greenroom::actors {

/// One room on this node: gives its messages their order, encodes each once per
/// wire format in use, and tells its audiences (one per loop with members) how
/// far the lanes reach. Knows who is here and who types. Owned by the keeper of
/// its home loop; owns its audiences.
class room {
public:
  using handle = room_actor;

  static constexpr const char* name = "room";

  room(handle::pointer self, loop& home, room_key key, keeper_actor keeper,
       context_ptr context);
  ~room();

  handle::behavior_type make_behavior();

  /// An exception is about to end the actor.
  void failed(std::string_view why);

private:
  /// The room's members on one loop.
  struct section {
    audience_actor actor;
    std::array<std::uint32_t, lane_kinds> members{}; ///< By lane.
  };

  struct typist {
    std::string user_id;
    member_id member = 0; ///< 0: on another node.
    steady_time until;
  };

  // -- members
  void on_join(const join& msg);
  void on_leave(const leave& msg);
  void on_dead(member_id who);
  void admit_member(const join& msg);
  void admit_waiting();
  void remove(member_id who, slice last);
  void greet(const join& asked);
  void change_lane(newcomer& who, const newcomer& now);
  [[nodiscard]] protocol::joined welcome(const newcomer& who,
                                         const join& asked) const;
  [[nodiscard]] std::optional<std::vector<protocol::member>>
  list_for(const newcomer& who) const;
  void on_list_members(const list_members& msg);
  void emptied();

  // -- what is said
  void on_publish(const publish& msg);
  void say(const publish& msg, const newcomer& by, const posted& what);
  void say(const publish& msg, const newcomer& by, const directed& what);
  void say(const publish& msg, const newcomer& by, const typing_event& what);
  void say(const publish& msg, const newcomer& by, const relayed& what);
  void on_mirrored(const mirrored& msg);
  void mirror_out(const room_event_ptr& what);
  std::uint64_t hand_to(const directed& what, member_id except);
  void done(const publish& msg, const newcomer& by, protocol::ack what);

  // -- typing [P-4.5]
  void set_typing(const typing_event& what, member_id by);
  void stop_typing(member_id who);
  void end_overdue_typing();
  void show_typing(const std::string& user_id, bool is_typing, member_id by);

  // -- presence [P-4.4]
  void show_presence();

  // -- lanes
  template <class Message>
  void broadcast(const Message& what, std::uint64_t offset, member_id sender,
                 bool presence_only = false);
  void append(lane_kind to, std::string_view header, std::string_view payload,
              std::uint64_t offset, member_id sender);
  void tell_steps();
  template <class Message>
  void tell(section& where, const Message& what);
  section& section_of(std::uint32_t loop);
  [[nodiscard]] bool in_use(lane_kind kind) const {
    return lane_members_[static_cast<std::size_t>(kind)] > 0;
  }

  // -- cluster
  void on_link(bool up);
  [[nodiscard]] bool degraded() const { return context_->cluster && !linked_; }

  // -- time
  void on_tick();
  void set_timer();

  handle::pointer self_;
  loop& home_;
  room_key key_;
  keeper_actor keeper_;
  context_ptr context_;
  const room_settings& rules_;
  room_log log_;
  steady_time born_;

  std::unordered_map<member_id, newcomer> members_;
  std::unordered_map<std::string, member_id> by_connection_;
  std::set<std::pair<std::string, member_id>> by_user_;
  std::vector<std::optional<section>> sections_; ///< By loop.
  std::array<std::uint32_t, lane_kinds> lane_members_{};
  std::array<lane_writer, lane_kinds> lanes_;
  std::vector<step> steps_; ///< Appended, not yet told.
  call_later tell_later_;

  std::map<std::string, typist> typing_; ///< By connection id.
  presence_batch news_;
  steady_time news_due_{};
  bool listed_ = true; ///< Every member has been given the list.

  std::vector<join> waiting_; ///< For the first answer of the cluster.
  bool watching_ = false;
  bool link_known_ = false;
  bool linked_ = false;

  std::uint64_t joins_seen_ = 0;
  std::optional<steady_time> empty_since_;
  timer_queue::timer timer_;
};

} // namespace greenroom::actors
