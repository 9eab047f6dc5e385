#pragma once

#include <cerrno>

namespace greenroom::net {

/// Of an `errno` of recv(2) or send(2): nothing is wrong, the poller tells when
/// to try again.
[[nodiscard]] inline bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

} // namespace greenroom::net
