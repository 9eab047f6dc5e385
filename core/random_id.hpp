#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace greenroom {

/// An id that nobody can guess: `prefix` and `characters` of [0-9a-z], five
/// bits each, from the system's random source. Any thread.
[[nodiscard]] std::string random_id(std::string_view prefix,
                                    std::size_t characters);

/// 64 random bits from the same source.
[[nodiscard]] std::uint64_t random_u64();

} // namespace greenroom
