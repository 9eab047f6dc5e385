#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

/// The client's half of RFC 6455: request text, masked frames, frame reader.
/// Written apart from core/ on purpose: a generator that shares code with what
/// it measures would share its mistakes, too.
namespace greenroom::bench {

enum class opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10
};

/// The sample nonce of RFC 6455 section 1.3: its answer is known, so the
/// handshake can be checked without a SHA-1.
inline constexpr std::string_view sample_key = "dGhlIHNhbXBsZSBub25jZQ==";
inline constexpr std::string_view sample_accept =
    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

inline std::string upgrade_request(std::string_view host,
                                   std::string_view target,
                                   std::string_view extra_headers) {
  std::string text;
  text.reserve(256 + target.size() + extra_headers.size());
  text.append("GET ").append(target).append(" HTTP/1.1\r\nHost: ");
  text.append(host).append("\r\nUpgrade: websocket\r\nConnection: Upgrade");
  text.append("\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
  text.append(sample_key).append("\r\n").append(extra_headers).append("\r\n");
  return text;
}

/// Masks, and unmasks. `key` holds the four bytes as they are on the wire.
inline void apply_mask(char* bytes, std::size_t size, std::uint32_t key) {
  const auto twice = (static_cast<std::uint64_t>(key) << 32) | key;
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes + i, 8);
    word ^= twice;
    std::memcpy(bytes + i, &word, 8);
  }
  for (; i < size; ++i)
    bytes[i] =
        static_cast<char>(bytes[i] ^ static_cast<char>(key >> (8 * (i & 3))));
}

inline constexpr std::size_t header_bytes_max = 14;

/// Writes the first bytes of a frame, up to where a mask key would follow, and
/// gives their number.
inline std::size_t write_header(char* into, opcode op, std::size_t size,
                                bool masked) {
  const char mask = static_cast<char>(masked ? 0x80 : 0);
  into[0] = static_cast<char>(0x80 | static_cast<int>(op));
  if (size < 126) {
    into[1] = static_cast<char>(mask | static_cast<char>(size));
    return 2;
  }
  const int length_bytes = size < 65'536 ? 2 : 8;
  into[1] = static_cast<char>(mask | (length_bytes == 2 ? 126 : 127));
  for (int i = 0; i < length_bytes; ++i)
    into[2 + i] = static_cast<char>(static_cast<std::uint64_t>(size)
                                    >> (8 * (length_bytes - 1 - i)));
  return 2 + static_cast<std::size_t>(length_bytes);
}

/// Appends one whole masked frame to `out`; `fill` writes its `size` bytes.
template <class FillPayload>
void append_frame(std::string& out, opcode op, std::size_t size,
                  std::uint32_t key, FillPayload fill) {
  char header[header_bytes_max];
  auto used = write_header(header, op, size, true);
  std::memcpy(header + used, &key, 4);
  used += 4;
  const auto at = out.size();
  out.resize(at + used + size);
  std::memcpy(out.data() + at, header, used);
  fill(out.data() + at + used);
  apply_mask(out.data() + at + used, size, key);
}

inline void append_frame(std::string& out, opcode op, std::string_view payload,
                         std::uint32_t key) {
  append_frame(out, op, payload.size(), key, [&](char* into) {
    std::memcpy(into, payload.data(), payload.size());
  });
}

struct frame_head {
  opcode op = opcode::continuation;
  bool reserved_bits = false;
  bool masked = false;
  std::size_t bytes = 0; ///< Of the header, mask key included.
  std::uint64_t payload = 0;
};

/// Reads a frame's header; false: more bytes are needed.
inline bool read_head(const char* data, std::size_t size, frame_head& head) {
  if (size < 2)
    return false;
  auto byte = [data](std::size_t i) {
    return static_cast<std::uint8_t>(data[i]);
  };
  head.op = static_cast<opcode>(byte(0) & 0x0f);
  head.reserved_bits = (byte(0) & 0x70) != 0;
  head.masked = (byte(1) & 0x80) != 0;
  head.payload = byte(1) & 0x7f;
  const std::size_t length_bytes = head.payload < 126    ? 0
                                   : head.payload == 126 ? 2
                                                         : 8;
  head.bytes = 2 + length_bytes + (head.masked ? 4 : 0);
  if (size < head.bytes)
    return false;
  if (length_bytes > 0)
    head.payload = 0;
  for (std::size_t i = 0; i < length_bytes; ++i)
    head.payload = head.payload << 8 | byte(2 + i);
  return true;
}

} // namespace greenroom::bench
