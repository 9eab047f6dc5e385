#pragma once

namespace greenroom::app {

/// As CMake's project() has it.
inline constexpr const char* version = GREENROOM_VERSION;

} // namespace greenroom::app
