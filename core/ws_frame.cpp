#include "core/ws_frame.hpp"

namespace greenroom::ws {

namespace {

/// The lengths at which the header grows, RFC 6455 section 5.2.
constexpr std::size_t short_max = 125;
constexpr std::size_t medium_max = 65'535;

std::size_t write_big_endian(char* to, std::uint64_t n, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i)
    to[i] = static_cast<char>(n >> (8 * (bytes - 1 - i)));
  return bytes;
}

} // namespace

std::size_t write_header(char* to, opcode kind, std::size_t payload_bytes,
                         bool deflated) {
  constexpr int fin = 0x80;
  to[0] =
      static_cast<char>(fin | (deflated ? rsv1 : 0) | static_cast<int>(kind));
  if (payload_bytes <= short_max) {
    to[1] = static_cast<char>(payload_bytes);
    return 2;
  }
  if (payload_bytes <= medium_max) {
    to[1] = 126;
    return 2 + write_big_endian(to + 2, payload_bytes, 2);
  }
  to[1] = 127;
  return 2 + write_big_endian(to + 2, payload_bytes, 8);
}

slice make_frame(opcode kind, std::string_view payload) {
  char header[header_bytes_max];
  auto header_bytes = write_header(header, kind, payload.size());
  auto total = static_cast<std::uint32_t>(header_bytes + payload.size());
  auto to = segment::make(total);
  to->append({header, header_bytes});
  if (!payload.empty()) // An empty view may point nowhere.
    to->append(payload);
  return {std::move(to), 0, total};
}

} // namespace greenroom::ws
