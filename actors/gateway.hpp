#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "actors/context.hpp"
#include "actors/interfaces.hpp"
#include "actors/supervisor.hpp"
#include "core/rate_gate.hpp"

namespace greenroom::actors {

/// The connections of one loop: gives each client that has shaken hands its
/// actor, and tells them all when the node stops. Owned by the node.
class gateway {
public:
  using handle = gateway_actor;
  using at_once = client_arrived;

  static constexpr const char* name = "gateway";

  gateway(handle::pointer self, loop& home, context_ptr context);

  handle::behavior_type make_behavior();
  void failed(std::string_view why);

  bool take_at_once(client_arrived& msg);

  /// For its shell: whom it has taken in is all that it knows.
  void recover() {}
  [[nodiscard]] const supervisor& crew() const { return *crew_; }

private:
  void on_arrived(client_arrived& msg);
  void take_in(client_arrived& msg);
  void refuse(client_arrived& msg, protocol::close_code code);
  void on_drain(const drain& msg);

  handle::pointer self_;
  loop& home_;
  context_ptr context_;
  std::shared_ptr<supervisor>
      crew_; ///< Of its connections; outlives it with them.
  std::unordered_map<caf::actor_id, connection_actor> connections_;
  bool draining_ = false;
  rate_gate limited_told_{refusals_told_per_second};
};

} // namespace greenroom::actors
