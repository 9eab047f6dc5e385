#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace greenroom {

/// What ids are made of: 32 signs, without the look-alikes i, l, o and u.
inline constexpr std::string_view id_characters =
    "0123456789abcdefghjkmnpqrstvwxyz";

/// An id that nobody can guess: `prefix` and so many of `id_characters`, five
/// bits each, from the system's random source. Any thread.
[[nodiscard]] std::string random_id(std::string_view prefix,
                                    std::size_t characters);

/// 64 random bits from the same source.
[[nodiscard]] std::uint64_t random_u64();

} // namespace greenroom
