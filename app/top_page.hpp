#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "actors/loop.hpp"
#include "app/node_counts.hpp"

namespace greenroom::app {

struct tops {
  struct row {
    std::string name;
    std::uint64_t count = 0; ///< Messages, or bytes that were not sent.
    std::uint64_t error = 0; ///< It may be so many too large.
    double per_second = 0;
  };

  std::vector<row> rooms;   ///< The busiest first, `top_lists::list::places`.
  std::vector<row> members; ///< Likewise, the slowest.
  double seconds = 0;       ///< The longest of the loops' parts.
};

[[nodiscard]] tops tops_of(const std::vector<actors::loop*>& loops,
                           steady_time now);

/// Of each list, so many are told where not all can be.
inline constexpr std::size_t tops_told = 10;

/// What is said in tenths is precise enough.
[[nodiscard]] double in_tenths(double value);

/// `/top`: the busiest rooms and the slowest members of all loops, and what
/// became of actors, as JSON.
[[nodiscard]] std::string top_json(const metric_sources& from);

/// The same in one event, `rooms.busiest`; none, where nothing was said.
void tell_busiest(const std::vector<actors::loop*>& loops, steady_time now);

} // namespace greenroom::app
