#pragma once

// What rooms ask a sqlite_store for, on its way from their loops to its thread
// and back with what became of it.

#include <atomic>
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
  std::uint64_t told = 0; ///< The newest call that `state` is of.

  // -- the store's thread's
  std::optional<sqlite_log> log; ///< None: not open, or to be read anew.
  bool to_write = false;         ///< With the commit that comes next.
};

/// One of the reads that may be under way, until its loop was told.
using read_place = std::shared_ptr<void>;

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
    /// Which log it was when it was asked for. 0: as the file says.
    std::int64_t log = 0;
    room_store::entries found;
    read_place place;
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
  std::uint64_t number = 0; ///< In the order of deciding, or reading.
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
  call_queue(std::size_t calls_max, std::size_t bytes_max,
             std::size_t reads_max)
    : calls_max_(calls_max), bytes_max_(bytes_max), reads_max_(reads_max) {}

  /// Any thread. False: as many calls wait as may, or it is closed; `what` is
  /// still the caller's.
  bool push(log_call& what, std::size_t bytes);

  /// The same for a read. Reads have a budget of their own, so that no number
  /// of them keeps out a message.
  bool push_read(log_call& what);

  /// For what there is one of for each room: taken however many wait.
  bool push_always(log_call what);

  /// Reads whose loop was not told yet.
  [[nodiscard]] std::size_t reads() const { return *reads_; }

  /// Waits until something is there or until a time. None: it is closed, and
  /// nothing comes any more. What was taken before counts as done.
  std::optional<std::vector<log_call>>
  take(std::chrono::steady_clock::time_point until);

  void close();

  /// Calls that are not done, and reads that were not told.
  [[nodiscard]] std::size_t waiting();

private:
  void add(log_call& what);

  std::size_t calls_max_;
  std::size_t bytes_max_;
  std::size_t reads_max_;
  /// Shared with the places, which may outlive the store.
  std::shared_ptr<std::atomic<std::size_t>> reads_ =
      std::make_shared<std::atomic<std::size_t>>(0);
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<log_call> calls_;
  std::size_t bytes_ = 0;
  std::size_t waiting_reads_ = 0; ///< Among `calls_`.
  std::size_t taken_calls_ = 0;
  std::size_t taken_bytes_ = 0;
  bool sleeps_ = false;
  bool closed_ = false;
};

} // namespace greenroom::cluster
