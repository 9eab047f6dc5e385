#pragma once

#include "core/run_once.hpp"
#include "core/socket_poller.hpp"
#include "core/timer_queue.hpp"

namespace boost::asio {
class io_context;
}

namespace greenroom::cluster {

/// What a connection to Redis needs of the loop that it lives on: all of one
/// loop, which outlives it.
struct redis_loop {
  /// Looks up names, connects, and carries TLS. The loop waits in it for as
  /// long as it has something to do, which costs each turn some system calls.
  boost::asio::io_context& io;

  socket_poller& sockets; ///< Plain connections, once they are made.
  timer_queue& timers;

  /// Runs when a turn of the loop has nothing more to say to Redis.
  run_once_queue& turn_end;
};

} // namespace greenroom::cluster
