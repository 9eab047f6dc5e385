#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <vector>

#include "core/loop_counters.hpp"
#include "core/protocol/close_code.hpp"
#include "core/run_once.hpp"
#include "core/segment.hpp"
#include "core/slice_queue.hpp"

namespace greenroom {

class outbox;

/// A stream of whole frames that an outbox draws from when it can send: a
/// member's cursor in its room's lane.
class source {
public:
  virtual ~source() = default;

  /// Comes before `gather`: the one moment to push a frame that has to go ahead
  /// of what is gathered.
  virtual void prepare() = 0;

  /// Names what is to be sent next, in `into`; gives how many entries it used.
  /// The bytes stay where they are until `sent` has been told of them.
  virtual std::size_t gather(std::span<iovec> into) = 0;

  /// The next `bytes` of what was gathered are sent. Where that cuts a frame,
  /// gives the frame's rest and counts it as sent: the outbox takes it over.
  virtual slice sent(std::size_t bytes) = 0;

  [[nodiscard]] virtual bool drained() const = 0;

  /// How many frames it has to send now.
  [[nodiscard]] virtual std::size_t frames() const = 0;

  /// Moves what it has into the outbox and gives nothing more.
  virtual void finish() = 0;

  /// The socket takes no more for now, and this has bytes left.
  virtual void blocked() = 0;
};

/// What waits to be sent to one connection: frames of its own (answers, pongs,
/// closes), which go first, then what its rooms' sources have. Everything is
/// whole frames in order, so its own and ready made ones never
/// interleave. Holds references and cursors, no copies. Its loop's thread only.
class outbox : public run_once {
public:
  /// `sends` is the queue of the loop's turn: whoever adds bytes adds the
  /// outbox there, so that one turn is one system call.
  outbox(run_once_queue& sends, std::size_t bytes_max)
    : sends_(sends), bytes_max_(bytes_max) {}

  ~outbox() override = default;

  /// A frame for this connection alone. Over the limit the connection is ended
  /// by `too_slow`; after `seal` or `shut` it is dropped.
  void push(slice frame);

  /// The same of what a source had to send and was counted for.
  void pass_on(slice frame);

  /// A frame of the WebSocket layer itself (handshake, pong, close): nothing
  /// but the loss of the socket keeps it out.
  void push_transport(slice frame);

  /// What waits is still sent, in order, and nothing but `push_transport` comes
  /// behind it: a close frame ends the conversation.
  void seal();

  /// What comes from now on waits: an answer is to go ahead of it that is not
  /// yet known. Frames of the WebSocket layer do not wait.
  void hold() { held_ = true; }

  /// The answer: what waits may follow it. Without `hold` before it is a
  /// `push`.
  void release(std::vector<slice> first);

  /// The source has bytes to send. It stays marked until it is drained.
  void mark(source& from);

  /// The source must not be asked any more (its member left, or its room died).
  void forget(source& from);

  /// Whether it still takes frames from sources: not once it closes.
  [[nodiscard]] bool takes() const { return !cut_ && !sealed_ && !shut_; }

  /// Whether there is nothing that could be sent now.
  [[nodiscard]] bool empty() const {
    return own_.empty() && (held_ || ready_.empty());
  }

  /// What its own frames hold: many small ones cost more than their bytes.
  [[nodiscard]] std::size_t own_bytes() const {
    return own_bytes_ + (own_.size() + waiting_.size()) * frame_overhead;
  }
  [[nodiscard]] std::size_t bytes_max() const { return bytes_max_; }

  /// The socket is full: nothing is sent until it is writable again.
  [[nodiscard]] bool is_blocked() const { return blocked_; }

  /// Sources have to wait: what they have is not sent in this turn.
  [[nodiscard]] bool stops_sources() const { return blocked_ || held_; }

  /// What a slow member's room asks for under the policy `close`: 4008.
  virtual void too_slow() = 0;

protected:
  /// Names what is to be sent next. Gives how many entries it used.
  std::size_t gather(std::span<iovec> into);

  /// How many frames wait to be sent.
  [[nodiscard]] std::size_t frames() const;

  /// The first `bytes` of what was last gathered went out.
  void sent(std::size_t bytes);

  /// The socket took less than it was given.
  void set_blocked(bool on);

  /// Drops all that waits, but for the rest of a frame that has begun, and
  /// takes nothing from sources any more: a close frame can follow.
  void cut();

  /// Takes and keeps nothing any more: the socket is gone.
  void shut();

private:
  /// A segment's header, the allocator's, and the place in the queue.
  static constexpr std::size_t frame_overhead = 64;

  struct drawn {
    source* from;
    std::size_t bytes;
  };

  void queue(slice frame);
  void too_much();

  run_once_queue& sends_;
  slice_queue own_;
  std::vector<slice> waiting_; ///< While it is held.
  std::vector<source*> ready_;
  std::vector<drawn> drawn_; ///< What `gather` took from whom.
  counted_bytes<memory_kind::outboxes> own_bytes_;
  std::size_t bytes_max_;
  bool cut_in_frame_ = false; ///< `own_.front()` is the rest of a frame.
  bool blocked_ = false;
  bool cut_ = false;
  bool sealed_ = false;
  bool shut_ = false;
  bool held_ = false;
};

} // namespace greenroom
