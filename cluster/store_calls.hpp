#pragma once

// What rooms ask a sqlite_store for, on its way from their loops to its thread
// and back with what became of it.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cluster/sqlite_log.hpp"
#include "core/store.hpp"

namespace greenroom::cluster {

/// One room that has its log open, as both threads see it.
struct log_line {
  const room_key room;
  const log_bounds bounds;
  loop_entrance& loop;

  // -- its loop's
  room_store::listener* to; ///< Null: it has closed the log.
  bool is_open = false;
  log_state state;

  // -- the store's thread's
  std::optional<sqlite_log> log; ///< None: not open, or to be read anew.
  bool to_write = false;         ///< With the commit that comes next.
};

struct log_call {
  struct opening {
    std::int64_t now = 0;
    std::vector<stored_key> keys; ///< That are there.
  };
  struct reading {
    std::uint64_t from = 0;
    std::size_t limit = 0;
    std::int64_t now = 0;
    room_store::then<room_store::entries> answer;
    /// Which log it was when it was asked for, and its newest message then. No
    /// number: as the file says.
    std::int64_t log = 0;
    std::uint64_t until = 0;
    room_store::entries found;
  };
  struct trimming {
    std::int64_t now = 0;
  };
  struct forgetting {
    std::int64_t now = 0;
    room_store::then<void> answer;
  };
  struct closing {};

  std::shared_ptr<log_line> line;
  std::variant<opening, new_message, sqlite_log::setting, reading, trimming,
               forgetting, closing>
      what;

  // What became of it.
  bool refused = false;
  appended said = {}; ///< Of a message.
  /// The log's state after it. The epoch only where it may be another.
  std::uint64_t first = 1;
  std::uint64_t top = 0;
  std::string epoch = {};
};

/// On the room's loop: the answer to a call, unless the room has closed its
/// log.
void tell(log_call& what);

/// Calls that wait for the store's thread, in the order of their coming.
class call_queue {
public:
  call_queue(std::size_t calls_max, std::size_t bytes_max)
    : calls_max_(calls_max), bytes_max_(bytes_max) {}

  /// Any thread. False: as many calls wait as may, or it is closed.
  bool push(log_call what, std::size_t bytes);

  /// For what there is one of for each room: taken however many wait.
  bool push_always(log_call what);

  /// Waits until something is there or until a time. None: it is closed, and
  /// nothing comes any more. What was taken before counts as done.
  std::optional<std::vector<log_call>>
  take(std::chrono::steady_clock::time_point until);

  void close();

  /// Calls that are not done.
  [[nodiscard]] std::size_t waiting();

private:
  std::size_t calls_max_;
  std::size_t bytes_max_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<log_call> calls_;
  std::size_t bytes_ = 0;
  std::size_t taken_calls_ = 0;
  std::size_t taken_bytes_ = 0;
  bool sleeps_ = false;
  bool closed_ = false;
};

} // namespace greenroom::cluster
