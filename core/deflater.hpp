#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/deflate_terms.hpp"

namespace greenroom::ws {

/// Compresses messages, each alone, as RFC 7692 section 7.2.1 asks: whoever
/// agreed on a window as large as the one used can read the result, so one
/// serves for many. One for each loop: holds up to 270 KiB for each window size
/// in use. One thread.
class deflater {
public:
  /// Longer messages are left alone: compressing one would keep the loop from
  /// its other work for tens of milliseconds.
  static constexpr std::size_t message_bytes_max = 1024 * 1024;

  /// `level` as zlib's: 1, the fastest, to 9.
  explicit deflater(int level);
  ~deflater();

  deflater(const deflater&) = delete;
  deflater& operator=(const deflater&) = delete;

  /// The window that is enough for a message of `bytes`, and not larger than
  /// the agreed one: readers for whom it is the same share one result.
  [[nodiscard]] static std::uint8_t window_for(std::size_t bytes,
                                               std::uint8_t agreed_bits);

  /// The payload of the compressed frame, `window_bits` as `window_for` gives
  /// it. Empty where it would not be shorter than the message. Valid until the
  /// next call.
  [[nodiscard]] std::string_view deflate(std::string_view message,
                                         std::uint8_t window_bits);

  /// How often `deflate` was called.
  [[nodiscard]] std::uint64_t calls() const { return calls_; }

private:
  struct stream;

  stream& stream_of(std::uint8_t window_bits);

  int level_;
  std::uint64_t calls_ = 0;
  std::array<std::unique_ptr<stream>, window_bits_max - window_bits_min + 1>
      streams_; ///< By window; null: not used yet.
  std::string out_;
};

} // namespace greenroom::ws
