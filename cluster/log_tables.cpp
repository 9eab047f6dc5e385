#include "cluster/log_tables.hpp"

#include <algorithm>
#include <vector>

#include <sqlite3.h>

#include "cluster/log_schema.hpp"

namespace greenroom::cluster {

namespace {

/// A log that has had nothing to keep for so long loses its order, too: who
/// comes back then is told that it was lost. No longer: each room that was ever
/// spoken in costs a row meanwhile.
constexpr std::int64_t emptied_for_ms = std::int64_t{24} * 3'600 * 1'000;

// What one sweep does at most: a few milliseconds.
constexpr std::uint64_t swept_logs_max = 8;
constexpr std::uint64_t swept_messages_max = 500;
constexpr std::int64_t given_back_pages = 64;
/// So many pages wait to be used again before any is given back.
constexpr std::int64_t free_pages_kept = 1'024;

/// The oldest offset that `ask` finds, or `end` where that is older.
std::uint64_t oldest_of(sqlite_statement& ask, std::int64_t log,
                        std::uint64_t end) {
  auto found = ask.query(log);
  if (!found.next() || found.is_null(0))
    return end;
  return std::min(end, static_cast<std::uint64_t>(found.number(0)));
}

} // namespace

struct log_tables::statements {
  explicit statements(sqlite_database& to) : db(to) {}

