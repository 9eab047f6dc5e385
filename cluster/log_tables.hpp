#pragma once

// The tables of sqlite_store, and everything that is done to them. One row of
// `rooms` for each log, by its number; what is read of its other tables lies
// between the offsets that this row names. What lies below them is no longer
// there, though it may take a while to be deleted: a log that shrinks by a
// million messages must not hold up the others.
//
// One thread at a time. Throws `sqlite_failure`.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cluster/sqlite_database.hpp"
#include "core/room_key.hpp"

namespace greenroom::cluster {

/// A row of `rooms`.
struct log_row {
  std::int64_t number = 0;
  std::string epoch;
  std::uint64_t first = 1;    ///< The oldest message that is kept.
  std::uint64_t top = 0;      ///< The newest that there ever was.
  std::uint64_t ids_from = 1; ///< The oldest whose id is remembered.
};

/// A message as it is stored. Views.
struct stored_row {
  std::uint64_t offset = 0;
  std::int64_t stored = 0;
  std::uint64_t bytes = 0;
  std::string_view key;  ///< Of `message_key`; empty: none.
  std::string_view what; ///< Of `encode_stored`; not read by `each_size`.
};

/// A shared key as it is stored. Views.
struct key_row {
  std::string_view name;
  std::uint64_t number = 0;
  std::int64_t ends = 0;
  std::uint64_t bytes = 0;
  std::string_view what; ///< Of `encode_stored`.
};

/// What a room has of them.
struct key_totals {
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;
  std::uint64_t newest = 0; ///< Number of a key that is there.
};

class log_tables {
public:
  /// Opens the file, or makes it. Throws what a person should read before the
  /// node starts: that it is another program's, damaged, in use, …
  log_tables(const std::string& path, const char* vfs);

  /// Everything between the two happens whole or not at all.
  void begin();
  /// When this returns, it will be there after a crash and after a power cut.
  void commit();
  void roll_back() noexcept;
  [[nodiscard]] bool in_transaction() const { return db_.in_transaction(); }

  // -- one log
  [[nodiscard]] std::optional<log_row> find(const room_key& room);
  [[nodiscard]] log_row make(const room_key& room, std::string epoch,
                             std::int64_t expires);
  void update(const log_row& row, std::optional<std::int64_t> expires);
  /// It has no name any more: the sweep takes it and what it holds.
  void orphan(std::int64_t number);
  /// At once. It holds nothing.
  void remove(std::int64_t number);

  void add_message(std::int64_t log, const stored_row& what);
  void add_id(std::int64_t log, std::uint64_t offset, std::int64_t at,
              std::string_view key);

  /// Lets go of messages and ids that are no longer there, `most` of each.
  /// Whether all are gone.
  bool erase_below(const log_row& row, std::uint64_t most);
  /// Whether there are any.
  [[nodiscard]] bool has_below(const log_row& row);

  // -- its shared keys
  [[nodiscard]] key_totals totals_of_keys(std::int64_t log);
  /// No name and no value: those are known, or not needed.
  [[nodiscard]] std::optional<key_row> find_key(std::int64_t log,
                                                std::string_view name);
  void put_key(std::int64_t log, const key_row& what);
  void erase_key(std::int64_t log, std::string_view name);
  void erase_keys_ended(std::int64_t log, std::int64_t now);
  void each_key(std::int64_t log,
                const std::function<void(const key_row&)>& take);

  // -- reading
  void each_size(const log_row& row,
                 const std::function<void(const stored_row&)>& take);
  void each_id(const log_row& row,
               const std::function<void(std::uint64_t offset, std::int64_t at,
                                        std::string_view key)>& take);
  /// Until `take` says that it has enough.
  void each_message(std::int64_t log, std::uint64_t from, std::uint64_t to,
                    const std::function<bool(const stored_row&)>& take);

  // -- what nobody has open
  struct swept {
    std::uint64_t logs = 0; ///< That are done with.
    bool more = false;      ///< There may be more to do now.
  };

  /// Deletes a little of what is too old. `open_for` says of a log that is
  /// open how long it is left alone (milliseconds); of others nothing.
  swept sweep(std::int64_t now,
              const std::function<std::optional<std::int64_t>(const room_key&)>&
                  open_for);

  [[nodiscard]] std::int64_t rooms();
  [[nodiscard]] std::int64_t file_bytes();

private:
  struct expired {
    log_row row;
    std::optional<room_key> name; ///< None: forgotten.
    bool emptied = false;
  };

  bool sweep_one(const expired& log, std::int64_t now);
  bool erase_keys(std::int64_t log, std::uint64_t most);

  sqlite_database db_;
  // After the file is known to be ours; and gone before it.
  struct statements;
  struct destroy {
    void operator()(statements* what) const;
  };
  std::unique_ptr<statements, destroy> do_;
};

} // namespace greenroom::cluster
