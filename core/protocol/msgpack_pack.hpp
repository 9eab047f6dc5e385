#pragma once

// The packer of msgpack-c onto the end of a string. Only the narrow headers:
// the whole library costs seconds in every file.

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include <msgpack/pack.hpp>

namespace greenroom::protocol {

/// What msgpack-c calls a stream.
class string_stream {
public:
  explicit string_stream(std::string& out) : out_(out) {}

  void write(const char* bytes, std::size_t size) { out_.append(bytes, size); }

private:
  std::string& out_;
};

/// Packs one thing: `pack(out, [&](auto& to) { to.pack_nil(); })`.
template <class What>
void pack(std::string& out, What what) {
  string_stream stream{out};
  ::msgpack::packer<string_stream> to{stream};
  what(to);
}

inline void pack_text(std::string& out, std::string_view text) {
  pack(out, [size = static_cast<std::uint32_t>(text.size())](auto& to) {
    to.pack_str(size);
  });
  out += text;
}

/// As float64, always: `pack_double` of msgpack-c makes 1.0 the integer 1, and
/// -0.0 loses its sign.
inline void pack_real(std::string& out, double number) {
  auto bits = std::bit_cast<std::uint64_t>(number);
  out += '\xcb';
  for (int shift = 56; shift >= 0; shift -= 8)
    out += static_cast<char>(bits >> shift & 0xff);
}

} // namespace greenroom::protocol
