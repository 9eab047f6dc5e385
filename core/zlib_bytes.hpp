#pragma once

#include <zlib.h>

namespace greenroom::ws {

/// What zlib reads, or a place of ours that it writes to: it does not write to
/// its input.
inline Bytef* bytes_of(const char* from) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(from));
}

} // namespace greenroom::ws
