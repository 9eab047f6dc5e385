#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/call_later.hpp"
#include "actors/context.hpp"
#include "actors/interfaces.hpp"
#include "actors/lane_kind.hpp"
#include "actors/members.hpp"
#include "actors/neighbour.hpp"
#include "core/lane.hpp"

namespace greenroom::actors {

/// The way from a room to its members: one lane per wire format, one audience
/// per loop with members, one message per audience for all that a turn brought.
/// The room's thread only. Owns the audiences.
class fan_out {
public:
  fan_out(room_actor::pointer room, loop& home, const context_ptr& context,
          const room_key& key, std::string epoch, slow_policy slow);
  ~fan_out();

  fan_out(const fan_out&) = delete;
  fan_out& operator=(const fan_out&) = delete;

  /// One of `make(encoding)` for everybody whose lanes are in use, in the order
  /// of all that is appended. `offset` 0: not in the log. `sender`, if any, is
  /// not sent it.
  template <class Make>
  void broadcast(const members& to, std::uint64_t offset,
                 const newcomer* sender, bool presence_only, Make make);

  /// A ready frame for the members of one lane.
  void append(const members& to, lane_kind lane, std::string_view header,
              std::string_view payload, std::uint64_t offset,
              const newcomer* sender);

  /// To the member's audience, behind what the lanes have so far.
  template <class Message>
  void tell(const newcomer& who, const Message& what) {
    tell(who.loop, what);
  }

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
  std::array<lane_writer, lane_kinds> lanes_;
  /// Appended, not yet told. Used again where no audience had to be mailed.
  std::shared_ptr<std::vector<step>> steps_ =
      std::make_shared<std::vector<step>>();
  call_later tell_later_;
};

template <class Make>
void fan_out::broadcast(const members& to, std::uint64_t offset,
                        const newcomer* sender, bool presence_only, Make make) {
  static constexpr std::array pairs{
      std::pair{lane_kind::json, lane_kind::json_no_presence},
      std::pair{lane_kind::msgpack, lane_kind::msgpack_no_presence}};
  for (auto [full, quiet] : pairs) {
    bool to_quiet = !presence_only && to.in_use(quiet);
    if (!to.in_use(full) && !to_quiet)
      continue;
    auto encoding = encoding_of(full);
    auto payload = protocol::encode(encoding, make(encoding));
    char header[ws::header_bytes_max];
    std::string_view head{
        header, ws::write_header(header, opcode_of(encoding), payload.size())};
    append(to, full, head, payload, offset, sender);
    if (to_quiet)
      append(to, quiet, head, payload, offset, sender);
  }
}

} // namespace greenroom::actors
