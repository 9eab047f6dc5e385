#pragma once

// What the threads of loops count. core/metrics.hpp says what each is to those
// who read it.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "core/counter.hpp"
#include "core/recent_peak.hpp"

namespace greenroom {

/// How a connection ended, by its close code.
enum class close_class : std::uint8_t {
  normal,      ///< 1000, 1001, and 1005: no code.
  lost,        ///< 1006: no close frame came.
  protocol,    ///< What breaks RFC 6455, or is too big.
  internal,    ///< 1011
  busy,        ///< 1012, 1013
  application, ///< 4000 and above.
};
inline constexpr std::size_t close_class_count = 6;

[[nodiscard]] constexpr close_class class_of(std::uint16_t code) {
  switch (code) {
  case 1000:
  case 1001:
  case 1005:
    return close_class::normal;
  case 1006:
    return close_class::lost;
  case 1011:
    return close_class::internal;
  case 1012:
  case 1013:
    return close_class::busy;
  default:
    return code < 3000 ? close_class::protocol : close_class::application;
  }
}

/// A limit that was reached, by the setting that gives it.
enum class reached_limit : std::uint8_t {
  connections,
  rooms,
  room_members,
  messages_per_second,
  message_bytes,
  unsent_bytes,
  room_mailbox,
};
inline constexpr std::size_t limit_count = 7;

/// How far a message has come since its node read it.
enum class message_stage : std::uint8_t {
  accepted,  ///< Its connection gave it to the room.
  sequenced, ///< The room's log has given it its place.
  bus,       ///< It was handed to the bus.
  fan_out,   ///< The members of a loop have been marked.
  written,   ///< Their sockets have been given it.
};
inline constexpr std::size_t stage_count = 5;

/// Where in a node memory is, as far as that can be told by adding up.
enum class memory_kind : std::uint8_t {
  frames,
  outboxes,
  logs,
  remembered,
  state
};
inline constexpr std::size_t memory_kind_count = 5;

/// Whom supervision looks after, as their kinds are in the log. The last one
/// stands for all that are not here.
inline constexpr std::string_view actor_kinds[] = {
    "loop",     "keeper",     "gateway", "room",
    "audience", "connection", "cluster", "other"};
inline constexpr std::size_t actor_kind_count = std::size(actor_kinds);

/// What became of the actors of one kind.
struct actor_counters {
  counter crashes;
  counter restarts;
  counter escalations;
  counter slow_messages;
  recent_peak mailbox; ///< Where it is gauged.
};

/// The types of requests, as in `protocol::request`, and raw frames.
inline constexpr std::size_t request_type_count = 11;
inline constexpr std::size_t raw_frame = 10;

/// Each loop has its own, so that a number has one thread that writes it.
struct alignas(64) loop_counters {
  // -- connections
  counter opened;
  std::array<counter, close_class_count> closed;
  counter auth_failures;
  counter admin_refusals;
  counter streams_refused; ///< Pages that wanted to watch, beyond a limit …
  counter streams_cut;     ///< … and those that did not read.
  std::array<counter, limit_count> limits_hit;

  // -- messages
  std::array<counter, request_type_count> requests;
  counter bad_requests;
  counter deliveries;  ///< By lanes.
  counter handed_over; ///< Likewise, to single members: own frames, too.
  counter own_frames;  ///< To one connection alone.
  counter bytes_in;
  counter bytes_out;
  counter flushes;
  bucket_counter<bounds::of_flush>
      flush_messages; ///< Of one in `sampled_one_in`.
  counter skipped_bytes;
  std::array<time_counter, stage_count> latency; ///< Likewise, of messages.

  // -- rooms
  counter members; ///< Those who came, less those who went.
  counter log_repairs;
  counter log_turns;

  // -- actors
  std::array<actor_counters, actor_kind_count> actors;

  // -- bus, on the first loop
  time_counter bus_echo;

  // -- the loop itself
  time_counter turn_time;
  time_counter lag;

  std::array<counter, memory_kind_count> bytes; ///< What came, less what went.

  counter& of(memory_kind what) {
    return bytes[static_cast<std::size_t>(what)];
  }
  time_counter& of(message_stage what) {
    return latency[static_cast<std::size_t>(what)];
  }
  counter& of(reached_limit what) {
    return limits_hit[static_cast<std::size_t>(what)];
  }

  actor_counters& of_kind(std::string_view kind) {
    std::size_t at = 0;
    while (at + 1 < actor_kind_count && actor_kinds[at] != kind)
      ++at;
    return actors[at];
  }

  /// Whether this message is one of those that are looked at closely.
  [[nodiscard]] bool samples_message() {
    if (--until_message_ != 0)
      return false;
    until_message_ = sampled_one_in;
    return true;
  }

  /// Counts a flush; the same of it.
  [[nodiscard]] bool samples_flush() {
    flushes.add();
    return --until_flush_ == 0;
  }

  /// What there was to be sent in one that is sampled.
  void observe_flush(std::size_t messages) {
    until_flush_ = sampled_one_in;
    flush_messages.observe(messages);
  }

  static constexpr std::uint32_t sampled_one_in = 64;

private:
  std::uint32_t until_message_ = 1; ///< The first is.
  std::uint32_t until_flush_ = 1;
};

namespace counting {

/// What threads that are no loop count, which nobody reads.
inline loop_counters nowhere;

/// Those of the loop whose thread this is.
inline constinit thread_local loop_counters* mine = &nowhere;

} // namespace counting

/// Those of the loop whose thread this is.
[[nodiscard]] inline loop_counters& counted() {
  return *counting::mine;
}

/// While it lives, this thread counts there.
class counting_in {
public:
  explicit counting_in(loop_counters& there) : before_(counting::mine) {
    counting::mine = &there;
  }
  ~counting_in() { counting::mine = before_; }

  counting_in(const counting_in&) = delete;
  counting_in& operator=(const counting_in&) = delete;

private:
  loop_counters* before_;
};

/// A number of bytes that adds to what is counted of its kind for as long as it
/// lives.
template <memory_kind Kind>
class counted_bytes {
public:
  counted_bytes() = default;
  counted_bytes(const counted_bytes&) = delete;
  counted_bytes& operator=(const counted_bytes&) = delete;
  ~counted_bytes() { *this = 0; }

  counted_bytes& operator=(std::size_t now) {
    if (now == bytes_)
      return *this;
    counted().of(Kind).add(now - bytes_); // Also downwards.
    bytes_ = now;
    return *this;
  }
  counted_bytes& operator+=(std::size_t by) { return *this = bytes_ + by; }
  counted_bytes& operator-=(std::size_t by) { return *this = bytes_ - by; }

  operator std::size_t() const { return bytes_; }

private:
  std::size_t bytes_ = 0;
};

} // namespace greenroom