  sqlite_database& db;
  sqlite_statement begin{db, "BEGIN IMMEDIATE"};
  sqlite_statement commit{db, "COMMIT"};
  sqlite_statement find{db,
                        "SELECT number, epoch, first, top, ids_from FROM rooms"
                        " WHERE space = ? AND name = ?"};
  sqlite_statement make{
      db,
      "INSERT INTO rooms (space, name, epoch, first, top, ids_from, expires)"
      " VALUES (?, ?, ?, 1, 0, 1, ?)"};
  sqlite_statement update{db, "UPDATE rooms SET first = ?, top = ?,"
                              " ids_from = ?, expires = ?, emptied = 0"
                              " WHERE number = ?"};
  sqlite_statement orphan{
      db, "UPDATE rooms SET name = NULL, expires = 0 WHERE number = ?"};
  sqlite_statement add_message{db,
                               "INSERT INTO messages (room, offset, stored,"
                               " bytes, key, what) VALUES (?, ?, ?, ?, ?, ?)"};
  sqlite_statement add_id{
      db, "INSERT INTO ids (room, offset, at, key) VALUES (?, ?, ?, ?)"};
  sqlite_statement oldest_message{
      db, "SELECT min(offset) FROM messages WHERE room = ?"};
  sqlite_statement oldest_id{db, "SELECT min(offset) FROM ids WHERE room = ?"};
  sqlite_statement erase_messages{
      db, "DELETE FROM messages WHERE room = ? AND offset < ?"};
  sqlite_statement erase_ids{db,
                             "DELETE FROM ids WHERE room = ? AND offset < ?"};
  sqlite_statement sizes{db, "SELECT offset, stored, bytes FROM messages"
                             " WHERE room = ? AND offset >= ?"
                             " ORDER BY offset"};
  sqlite_statement ids{db, "SELECT offset, at, key FROM ids"
                           " WHERE room = ? AND offset >= ? ORDER BY offset"};
  sqlite_statement messages{db, "SELECT offset, stored, bytes, key, what"
                                " FROM messages WHERE room = ? AND offset >= ?"
                                " AND offset <= ? ORDER BY offset"};
  sqlite_statement ended{
      db, "SELECT number, first, top, ids_from, emptied, space, name"
          " FROM rooms WHERE expires <= ? ORDER BY expires LIMIT ?"};
  sqlite_statement look_again{db,
                              "UPDATE rooms SET expires = ? WHERE number = ?"};
  sqlite_statement empty{db, "UPDATE rooms SET first = top + 1,"
                             " ids_from = top + 1 WHERE number = ?"};
  sqlite_statement emptied{
      db, "UPDATE rooms SET emptied = 1, expires = ? WHERE number = ?"};
  sqlite_statement totals_of_keys{
      db, "SELECT count(*), coalesce(sum(bytes), 0), coalesce(max(number), 0)"
          " FROM keys WHERE room = ?"};
  sqlite_statement find_key{db, "SELECT number, ends, bytes FROM keys"
                                " WHERE room = ? AND name = ?"};
  sqlite_statement put_key{db, "INSERT OR REPLACE INTO keys (room, name,"
                               " number, ends, bytes, what)"
                               " VALUES (?, ?, ?, ?, ?, ?)"};
  sqlite_statement erase_key{db, "DELETE FROM keys WHERE room = ?"
                                 " AND name = ?"};
  sqlite_statement erase_keys_ended{db, "DELETE FROM keys WHERE room = ?"
                                        " AND ends > 0 AND ends <= ?"};
  sqlite_statement keys{db, "SELECT name, number, ends, bytes, what FROM keys"
                            " WHERE room = ? ORDER BY number"};
  sqlite_statement erase_keys{
      db, "DELETE FROM keys WHERE room = ?1 AND name IN"
          " (SELECT name FROM keys WHERE room = ?1 LIMIT ?2)"};
  sqlite_statement remove{db, "DELETE FROM rooms WHERE number = ?"};
};

void log_tables::destroy::operator()(statements* what) const {
  delete what;
}

log_tables::log_tables(const std::string& path, const char* vfs)
  : db_(path, vfs) {
  prepare_file(db_);
  do_.reset(new statements{db_});
}

void log_tables::begin() {
  do_->begin.run();
}

void log_tables::commit() {
  do_->commit.run();
}

void log_tables::roll_back() noexcept {
  if (db_.in_transaction())
    sqlite3_exec(db_.raw(), "ROLLBACK", nullptr, nullptr, nullptr);
}

// -- one log ------------------------------------------------------------------

std::optional<log_row> log_tables::find(const room_key& room) {
  auto found = do_->find.query(static_cast<std::int64_t>(room.space),
                               sqlite_text{room.id});
  if (!found.next())
    return std::nullopt;
  auto offset = [&](int column) {
    return static_cast<std::uint64_t>(found.number(column));
  };
  return log_row{found.number(0), std::string{found.bytes(1)}, offset(2),
                 offset(3), offset(4)};
}

log_row log_tables::make(const room_key& room, std::string epoch,
                         std::int64_t expires) {
  do_->make.run(static_cast<std::int64_t>(room.space), sqlite_text{room.id},
                sqlite_text{epoch}, expires);
  return log_row{db_.last_row(), std::move(epoch)};
}

void log_tables::update(const log_row& row,
                        std::optional<std::int64_t> expires) {
  do_->update.run(row.first, row.top, row.ids_from, expires, row.number);
}

void log_tables::orphan(std::int64_t number) {
  do_->orphan.run(number);
}

void log_tables::remove(std::int64_t number) {
  do_->remove.run(number);
}

void log_tables::add_message(std::int64_t log, const stored_row& what) {
  do_->add_message.run(log, what.offset, what.stored, what.bytes, what.key,
                       what.what);
}

void log_tables::add_id(std::int64_t log, std::uint64_t offset, std::int64_t at,
                        std::string_view key) {
  do_->add_id.run(log, offset, at, key);
}

bool log_tables::erase_below(const log_row& row, std::uint64_t most) {
  bool all = true;
  auto erase = [&](sqlite_statement& oldest, sqlite_statement& erasing,
                   std::uint64_t end) {
    auto from = oldest_of(oldest, row.number, end);
    if (from == end)
      return;
    auto to = std::min(end, from + most);
    erasing.run(row.number, to);
    all = all && to == end;
  };
  erase(do_->oldest_message, do_->erase_messages, row.first);
  erase(do_->oldest_id, do_->erase_ids, row.ids_from);
  return all;
}

bool log_tables::has_below(const log_row& row) {
  return oldest_of(do_->oldest_message, row.number, row.first) != row.first
         || oldest_of(do_->oldest_id, row.number, row.ids_from) != row.ids_from;
}

// -- its shared keys ----------------------------------------------------------

key_totals log_tables::totals_of_keys(std::int64_t log) {
  auto found = do_->totals_of_keys.query(log);
  if (!found.next())
    return {};
  auto number = [&](int column) {
    return static_cast<std::uint64_t>(found.number(column));
  };
  return {number(0), number(1), number(2)};
}

std::optional<key_row> log_tables::find_key(std::int64_t log,
                                            std::string_view name) {
  auto found = do_->find_key.query(log, sqlite_text{name});
  if (!found.next())
    return std::nullopt;
  return key_row{{},
                 static_cast<std::uint64_t>(found.number(0)),
                 found.number(1),
                 static_cast<std::uint64_t>(found.number(2)),
                 {}};
}

void log_tables::put_key(std::int64_t log, const key_row& what) {
  do_->put_key.run(log, sqlite_text{what.name}, what.number, what.ends,
                   what.bytes, what.what);
}

void log_tables::erase_key(std::int64_t log, std::string_view name) {
  do_->erase_key.run(log, sqlite_text{name});
}

void log_tables::erase_keys_ended(std::int64_t log, std::int64_t now) {
  do_->erase_keys_ended.run(log, now);
}

void log_tables::each_key(std::int64_t log,
                          const std::function<void(const key_row&)>& take) {
  auto found = do_->keys.query(log);
  while (found.next())
    take({found.bytes(0), static_cast<std::uint64_t>(found.number(1)),
          found.number(2), static_cast<std::uint64_t>(found.number(3)),
          found.bytes(4)});
}

/// Whether none is left.
bool log_tables::erase_keys(std::int64_t log, std::uint64_t most) {
  do_->erase_keys.run(log, most);
  return totals_of_keys(log).keys == 0;
}

// -- reading ------------------------------------------------------------------

void log_tables::each_size(const log_row& row,
                           const std::function<void(const stored_row&)>& take) {
  auto found = do_->sizes.query(row.number, row.first);
  while (found.next())
    take({static_cast<std::uint64_t>(found.number(0)),
          found.number(1),
          static_cast<std::uint64_t>(found.number(2)),
          {},
          {}});
}

void log_tables::each_id(const log_row& row,
                         const std::function<void(std::uint64_t, std::int64_t,
                                                  std::string_view)>& take) {
  auto found = do_->ids.query(row.number, row.ids_from);
  while (found.next())
    take(static_cast<std::uint64_t>(found.number(0)), found.number(1),
         found.bytes(2));
}

void log_tables::each_message(
    std::int64_t log, std::uint64_t from, std::uint64_t to,
    const std::function<bool(const stored_row&)>& take) {
  auto found = do_->messages.query(log, from, to);
  while (found.next())
    if (!take({static_cast<std::uint64_t>(found.number(0)), found.number(1),
               static_cast<std::uint64_t>(found.number(2)), found.bytes(3),
               found.bytes(4)}))
      return;
}

// -- what nobody has open -----------------------------------------------------

log_tables::swept log_tables::sweep(
    std::int64_t now,
    const std::function<std::optional<std::int64_t>(const room_key&)>&
        open_for) {
  std::vector<expired> found;
  {
    auto rows = do_->ended.query(now, swept_logs_max);
    while (rows.next()) {
      auto offset = [&](int column) {
        return static_cast<std::uint64_t>(rows.number(column));
      };
      found.push_back({{rows.number(0), {}, offset(1), offset(2), offset(3)},
                       std::nullopt,
                       rows.number(4) != 0});
      if (!rows.is_null(6))
        found.back().name = {static_cast<room_space>(rows.number(5)),
                             std::string{rows.bytes(6)}};
    }
  }
  swept done;
  done.more = found.size() == swept_logs_max;
  for (const auto& each : found) {
    auto left_alone = each.name ? open_for(*each.name) : std::nullopt;
    if (left_alone)
      do_->look_again.run(now + *left_alone, each.row.number);
    else if (sweep_one(each, now))
      ++done.logs;
    else
      done.more = true;
  }
  if (db_.number("PRAGMA freelist_count") > free_pages_kept) {
    db_.run(
        ("PRAGMA incremental_vacuum(" + std::to_string(given_back_pages) + ')')
            .c_str());
    done.more = true;
  }
  return done;
}

/// Whether that was all of it.
bool log_tables::sweep_one(const expired& log, std::int64_t now) {
  auto row = log.row;
  if (log.emptied) {
    do_->remove.run(row.number);
    return true;
  }
  row.first = row.top + 1;
  row.ids_from = row.top + 1;
  do_->empty.run(row.number);
  if (!erase_below(row, swept_messages_max)
      || !erase_keys(row.number, swept_messages_max))
    return false;
  if (!log.name)
    do_->remove.run(row.number);
  else
    do_->emptied.run(now + emptied_for_ms, row.number);
  return true;
}

std::int64_t log_tables::rooms() {
  return db_.number("SELECT count(*) FROM rooms WHERE name IS NOT NULL");
}

std::int64_t log_tables::file_bytes() {
  return db_.number("PRAGMA page_count") * db_.number("PRAGMA page_size");
}

} // namespace greenroom::cluster
