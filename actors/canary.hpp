#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "actors/context.hpp"
#include "actors/interfaces.hpp"
#include "core/pulse.hpp"
#include "core/timer_queue.hpp"

namespace greenroom::actors {

/// A member without a client, in a room that no client can name: says something
/// there every `health.canary-interval`, or hears it. So the node knows whether
/// a message of a client's would go its whole way: through the room, its store
/// and, where that is Redis, the cluster, and into an outbox.
///
/// One of the two roles each; the node has one of both, on its first and its
/// last loop.
class canary {
public:
  using handle = connection_actor;

  static constexpr const char* name = "canary";

  enum class role : std::uint8_t { speaker, listener };

  /// `beat` is the way of the messages, of both; it outlives them.
  canary(handle::pointer self, loop& home, context_ptr context, role is,
         pulse& beat);
  ~canary();

  handle::behavior_type make_behavior();
  [[nodiscard]] std::string_view label() const;
  void recover();

private:
  class ear;

  void join();
  void tick();
  void speak();
  void on_entered(const room_entered& msg);

  handle::pointer self_;
  loop& home_;
  context_ptr context_;
  role role_;
  pulse& beat_;
  room_key key_;
  std::shared_ptr<ear> ear_;
  std::optional<neighbour<room_actor, publish>> room_; ///< While in it.
  std::uint32_t joins_ = 0;
  std::uint32_t ticks_ = 0;
  timer_queue::timer tick_;
};

} // namespace greenroom::actors
