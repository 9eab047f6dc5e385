#include "actors/gateway.hpp"

#include <algorithm>

#include "actors/connection.hpp"
#include "actors/loop_crew.hpp"
#include "actors/pinned.hpp"
#include "actors/placement.hpp"
#include "core/events.hpp"
#include "core/fault_point.hpp"

namespace greenroom::actors {

gateway::gateway(handle::pointer self, loop& home, context_ptr context)
  : self_(self),
    home_(home),
    context_(std::move(context)),
    crew_(supervisor_of_many("connections", self->id(), self->id(), home)) {
  crew_->take_in_crowd(restart_when::never);
}

gateway::handle::behavior_type gateway::make_behavior() {
  self_->set_down_handler([this](const caf::down_msg& msg) {
    if (connections_.erase(msg.source.id()) > 0)
      --context_->connections;
  });
  return {
      [this](client_arrived& msg) { on_arrived(msg); },
      [this](const drain& msg) { on_drain(msg); },
  };
}

void gateway::failed(std::string_view why) {
  log::emit(events::actor_failed, {{"who", name}, {"reason", why}});
}

bool gateway::take_at_once(client_arrived& msg) {
  on_arrived(msg);
  return true;
}

void gateway::on_arrived(client_arrived& msg) {
  fault_point("gateway.arrived",
              [&] { return std::string_view{msg.hello.peer}; });
  if (draining_) {
    refuse(msg, protocol::close_code::going_away);
    return;
  }
  if (context_->connections.fetch_add(1) >= context_->config.net.connections) {
    --context_->connections;
    counted().of(reached_limit::connections).add();
    if (limited_told_.opens(home_.now()))
      log::emit(events::connection_limited,
                {{"connection", msg.hello.peer}, {"limit", "net.connections"}});
    refuse(msg, protocol::close_code::try_later);
    return;
  }
  try {
    take_in(msg);
  } catch (...) { // Nobody took the place.
    --context_->connections;
    throw;
  }
}

void gateway::take_in(client_arrived& msg) {
  fault_point("gateway.spawn",
              [&] { return std::string_view{msg.hello.peer}; });
  auto client = spawn_supervised<connection>(
      home_, crew_, context_, std::move(msg.client), std::move(msg.hello));
  self_->monitor(client);
  connections_.emplace(client.id(), std::move(client));
}

void gateway::refuse(client_arrived& msg, protocol::close_code code) {
  unplace(*context_, msg.hello, home_.index());
  msg.client->close(code, reason(code));
}

/// `after` is how long it may take for all of this loop.
void gateway::on_drain(const drain& msg) {
  draining_ = true;
  if (!msg.after) {
    for (const auto& [id, client] : connections_)
      self_->send(client, drain{});
    return;
  }
  // Each loop has its share of the rate.
  const auto& rate = context_->config.drain.rate;
  auto loops = static_cast<double>(context_->loops.size());
  auto pause = std::min(
      1000.0 * loops / static_cast<double>(rate),
      static_cast<double>(msg.after->count())
          / static_cast<double>(std::max<std::size_t>(connections_.size(), 1)));
  std::size_t place = 0;
  for (const auto& [id, client] : connections_)
    self_->send(client, drain{milliseconds{static_cast<std::int64_t>(
                            pause * static_cast<double>(place++))}});
}

} // namespace greenroom::actors
