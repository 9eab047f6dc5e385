#pragma once

#include <cstdint>
#include <span>

#include "core/outbox.hpp"

namespace greenroom {

/// Where one member stands in its room's state: the version that it has seen.
/// When its socket takes bytes, it is told what is newer, in one frame; what
/// was overwritten meanwhile it never hears of [P-4.6]. One loop's thread.
class state_cursor final : public source {
public:
  /// What there is to be told, behind a version.
  class board {
  public:
    virtual ~board() = default;
    [[nodiscard]] virtual std::uint64_t version() const = 0;
    /// One frame with all that is newer than `seen`, which something is.
    [[nodiscard]] virtual slice news_since(std::uint64_t seen) = 0;
  };

  /// `out` outlives it.
  state_cursor(board& of, outbox& out, std::uint64_t seen)
    : board_(of), out_(out), seen_(seen) {}

  ~state_cursor() override { out_.forget(*this); }

  state_cursor(const state_cursor&) = delete;
  state_cursor& operator=(const state_cursor&) = delete;

  /// The board has changed.
  void advance() {
    if (seen_ < board_.version())
      out_.mark(*this);
  }

  /// It was told of this elsewhere.
  void has_seen(std::uint64_t version) {
    if (seen_ < version)
      seen_ = version;
  }

  void prepare() override {
    if (seen_ >= board_.version())
      return;
    auto frame = board_.news_since(seen_);
    seen_ = board_.version();
    out_.push(std::move(frame));
  }

  // What it says is the outbox's own frame.
  std::size_t gather(std::span<iovec>) override { return 0; }
  slice sent(std::size_t) override { return {}; }
  [[nodiscard]] bool drained() const override {
    return seen_ >= board_.version();
  }
  [[nodiscard]] std::size_t frames() const override { return 0; }
  void finish() override {
    prepare();
    out_.forget(*this);
  }
  void blocked() override {}

private:
  board& board_;
  outbox& out_;
  std::uint64_t seen_;
};

} // namespace greenroom
