#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace greenroom::cluster {

/// The slots of a Redis Cluster.
inline constexpr std::size_t hash_slots = 16'384;

/// The slot of a key or sharded channel: by what stands in its first braces, if
/// anything does, else by all of it (Redis Cluster specification, "Hash tags").
[[nodiscard]] std::uint16_t hash_slot(std::string_view name);

/// The slot of every name whose first braces begin before `tag`, which is not
/// empty and does not begin with `}`.
[[nodiscard]] std::uint16_t hash_slot_of_tag(std::string_view tag);

} // namespace greenroom::cluster
