#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/segment.hpp"

namespace greenroom {

/// The writing end of one byte stream of a room: whole frames, one behind the
/// other, in segments that all loops share. The room's thread only.
class lane_writer {
public:
  /// Appends one frame, given in parts (header, payload). The slice stays valid
  /// and unchanged for whoever keeps it.
  [[nodiscard]] slice append(std::string_view header, std::string_view payload);

private:
  /// A busy lane grows its segments, an idle one costs nothing.
  static constexpr std::uint32_t capacity_first = 2 * 1024;
  static constexpr std::uint32_t capacity_most = 128 * 1024;

  void make_room(std::uint32_t bytes);

  segment_ptr current_;
  std::uint32_t next_capacity_ = capacity_first;
};

/// The reading end on one loop: what of the stream some member there still has
/// to get. Positions count bytes since this end was made. One thread.
class lane {
public:
  using position = std::uint64_t;

  /// A range of log offsets; `first` 0: none.
  struct offsets {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };

  /// One more frame. `offset` is its place in the log, 0 for none.
  void extend(const slice& frame, std::uint64_t offset);

  /// Where the next frame will begin.
  [[nodiscard]] position head() const { return head_; }

  /// Where the oldest kept byte is.
  [[nodiscard]] position tail() const { return tail_; }

  /// Names the bytes from `from` to `to`, as far as `into` has room. Gives the
  /// number of entries used. `from` is not before `tail()`.
  std::size_t gather(position from, position to, std::span<iovec> into) const;

  /// The end of the frame that holds the byte before `at`: `at` itself where it
  /// is a border.
  [[nodiscard]] position frame_end(position at) const;

  /// A share of the bytes from `from` to `to`, which lie in one frame.
  [[nodiscard]] slice share(position from, position to) const;

  /// Which log offsets the frames between two borders have.
  [[nodiscard]] offsets offsets_between(position from, position to) const;

  [[nodiscard]] std::size_t frames_between(position from, position to) const;

  /// Forgets what lies before `keep_from`.
  void trim(position keep_from);

private:
  struct piece {
    slice bytes; ///< Contiguous frames.
    position begin;
  };
  struct border {
    position end;         ///< Of one frame.
    std::uint64_t offset; ///< Of that frame in the log, or 0.
  };

  [[nodiscard]] std::size_t piece_at(position at) const;
  [[nodiscard]] std::size_t border_after(position at) const;

  std::vector<piece> pieces_;
  std::vector<border> borders_;
  std::size_t first_piece_ = 0;  ///< Those before are trimmed.
  std::size_t first_border_ = 0; ///< Likewise.
  position head_ = 0;
  position tail_ = 0;
};

} // namespace greenroom
