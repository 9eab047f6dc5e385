#pragma once

#include <string>
#include <string_view>

namespace greenroom::cluster {

/// What Redis does with a room's log: cluster/room_functions.lua, which tells
/// subscribers by the command `publish`.
[[nodiscard]] std::string room_functions(std::string_view publish = "PUBLISH");

} // namespace greenroom::cluster
