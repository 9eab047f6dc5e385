#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cluster/log_tables.hpp"
#include "core/dedupe_table.hpp"
#include "core/history.hpp"
#include "core/store.hpp"

namespace greenroom::cluster {

/// A message on its way to the file.
struct new_message {
  room_event_ptr what;
  std::string key;
  std::uint64_t bytes = 0;
  std::int64_t now = 0;
  std::optional<std::uint64_t> expected;
};

/// One open log of a sqlite_store, on the store's thread: what its rows say and
/// what they will say once it is written. Its decisions take no look at the
/// file, which is written once for all that came together. When that fails, it
/// is read anew from there: `sqlite_log` has no way back.
class sqlite_log {
public:
  /// What `set` is asked for, and what became of it.
  struct setting {
    stored_key is;
    std::optional<std::uint64_t> expected;
    std::int64_t now = 0;
    key_answer said = {};
    bool is_change = false; ///< Deleting what is not there is none.
  };

  /// Reads it, or makes it (then a transaction must have begun).
  sqlite_log(log_tables& tables, const room_key& room, const log_bounds& bounds,
             std::int64_t now);

  /// Whether opening it would make it.
  static bool is_new(log_tables& tables, const room_key& room) {
    return !tables.find(room);
  }

  [[nodiscard]] appended append(new_message what);
  void trim(std::int64_t now);

  /// Changes a shared key: in the file at once, within a transaction.
  void set(log_tables& tables, setting& what);

  /// By their numbers. Those that cannot be read are left out, and counted.
  struct keys {
    std::vector<stored_key> found;
    std::uint64_t unreadable = 0;
  };
  [[nodiscard]] keys read_keys(log_tables& tables, std::int64_t now) const;
  [[nodiscard]] bool has_keys() const { return keys_.keys > 0; }

  [[nodiscard]] const std::string& epoch() const { return row_.epoch; }
  [[nodiscard]] std::uint64_t first() const { return row_.first; }
  [[nodiscard]] std::uint64_t top() const { return row_.top; }
  [[nodiscard]] std::int64_t number() const { return row_.number; }

  /// Whether `write` has something to do.
  [[nodiscard]] bool is_changed() const { return changed_; }

  /// Within a transaction.
  void write(log_tables& tables);

  /// Whether what it let go of is not yet deleted. Within a transaction,
  /// `erase` deletes some more.
  [[nodiscard]] bool has_rest() const { return has_rest_; }
  void erase(log_tables& tables);

private:
  struct kept_message {
    std::int64_t stored = 0;
    std::uint64_t bytes = 0;
  };

  struct written {
    std::uint64_t offset = 0;
    new_message what;
  };

  void load(log_tables& tables, std::int64_t now);
  void settle();
  [[nodiscard]] std::optional<std::int64_t> expires() const;
  [[nodiscard]] bool make_place(log_tables& tables, const setting& what);

  log_row row_;
  key_totals keys_;
  history<kept_message> kept_;
  dedupe_table seen_;
  std::int64_t last_ = 0; ///< When the newest message was accepted.
  std::vector<written> to_write_;
  bool changed_ = false;
  bool has_rest_ = false;
};

} // namespace greenroom::cluster
