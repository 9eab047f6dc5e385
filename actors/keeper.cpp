#include "actors/keeper.hpp"

#include <algorithm>

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include "actors/loop_crew.hpp"
#include "actors/pinned.hpp"
#include "actors/room.hpp"
#include "core/events.hpp"
#include "core/fault_point.hpp"

namespace greenroom::actors {

namespace {

/// When a client whose room could not be opened may try again.
constexpr milliseconds retry_after{1'000};

} // namespace

keeper::keeper(handle::pointer self, loop& home, context_ptr context)
  : self_(self),
    home_(home),
    context_(std::move(context)),
    crew_(supervisor_of_many("rooms", self->id(), self->id(), home)) {}

keeper::~keeper() {
  for (auto& [key, at] : rooms_)
    caf::anon_send_exit(at.room, caf::exit_reason::user_shutdown);
  context_->rooms -= static_cast<std::uint32_t>(std::ranges::count_if(
      rooms_, [](const auto& each) { return !each.first.is_own(); }));
}

keeper::handle::behavior_type keeper::make_behavior() {
  self_->set_down_handler(
      [this](const caf::down_msg& msg) { on_dead(msg.source); });
  return {
      [this](join& msg) { on_join(msg); },
      [this](withdraw& msg) { on_withdraw(msg); },
      [this](const emptied& msg) { on_emptied(msg); },
      [this](const retire& msg) { on_retire(msg); },
  };
}

void keeper::failed(std::string_view why) {
  log::emit(events::actor_failed, {{"who", name}, {"reason", why}});
}

bool keeper::take_at_once(join& msg) {
  on_join(msg);
  return true;
}

void keeper::on_join(join& msg) {
  fault_point("keeper.join", [&] { return std::string_view{msg.room.id}; });
  auto* at = open(msg.room);
  if (at == nullptr) {
    refuse(msg);
    return;
  }
  ++at->joins;
  set_busy(*at);
  self_->send(at->room, std::move(msg));
}

/// A room that is not there any more has nobody who waits.
void keeper::on_withdraw(withdraw& msg) {
  if (auto found = rooms_.find(msg.room); found != rooms_.end())
    self_->send(found->second.room, std::move(msg.what));
}

keeper::entry* keeper::open(const room_key& key) {
  if (auto found = rooms_.find(key); found != rooms_.end())
    return &found->second;
  if (!key.is_own() && !take_place()) {
    counted().of(reached_limit::rooms).add();
    if (refusals_told_.opens(home_.now()))
      log::emit(events::room_refused,
                {{"room", key.id}, {"reason", "limits.rooms"}});
    return nullptr;
  }
  try {
    fault_point("keeper.spawn", [&] { return std::string_view{key.id}; });
    auto room = spawn_supervised<actors::room>(home_, crew_, key,
                                               keeper_actor{self_}, context_);
    self_->monitor(room);
    return &rooms_.emplace(key, entry{std::move(room), 0, {}}).first->second;
  } catch (...) { // Nobody took the place.
    if (!key.is_own())
      --context_->rooms;
    throw;
  }
}

void keeper::refuse(const join& msg) {
  protocol::error busy{protocol::error_code::unavailable,
                       "the node has as many rooms as it may have", msg.id,
                       msg.room.id, retry_after.count()};
  self_->send(msg.who.connection,
              request_refused{std::move(busy), msg.room, msg.who.join,
                              allowance::none});
}

bool keeper::take_place() {
  bool full = context_->rooms.fetch_add(1) >= context_->config.limits.rooms;
  if (!full || make_place())
    return true;
  --context_->rooms;
  return false;
}

/// Ends the room that has been empty for longest; only what lingers goes.
bool keeper::make_place() {
  if (idle_.empty())
    return false;
  end(rooms_.find(idle_.front()));
  return true;
}

void keeper::on_emptied(const emptied& msg) {
  auto found = find_unjoined(msg.key, msg.room, msg.joins_seen);
  if (found != rooms_.end() && !found->second.idle)
    found->second.idle = idle_.insert(idle_.end(), msg.key);
}

void keeper::on_retire(const retire& msg) {
  auto found = find_unjoined(msg.key, msg.room, msg.joins_seen);
  if (found != rooms_.end())
    end(found);
}

/// The room that says so, unless a newcomer is on the way to it, or another
/// room has its key by now.
keeper::table::iterator keeper::find_unjoined(const room_key& key,
                                              caf::actor_id room,
                                              std::uint64_t joins_seen) {
  auto found = rooms_.find(key);
  bool fits = found != rooms_.end() && found->second.room.id() == room
              && found->second.joins == joins_seen;
  return fits ? found : rooms_.end();
}

void keeper::on_dead(const caf::actor_addr& who) {
  auto found = std::find_if(rooms_.begin(), rooms_.end(), [&](auto& candidate) {
    return candidate.second.room.address() == who;
  });
  if (found != rooms_.end())
    forget(found);
}

void keeper::end(table::iterator at) {
  self_->demonitor(at->second.room.address());
  self_->send_exit(at->second.room, caf::exit_reason::user_shutdown);
  forget(at);
}

void keeper::forget(table::iterator at) {
  set_busy(at->second);
  if (!at->first.is_own())
    --context_->rooms;
  rooms_.erase(at);
}

void keeper::set_busy(entry& at) {
  if (at.idle)
    idle_.erase(*at.idle);
  at.idle.reset();
}

} // namespace greenroom::actors
