#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/lane.hpp"
#include "core/outbox.hpp"
#include "core/settings.hpp"

namespace greenroom {

/// Where one member stands in its room's lane: a slow member costs this, not a
/// queue. Its own frames lie in the lane too and are skipped. The cursor always
/// stands on a frame's border: of a frame that the socket cut, the outbox takes
/// over the rest. One loop's thread.
class cursor : public source {
public:
  using position = lane::position;

  /// What the cursor tells its audience, and asks of it.
  class owner {
  public:
    virtual ~owner() = default;

    /// This member keeps bytes of the lane alive from now on, or no longer.
    virtual void lagging(cursor& who, bool on) = 0;

    /// A slow member takes bytes again: what to tell it of what it was not sent
    /// (`missed.first` 0: nothing that was in the log). May be empty.
    virtual slice end_gap(cursor& who, lane::offsets missed) = 0;

    /// The member skipped so many bytes (policy `gap`): for log and counters.
    virtual void skipped(cursor& who, std::uint64_t bytes) = 0;
  };

  cursor(owner& audience, lane& of, outbox& out, slow_policy slow);
  ~cursor() override;

  cursor(const cursor&) = delete;
  cursor& operator=(const cursor&) = delete;

  /// The frame between the two positions is the member's own.
  void skip_own(position begin, position end);

  /// The lane has grown: the member gets its bytes at the end of the turn.
  void advance();

  [[nodiscard]] position at() const { return at_; }

  // -- source

  void prepare() override;
  std::size_t gather(std::span<iovec> into) override;
  slice sent(std::size_t bytes) override;
  [[nodiscard]] bool drained() const override;
  [[nodiscard]] std::size_t frames() const override {
    return lane_.frames_between(at_, lane_.head());
  }
  void finish() override;
  void blocked() override;

private:
  struct range {
    position begin;
    position end;
  };

  void check_lag();
  void begin_gap();
  void widen_gap();
  void end_gap();
  void move_to(position at);
  void set_lagging(bool on);
  void settle();
  [[nodiscard]] range next_run(position from) const;

  owner& audience_;
  lane& lane_;
  outbox& out_;
  position at_;
  std::vector<range> own_; ///< The member's own frames from `at_` on, in order.
  slow_policy slow_;
  bool lagging_ = false;
  bool in_gap_ = false;    ///< Skips everything until the socket takes bytes.
  lane::offsets missed_{}; ///< In this gap.

public:
  // The audience's bookkeeping: where it stands in the audience's tables.
  std::size_t row_slot = 0;
  std::size_t lag_slot = 0;
};

} // namespace greenroom
