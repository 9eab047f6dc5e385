#pragma once

#include <string>
#include <vector>

#include "actors/loop.hpp"
#include "app/node_counts.hpp"

namespace greenroom::app {

/// `/top`: the busiest rooms and the slowest members of all loops, and what
/// became of actors, as JSON.
[[nodiscard]] std::string top_json(const metric_sources& from);

/// The same in one event, `rooms.busiest`; none, where nothing was said.
void tell_busiest(const std::vector<actors::loop*>& loops, steady_time now);

} // namespace greenroom::app
