#pragma once

#include <string_view>

namespace greenroom::cluster {

/// What Redis does with a room's log: cluster/room_functions.lua.
extern const std::string_view room_functions;

} // namespace greenroom::cluster
