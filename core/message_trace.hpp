#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace greenroom {

/// The trace that a message belongs to, as its client said [P-3.21], of one
/// whose client asked for it to be told.
struct message_trace {
  std::string parent; ///< A `traceparent` of W3C Trace Context, version 00.

  [[nodiscard]] std::string_view trace_id() const {
    return std::string_view{parent}.substr(3, 32);
  }
  [[nodiscard]] std::string_view span_id() const {
    return std::string_view{parent}.substr(36, 16);
  }
};

using message_trace_ptr = std::shared_ptr<const message_trace>;

/// Null where it is no `traceparent` (W3C Trace Context, section 3.2), or one
/// that is not sampled: that is no fault of the message's.
[[nodiscard]] message_trace_ptr sampled_trace(std::string_view traceparent);

} // namespace greenroom
