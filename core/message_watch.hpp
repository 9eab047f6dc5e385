#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
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

  /// One that this node read from its client then. `trace` is null, or `room`
  /// is told with it.
  explicit message_watch(clock::time_point read_at,
                         const message_trace_ptr& trace = nullptr,
                         std::string room = {})
    : since_(read_at), traced_(trace_of(trace, std::move(room))) {}

  /// One that a peer has sent; `age` by the clocks of both.
  static message_watch heard(const message_trace_ptr& trace, std::string room,
                             std::chrono::milliseconds age);

  explicit operator bool() const { return since_ != clock::time_point{}; }

  void reached(message_stage stage) const {
    auto took = clock::now() - since_;
    if (counts_)
      counted().of(stage).observe(took);
    if (traced_)
      tell(stage, took);
  }

private:
  struct traced {
    message_trace_ptr as;
    std::string room;
  };

  static std::shared_ptr<const traced> trace_of(const message_trace_ptr& trace,
                                                std::string room) {
    return trace
               ? std::make_shared<const traced>(traced{trace, std::move(room)})
               : nullptr;
  }

  void tell(message_stage stage, clock::duration took) const;

  clock::time_point since_{};
  std::shared_ptr<const traced> traced_;
  bool counts_ = true; ///< Peers have counted theirs.
};

using message_watches = std::vector<message_watch>;

} // namespace greenroom
