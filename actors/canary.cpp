#include "actors/canary.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "actors/pinned.hpp"
#include "core/outbox.hpp"

namespace greenroom::actors {

namespace {

/// What is said, as JSON, and what the outbox looks for in what the room sends.
constexpr std::string_view song = R"("greenroom canary")";

/// Until the first of them is heard, and the node is ready.
constexpr milliseconds first_pause{10};
constexpr std::uint32_t first_ticks_max = 100; ///< Then it is not that.

constexpr std::size_t outbox_bytes_max = 1024 * 1024;

/// Nodes of a cluster share a store. A node alone finds its canary's log again,
/// whatever it is called this time.
std::string of_node(const node_context& context) {
  const auto& how = context.config.cluster;
  return how.redis.empty() ? "" : " of " + how.node_id;
}

} // namespace

/// What would be its client's socket.
class canary::ear final : public outbox {
public:
  ear(loop& home, pulse* beat)
    : outbox(home.sends(), outbox_bytes_max), home_(home), beat_(beat) {}

  void run() override {
    std::array<iovec, 16> ranges;
    for (std::size_t used; (used = gather(ranges)) > 0;) {
      std::size_t bytes = 0;
      for (const auto& range : std::span{ranges}.first(used)) {
        hear({static_cast<const char*>(range.iov_base), range.iov_len});
        bytes += range.iov_len;
      }
      sent(bytes);
    }
  }

  /// Its audience is gone: clients come again.
  void too_slow() override { is_lost_ = true; }

  [[nodiscard]] bool take_lost() { return std::exchange(is_lost_, false); }

private:
  /// A range holds whole frames, or a frame's whole payload.
  void hear(std::string_view bytes) {
    if (beat_ != nullptr && bytes.find(song) != std::string_view::npos)
      beat_->is_back(home_.now());
  }

  loop& home_;
  pulse* beat_;
  bool is_lost_ = false;
};

canary::canary(handle::pointer self, loop& home, context_ptr context, role is,
               pulse& beat)
  : self_(self),
    home_(home),
    context_(std::move(context)),
    role_(is),
    beat_(beat),
    key_{room_space::protocol,
         std::string{own_room_mark} + "canary" + of_node(*context_)},
    ear_(std::make_shared<ear>(home, is == role::listener ? &beat : nullptr)) {
  tick();
}

canary::~canary() = default;

std::string_view canary::label() const {
  return role_ == role::speaker ? "speaker" : "listener";
}

canary::handle::behavior_type canary::make_behavior() {
  return {
      [](const inbound&) {},
      [](const socket_closed&) {},
      [this](deadline_reached) { tick(); },
      [](drain) {},
      [](displaced) {},
      [this](const room_entered& msg) { on_entered(msg); },
      [this](const room_exited&) { room_.reset(); },
      [](const request_done&) {},
      [](const request_refused&) {}, // The next tick asks again.
  };
}

void canary::recover() {
  room_.reset();
  tick();
}

/// By mail: a timer runs outside of its actor.
void canary::tick() {
  if (ear_->take_lost())
    room_.reset();
  if (!room_)
    join();
  else if (role_ == role::speaker)
    speak();
  auto pause = context_->config.health.canary_interval;
  if (!beat_.took() && ++ticks_ < first_ticks_max)
    pause = std::min(pause, first_pause);
  home_.timers().at(home_.now() + pause, tick_, [this] {
    caf::anon_send(handle{self_}, deadline_reached{});
  });
}

/// What the last one asked for may have been lost with its room. And where the
/// way into the room is blocked, nothing comes back either.
void canary::join() {
  if (role_ == role::speaker)
    beat_.goes_out(home_.now());
  newcomer who;
  who.id = self_->id();
  who.connection = handle{self_};
  who.out = ear_;
  who.loop = home_.index();
  who.lane.kind = lane_kind::json_no_presence;
  who.about.connection_id = "canary-" + std::string{label()};
  who.about.user_id = "canary";
  who.join = ++joins_;
  context_->keeper_of(key_).tell_from(
      home_, actors::join{key_, std::move(who), {}, {}});
}

void canary::speak() {
  beat_.goes_out(home_.now());
  posted what;
  what.user_id = "canary";
  what.body.said.bytes = song;
  what.stamped = home_.wall_now();
  room_->tell(publish{self_->id(),
                      {},
                      allowance::none,
                      std::make_shared<const room_event>(std::move(what))});
}

void canary::on_entered(const room_entered& msg) {
  // An answer to an earlier join is as good: it never leaves.
  room_ = msg.room.seen_from(home_);
}

} // namespace greenroom::actors
