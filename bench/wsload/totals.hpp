#pragma once

#include <cstdint>

#include "bench/wsload/histogram.hpp"

namespace greenroom::bench {

/// What one thread counts; `in_window` means within the measured window.
struct totals {
  std::uint64_t sent = 0;
  std::uint64_t sent_in_window = 0;
  std::uint64_t expected = 0; ///< Deliveries owed for what was sent.
  std::uint64_t received = 0; ///< Each delivery once.
  std::uint64_t received_in_window = 0;
  std::uint64_t own = 0; ///< A sender's own messages that came back.
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t compressed = 0; ///< With --count-only.
  std::uint64_t other = 0;      ///< Frames without a stamp.
  std::uint64_t wrong_room = 0;
  std::uint64_t stale_run = 0; ///< Of an earlier run on the same server.
  std::uint64_t bytes_in_window = 0;
  std::uint64_t recv_calls_in_window = 0;
  std::uint64_t pings = 0; ///< The server's.
  std::uint64_t closed = 0;
  std::uint64_t failed = 0;
  std::uint64_t blocked_sends = 0;
  histogram latency, lag, handshake;

  void merge(const totals& o) {
    sent += o.sent;
    sent_in_window += o.sent_in_window;
    expected += o.expected;
    received += o.received;
    received_in_window += o.received_in_window;
    own += o.own;
    duplicated += o.duplicated;
    reordered += o.reordered;
    compressed += o.compressed;
    other += o.other;
    wrong_room += o.wrong_room;
    stale_run += o.stale_run;
    bytes_in_window += o.bytes_in_window;
    recv_calls_in_window += o.recv_calls_in_window;
    pings += o.pings;
    closed += o.closed;
    failed += o.failed;
    blocked_sends += o.blocked_sends;
    latency.merge(o.latency);
    lag.merge(o.lag);
    handshake.merge(o.handshake);
  }

  [[nodiscard]] std::uint64_t lost() const {
    return expected > received ? expected - received : 0;
  }
};

} // namespace greenroom::bench
