#pragma once

// The names under which JSON carries what it has no word for: see the table in
// core/protocol/transcode.cpp.

#include <cstdint>
#include <string_view>

namespace greenroom::protocol {

enum class tag : std::uint8_t { none, bin, ext, float_name, map };

[[nodiscard]] constexpr tag tag_named(std::string_view key) {
  return key == "$bin"     ? tag::bin
         : key == "$ext"   ? tag::ext
         : key == "$float" ? tag::float_name
         : key == "$map"   ? tag::map
                           : tag::none;
}

/// The extension type of a number that no other type of MessagePack can hold;
/// its bytes are the number's JSON text.
inline constexpr std::int8_t number_ext = 1;

} // namespace greenroom::protocol
