#pragma once

// Writes the elements that cluster/envelope_fields.hpp reads.

#include <cstdint>
#include <string>
#include <string_view>

#include <msgpack.hpp>

namespace greenroom::cluster {

/// Appends to a string, as msgpack-c wants it.
struct string_sink {
  std::string& out;

  void write(const char* bytes, std::size_t size) { out.append(bytes, size); }
};

using packer = msgpack::packer<string_sink>;

inline void put_text(packer& to, std::string_view text) {
  auto size = static_cast<std::uint32_t>(text.size());
  to.pack_str(size).pack_str_body(text.data(), size);
}

inline void put_bytes(packer& to, std::string_view bytes) {
  auto size = static_cast<std::uint32_t>(bytes.size());
  to.pack_bin(size).pack_bin_body(bytes.data(), size);
}

} // namespace greenroom::cluster
