#include "actors/fan_out.hpp"

#include <algorithm>

#include <caf/send.hpp>

#include "actors/audience.hpp"
#include "actors/pinned.hpp"

namespace greenroom::actors {

namespace {

/// A room that had a burst does not keep the memory for it.
constexpr std::size_t steps_kept_max = 16;

} // namespace

fan_out::fan_out(room_actor::pointer room, loop& home,
                 const context_ptr& context, const room_key& key,
                 std::string epoch, slow_policy slow)
  : room_(room),
    home_(home),
    context_(context),
    key_(key),
    epoch_(std::move(epoch)),
    slow_(slow),
    audiences_(context->loops.size()),
    tell_later_([this] { tell_steps(); }) {}

fan_out::~fan_out() {
  for (auto& where : audiences_)
    if (where)
      caf::anon_send_exit(where.handle(), caf::exit_reason::user_shutdown);
}

void fan_out::append(const members& to, std::span<const lane_kind> lanes,
                     ws::opcode kind, std::string_view payload,
                     std::uint64_t offset, const newcomer* sender) {
  framed_payload what{kind, payload};
  auto [header, body] = what.plain();
  for (auto lane : lanes)
    if (to.in_use(lane))
      add_step(lane, 0,
               lanes_[static_cast<std::size_t>(lane)].append(header, body),
               offset, sender);
  if (!to.deflated_lanes().empty())
    append_deflated(to, lanes, what, offset, sender);
}

void fan_out::append_deflated(const members& to,
                              std::span<const lane_kind> lanes,
                              framed_payload& what, std::uint64_t offset,
                              const newcomer* sender) {
  const auto& config = context_->config.deflate;
  auto& deflater = home_.deflater(static_cast<int>(config.level));
  drop_idle_lanes(to);
  for (const auto& lane : to.deflated_lanes()) {
    if (std::ranges::find(lanes, lane.kind) == lanes.end())
      continue;
    // Who is alone there skips what it says itself: not worth the work.
    bool nobody = lane.members == 1 && sender && sender->lane == lane.kind
                  && sender->deflate == lane.deflate;
    auto [header, body] =
        nobody ? what.plain() : what.deflated(lane.deflate, deflater, config);
    add_step(lane.kind, lane.deflate,
             deflated_lane_of(lane.kind, lane.deflate).append(header, body),
             offset, sender);
  }
}

lane_writer& fan_out::deflated_lane_of(lane_kind kind, window_bits deflate) {
  for (auto& lane : deflated_lanes_)
    if (lane.kind == kind && lane.deflate == deflate)
      return lane.to;
  return deflated_lanes_.emplace_back(deflated_lane{kind, deflate, {}}).to;
}

/// Clients that come with another window each time leave nothing behind.
void fan_out::drop_idle_lanes(const members& to) {
  if (deflated_lanes_.size() <= to.deflated_lanes().size())
    return;
  std::erase_if(deflated_lanes_, [&](const deflated_lane& mine) {
    return std::ranges::none_of(to.deflated_lanes(), [&](const auto& lane) {
      return lane.kind == mine.kind && lane.deflate == mine.deflate;
    });
  });
}

void fan_out::add_step(lane_kind lane, window_bits deflate, slice frame,
                       std::uint64_t offset, const newcomer* sender) {
  steps_->push_back({lane, deflate, std::move(frame), offset,
                     sender ? sender->id : 0, sender ? sender->loop : 0});
  home_.settle().add(tell_later_);
}

void fan_out::hand_to(const members& in, const std::vector<member_id>& chosen,
                      const protocol::room_message& what) {
  for (auto as : {protocol::encoding::json, protocol::encoding::msgpack}) {
    std::vector<std::vector<member_id>> by_loop(audiences_.size());
    for (auto id : chosen)
      if (const auto* who = in.find(id);
          who->lane != lane_kind::raw && encoding_of(who->lane) == as)
        by_loop[who->loop].push_back(id);
    slice frame;
    for (std::uint32_t loop = 0; loop < by_loop.size(); ++loop) {
      if (by_loop[loop].empty())
        continue;
      if (frame.size() == 0)
        frame = make_frame(as, what);
      tell(loop, hand_over{std::move(by_loop[loop]), frame});
    }
  }
}

void fan_out::tell_steps() {
  if (steps_->empty())
    return;
  bool kept = false;
  for (auto& where : audiences_) {
    advance next{steps_};
    if (!where || where.tell_at_once(next))
      continue;
    kept = true;
    caf::anon_send(where.handle(), std::move(next));
  }
  // Who was told at once is done with them.
  if (kept || steps_->capacity() > steps_kept_max)
    steps_ = std::make_shared<std::vector<step>>();
  else
    steps_->clear();
}

const audience_actor& fan_out::audience_on(std::uint32_t loop) {
  auto& where = audiences_[loop];
  if (!where)
    where = neighbour_of<audience>(
                spawn_pinned<audience>(*context_->loops[loop], key_, epoch_,
                                       room_actor{room_}, slow_))
                .seen_from(home_);
  return where.handle();
}

} // namespace greenroom::actors
