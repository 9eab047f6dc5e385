#pragma once

// What rooms ask a redis_store for, on its way from their loops to its own, and
// back what they are told.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/store.hpp"

namespace greenroom::cluster {

/// One room that has its log open. What may change is its loop's.
struct shared_line {
  const room_key room;
  const log_bounds bounds;
  loop_entrance& loop;

  room_store::listener* to; ///< Null: it has closed the log.
  bool is_open = false;
  log_state state = {};
};

/// A number that is expected, and the epoch in which it was one: after a rewind
/// the same number is another change. Empty: any will do.
[[nodiscard]] std::string
expected_text(const std::optional<std::uint64_t>& number,
              const std::string& epoch);

struct log_request {
  using steady = std::chrono::steady_clock::time_point;

  struct opening {};
  struct appending {
    std::string key;
    std::string packed;   ///< As Redis takes it.
    log_entry is;         ///< The same; no offset yet.
    std::string expected; ///< See `expected_text`.
    std::int64_t now = 0;
    std::uint64_t bytes = 0;
  };
  struct setting {
    std::string packed;   ///< As Redis takes it.
    stored_key is;        ///< The same; no number yet.
    std::string expected; ///< See `expected_text`.
    std::int64_t now = 0;
    std::uint64_t bytes = 0;
  };
  struct reading {
    std::uint64_t from = 0;
    std::size_t limit = 0;
    std::int64_t now = 0;
    room_store::then<room_store::entries> answer;
  };
  struct trimming {
    std::int64_t now = 0;
  };
  struct forgetting {
    std::int64_t now = 0;
    room_store::then<void> answer;
  };
  struct closing {};

  std::shared_ptr<shared_line> line;
  std::variant<opening, appending, setting, reading, trimming, forgetting,
               closing>
      what;
  steady since; ///< When it was asked for.
};

/// What a room is told, with the state of its log from then on.
struct log_news {
  struct opened {
    bool refused = false;
  };
  struct heard {
    room_store::entries what;
  };
  struct keys_heard {
    std::vector<stored_key> what;
    bool whole = false;
  };
  struct skipped {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };
  struct linked {
    bool up = false;
  };
  struct found {
    room_store::then<room_store::entries> answer;
    store_result<room_store::entries> what;
  };
  struct forgotten {
    room_store::then<void> answer;
    store_result<void> how;
  };
  struct trimmed {};

  std::shared_ptr<shared_line> line;
  log_state state;
  std::variant<opened, appended, heard, keys_heard, key_answer, skipped,
               log_turn, linked, found, forgotten, trimmed>
      what;
};

/// On the room's loop; nothing, where it has closed its log.
void tell(log_news& news);

} // namespace greenroom::cluster
