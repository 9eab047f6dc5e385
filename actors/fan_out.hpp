#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/call_later.hpp"
#include "actors/context.hpp"
#include "actors/framed_payload.hpp"
#include "actors/interfaces.hpp"
#include "actors/lane_kind.hpp"
#include "actors/members.hpp"
#include "actors/neighbour.hpp"
#include "core/lane.hpp"

namespace greenroom::actors {

/// The way from a room to its members: one lane per wire format and window of
/// compression, one audience per loop with members, one message per audience
/// for all that a turn brought.
/// The room's thread only. Owns the audiences.
class fan_out {
public:
  fan_out(room_actor::pointer room, loop& home, const context_ptr& context,
          const room_key& key, slow_policy slow);
  ~fan_out();

  fan_out(const fan_out&) = delete;
  fan_out& operator=(const fan_out&) = delete;

  /// Before there is a member.
  void set_epoch(std::string epoch) { epoch_ = std::move(epoch); }

  /// One of `make(encoding)` for everybody whose lanes are in use, in the order
  /// of all that is appended. `offset` 0: not in the log. `sender`, if any, is
  /// not sent it.
  template <class Make>
  void broadcast(const members& to, std::uint64_t offset,
                 const newcomer* sender, bool presence_only, Make make);

  /// One payload for the members of lanes of these kinds, framed and compressed
  /// for each as it is read.
  void append(const members& to, std::span<const lane_kind> kinds,
              ws::opcode kind, std::string_view payload, std::uint64_t offset,
              const newcomer* sender);

  /// An ack: it comes with what follows it, so that nothing with a larger
  /// offset is there before [P-4.14].
  void acknowledge(const newcomer& who, slice frame);

  /// To the member's audience, behind what the lanes have so far.
  template <class Message>
  void tell(const newcomer& who, const Message& what) {
    tell(who.loop, what);
  }

  /// What is told from now on is of another epoch, and members are told so.
  void turn(std::string epoch, const protocol::joined& what);

  /// What an audience must know before it has a member.
  std::function<void(const audience_actor&)> greet;

  /// The latency of what this turn appends is measured; see `publish`.
  void measure(message_watch of) {
    if (turn_->steps.empty())
      turn_->watches.clear(); // Nobody was to be told of theirs.
    turn_->watches.push_back(std::move(of));
  }

  /// To all audiences there are.
  void tell_all(const state_told& what);

  /// An actor is gone. Whether it was an audience: its members' connections
  /// end, and who comes next gets another one.
  bool forget(std::uint64_t audience);

  /// Until it is told 0: who has a message of this offset in the present turn
  /// is not given another one. For one that came only so far.
  void leave_out_those_with(std::uint64_t offset) { left_out_ = offset; }

  /// Nobody is left: gives back what the lanes hold.
  void drop_lanes() { lanes_ = {}; }

  /// For some members only: one frame per encoding, one message per loop and
  /// encoding.
  void hand_to(const members& in, const std::vector<member_id>& chosen,
               const protocol::room_message& what);

private:
  template <class Message>
  void tell(std::uint32_t loop, const Message& what) {
    tell_steps();
    room_->send(audience_on(loop), what);
  }

  struct open_lane {
    lane_id id;
    lane_writer to;
  };

  [[nodiscard]] framed_payload::parts framed(framed_payload& what,
                                             const members::lane_in_use& in,
                                             const newcomer* sender);
  lane_writer& writer_of(const lane_id& id);
  [[nodiscard]] bool is_left_out(const lane_id& id) const;
  void drop_idle_lanes(const members& to);
  void add_step(const lane_id& in, slice frame, std::uint64_t offset,
                const newcomer* sender);
  void tell_steps();
  const audience_actor& audience_on(std::uint32_t loop);

  room_actor::pointer room_;
  loop& home_;
  context_ptr context_;
  const room_key& key_;
  std::string epoch_;
  slow_policy slow_;
  /// By loop; null: no member yet.
  std::vector<neighbour<audience_actor, advance>> audiences_;
  std::vector<open_lane> lanes_;
  std::uint64_t left_out_ = 0;
  /// Appended, not yet told. Used again where no audience had to be mailed.
  std::shared_ptr<turn_steps> turn_ = std::make_shared<turn_steps>();
  call_later tell_later_;
};

template <class Make>
void fan_out::broadcast(const members& to, std::uint64_t offset,
                        const newcomer* sender, bool presence_only, Make make) {
  // Each with the one whose members do not see presence.
  static constexpr std::array<std::array<lane_kind, 2>, 2> pairs{{
      {lane_kind::json, lane_kind::json_no_presence},
      {lane_kind::msgpack, lane_kind::msgpack_no_presence},
  }};
  for (const auto& pair : pairs) {
    auto kinds = std::span{pair}.first(presence_only ? 1 : 2);
    if (!to.any_in_use(kinds))
      continue;
    auto encoding = encoding_of(pair[0]);
    append(to, kinds, opcode_of(encoding),
           protocol::encode(encoding, make(encoding)), offset, sender);
  }
}

} // namespace greenroom::actors
