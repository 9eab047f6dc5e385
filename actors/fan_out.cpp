#include "actors/fan_out.hpp"

#include <algorithm>
#include <utility>

#include <caf/send.hpp>

#include "actors/audience.hpp"
#include "actors/pinned.hpp"
#include "core/fault_point.hpp"

namespace greenroom::actors {

namespace {

/// A room that had a burst does not keep the memory for it.
constexpr std::size_t steps_kept_max = 16;

} // namespace

fan_out::fan_out(room_actor::pointer room, loop& home,
                 const context_ptr& context, const room_key& key,
                 slow_policy slow)
  : room_(room),
    home_(home),
    context_(context),
    key_(key),
    slow_(slow),
    audiences_(context->loops.size()),
    tell_later_(room, [this] { tell_steps(); }) {}

fan_out::~fan_out() {
  for (auto& where : audiences_)
    if (where)
      caf::anon_send_exit(where.handle(), caf::exit_reason::user_shutdown);
}

void fan_out::append(const members& to, std::span<const lane_kind> kinds,
                     ws::opcode kind, std::string_view payload,
                     std::uint64_t offset, const newcomer* sender) {
  framed_payload what{kind, payload};
  drop_idle_lanes(to);
  for (const auto& in : to.lanes()) {
    if (std::ranges::find(kinds, in.id.kind) == kinds.end()
        || (left_out_ != 0 && is_left_out(in.id)))
      continue;
    fault_point("fan_out.append", [&] { return std::string_view{payload}; });
    auto [header, body] = framed(what, in, sender);
    add_step(in.id, writer_of(in.id).append(header, body), offset, sender);
  }
}

bool fan_out::forget(std::uint64_t audience) {
  for (auto& where : audiences_)
    if (where && where.handle().id() == audience) {
      where = {};
      return true;
    }
  return false;
}

bool fan_out::is_left_out(const lane_id& id) const {
  return std::ranges::any_of(turn_->steps, [&](const step& each) {
    return each.lane == id && each.offset == left_out_;
  });
}

framed_payload::parts fan_out::framed(framed_payload& what,
                                      const members::lane_in_use& in,
                                      const newcomer* sender) {
  // Who is alone there skips what it says itself: not worth compressing.
  bool nobody = in.members == 1 && sender && sender->lane == in.id;
  if (in.id.window == 0 || nobody)
    return what.plain();
  const auto& config = context_->config.deflate;
  return what.deflated(in.id.window,
                       home_.deflater(static_cast<int>(config.level)), config);
}

lane_writer& fan_out::writer_of(const lane_id& id) {
  for (auto& lane : lanes_)
    if (lane.id == id)
      return lane.to;
  return lanes_.emplace_back(open_lane{id, {}}).to;
}

/// Clients that come with another window each time leave nothing behind.
void fan_out::drop_idle_lanes(const members& to) {
  if (lanes_.size() <= to.lanes().size())
    return;
  std::erase_if(lanes_, [&](const open_lane& mine) {
    return std::ranges::none_of(
        to.lanes(), [&](const auto& lane) { return lane.id == mine.id; });
  });
}

void fan_out::add_step(const lane_id& in, slice frame, std::uint64_t offset,
                       const newcomer* sender) {
  turn_->steps.push_back({in, std::move(frame), offset, sender ? sender->id : 0,
                          sender ? sender->loop : 0, false});
  home_.settle().add(tell_later_);
}

void fan_out::acknowledge(const newcomer& who, slice frame) {
  turn_->steps.push_back(
      {who.lane, std::move(frame), 0, who.id, who.loop, true});
  home_.settle().add(tell_later_);
}

void fan_out::hand_to(const members& in, const std::vector<member_id>& chosen,
                      const protocol::room_message& what) {
  for (auto as : {protocol::encoding::json, protocol::encoding::msgpack}) {
    std::vector<std::vector<member_id>> by_loop(audiences_.size());
    for (auto id : chosen)
      if (const auto* who = in.find(id);
          who->lane.kind != lane_kind::raw && encoding_of(who->lane.kind) == as)
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

void fan_out::turn(std::string epoch, const protocol::joined& what) {
  tell_steps();
  epoch_turned turned{epoch, make_frame(protocol::encoding::json, what),
                      make_frame(protocol::encoding::msgpack, what)};
  set_epoch(std::move(epoch));
  for (auto& where : audiences_)
    if (where)
      caf::anon_send(where.handle(), turned);
}

void fan_out::tell_all(const state_told& what) {
  for (auto& where : audiences_)
    if (where)
      caf::anon_send(where.handle(), what);
}

void fan_out::tell_steps() {
  if (turn_->steps.empty()) {
    turn_->watches.clear(); // Nobody was to be told of theirs.
    return;
  }
  bool kept = false;
  for (auto& where : audiences_) {
    advance next{turn_};
    if (!where || where.tell_at_once(next))
      continue;
    kept = true;
    caf::anon_send(where.handle(), std::move(next));
  }
  // Who was told at once is done with them, or has crashed and kept them.
  if (kept || turn_.use_count() > 1
      || turn_->steps.capacity() > steps_kept_max) {
    turn_ = std::make_shared<turn_steps>();
  } else {
    turn_->steps.clear();
    turn_->watches.clear();
  }
}

const audience_actor& fan_out::audience_on(std::uint32_t loop) {
  auto& where = audiences_[loop];
  if (!where) {
    where = neighbour_of<audience>(
                spawn_supervised<audience>(*context_->loops[loop],
                                           context_->audiences[loop], key_,
                                           epoch_, room_actor{room_}, slow_))
                .seen_from(home_);
    room_->monitor(where.handle());
    if (greet)
      greet(where.handle());
  }
  return where.handle();
}

} // namespace greenroom::actors
