#include "core/deflater.hpp"

#include <algorithm>
#include <cassert>
#include <new>

#include "core/zlib_bytes.hpp"

namespace greenroom::ws {

namespace {

/// zlib looks no further back than its window less this (its MIN_LOOKAHEAD).
constexpr std::size_t lookahead = 262;

/// The smallest window of zlib's raw streams.
constexpr int zlib_bits_min = 9;

/// What a sync flush ends with, and RFC 7692 section 7.2.1 takes off again.
constexpr std::size_t tail_bytes = 4;

/// Kept for the next message.
constexpr std::size_t out_bytes_kept = 64 * 1024;

} // namespace

struct deflater::stream {
  z_stream z{};

  stream(int level, std::uint8_t window_bits) {
    // A window of 256 bytes, which zlib does not have: runs of one byte look
    // back no further than it.
    bool tiny = window_bits < zlib_bits_min;
    int bits = std::max<int>(window_bits, zlib_bits_min);
    // Tables as large as a message of that window asks for: they are cleared
    // for each.
    int memory = std::clamp(bits - 6, 1, MAX_MEM_LEVEL - 1);
    if (deflateInit2(&z, level, Z_DEFLATED, -bits, memory,
                     tiny ? Z_RLE : Z_DEFAULT_STRATEGY)
        != Z_OK)
      throw std::bad_alloc{};
  }
  ~stream() { deflateEnd(&z); }

  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;
};

deflater::deflater(int level) : level_(level) {}

deflater::~deflater() = default;

std::uint8_t deflater::window_for(std::size_t bytes, std::uint8_t agreed_bits) {
  if (agreed_bits < zlib_bits_min)
    return agreed_bits;
  std::uint8_t bits = zlib_bits_min;
  while (bits < agreed_bits && (std::size_t{1} << bits) - lookahead < bytes)
    ++bits;
  return bits;
}

std::string_view deflater::deflate(std::string_view message,
                                   std::uint8_t window_bits) {
  assert(message.size() <= message_bytes_max);
  ++calls_;
  if (message.empty())
    return {};
  // No room for what would be no gain.
  auto room = message.size() - 1 + tail_bytes;
  if (out_.size() < room)
    out_.resize(room);
  else if (out_.size() > out_bytes_kept && room <= out_bytes_kept)
    std::string(out_bytes_kept, '\0').swap(out_);
  auto& z = stream_of(window_bits).z;
  deflateReset(&z);
  z.next_in = bytes_of(message.data());
  z.avail_in = static_cast<uInt>(message.size());
  z.next_out = bytes_of(out_.data());
  z.avail_out = static_cast<uInt>(room);
  ::deflate(&z, Z_SYNC_FLUSH);
  // A flush that had not room enough fills it to the last byte.
  if (z.avail_in > 0 || z.avail_out == 0)
    return {};
  return {out_.data(), room - z.avail_out - tail_bytes};
}

deflater::stream& deflater::stream_of(std::uint8_t window_bits) {
  assert(window_bits >= window_bits_min && window_bits <= window_bits_max);
  auto& found = streams_[window_bits - window_bits_min];
  if (!found)
    found = std::make_unique<stream>(level_, window_bits);
  return *found;
}

} // namespace greenroom::ws
