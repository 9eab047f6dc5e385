#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/loop_counters.hpp"
#include "core/message_trace.hpp"

namespace greenroom {

/// One of the messages whose way through a node is looked at: how long it has
/// taken to each stage is counted, or told (`message.traced`), or both. Copies
/// look at the same one.
class message_watch {
public:
  using clock = std::chrono::steady_clock;

  /// Nothing is looked at.
  message_watch() = default;

  /// One that this node read from its client then. `counts`: it is one of those
  /// whose times are counted: clients that ask for traces do not weigh more
  /// than others. `trace` is null, or `room` is told with it.
  explicit message_watch(clock::time_point read_at, bool counts = true,
                         const message_trace_ptr& trace = nullptr,
                         std::string room = {})
    : message_watch(looked_at{read_at, trace, std::move(room), counts}) {}

  /// One that a peer has sent, which has counted it; `age` by the clocks of
  /// both.
  static message_watch heard(const message_trace_ptr& trace, std::string room,
                             std::chrono::milliseconds age);

  explicit operator bool() const { return of_ != nullptr; }

  /// It is one that is looked at.
  void reached(message_stage stage) const {
    auto took = clock::now() - of_->since;
    if (of_->counts)
      counted().of(stage).observe(took);
    if (of_->trace)
      tell(stage, took);
  }

private:
  struct looked_at {
    clock::time_point since;
    message_trace_ptr trace;
    std::string room;
    bool counts = true;
  };

  explicit message_watch(looked_at what)
    : of_(std::make_shared<const looked_at>(std::move(what))) {}

  void tell(message_stage stage, clock::duration took) const;

  std::shared_ptr<const looked_at> of_; ///< Small where nothing is.
};

using message_watches = std::vector<message_watch>;

} // namespace greenroom
