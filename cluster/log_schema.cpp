#include "cluster/log_schema.hpp"

#include <sqlite3.h>

namespace greenroom::cluster {

namespace {

/// "Grnr", as `file` and others tell the kinds of databases apart.
constexpr std::int64_t application_id = 0x47726e72;

/// Of the tables below. A file of an older version is brought up to it, step by
/// step; one of a newer version is refused.
constexpr std::int64_t schema_version = 2;

// `first`, `top`, `ids_from`: see log_row. `expires`: when nothing in the log
// is worth keeping any more, milliseconds since 1970; null: never. `emptied`:
// that time has come once, and only the row is left. No name: forgotten.
constexpr const char* tables = R"(
  CREATE TABLE rooms (
    number   INTEGER PRIMARY KEY,
    space    INTEGER NOT NULL,
    name     TEXT,
    epoch    TEXT NOT NULL,
    first    INTEGER NOT NULL,
    top      INTEGER NOT NULL,
    ids_from INTEGER NOT NULL,
    expires  INTEGER,
    emptied  INTEGER NOT NULL DEFAULT 0,
    UNIQUE (space, name)
  ) STRICT;
  CREATE INDEX rooms_by_end ON rooms (expires) WHERE expires IS NOT NULL;
  CREATE TABLE messages (
    room   INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    bytes  INTEGER NOT NULL,
    key    BLOB NOT NULL,
    what   BLOB NOT NULL,
    PRIMARY KEY (room, offset)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE ids (
    room   INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    key    BLOB NOT NULL,
    PRIMARY KEY (room, offset)
  ) STRICT, WITHOUT ROWID;
)";

// Since version 2. `number`: of the change, see stored_key; `ends`: its
// `until`.
constexpr const char* table_of_keys = R"(
  CREATE TABLE keys (
    room   INTEGER NOT NULL,
    name   TEXT NOT NULL,
    number INTEGER NOT NULL,
    ends   INTEGER NOT NULL,
    bytes  INTEGER NOT NULL,
    what   BLOB NOT NULL,
    PRIMARY KEY (room, name)
  ) STRICT, WITHOUT ROWID;
)";

/// Reading all of a larger file would hold up the start for more than a second
/// or so; of that one only the rooms are looked at.
constexpr std::int64_t full_check_bytes_max = 256 * 1024 * 1024;

[[noreturn]] void refuse_file(int code, std::string text) {
  throw sqlite_failure{code, std::move(text)};
}

/// Another node that is about to end may still have it.
constexpr int wait_for_lock_ms = 2'000;

/// Of this connection: changes nothing in the file.
void set_ways(sqlite_database& db) {
  sqlite3_busy_timeout(db.raw(), wait_for_lock_ms);
  // Rooms are held in memory beside the file: no second node may write it. And
  // without others, the index of the WAL needs no file of its own.
  db.run("PRAGMA locking_mode = EXCLUSIVE");
  db.run("PRAGMA trusted_schema = OFF");
  db.run("PRAGMA cell_size_check = ON");
  db.run("PRAGMA temp_store = MEMORY");
}

void set_promises(sqlite_database& db) {
  // What was deleted is given back little by little. Only a new file takes it.
  db.run("PRAGMA auto_vacuum = INCREMENTAL");
  if (db.text("PRAGMA journal_mode = WAL") != "wal")
    refuse_file(SQLITE_CANTOPEN, "its file system cannot hold a WAL");
  // With WAL, NORMAL would lose the last commits in a power cut.
  db.run("PRAGMA synchronous = FULL");
  db.run("PRAGMA journal_size_limit = 16777216");
}

/// From an older version, 0 for a new file.
void make_tables(sqlite_database& db, std::int64_t from) {
  db.run("BEGIN IMMEDIATE");
  if (from < 1)
    db.run(tables);
  if (from < 2)
    db.run(table_of_keys);
  db.run(("PRAGMA application_id = " + std::to_string(application_id)).c_str());
  db.run(("PRAGMA user_version = " + std::to_string(schema_version)).c_str());
  db.run("COMMIT");
}

void check_whole(sqlite_database& db) {
  auto bytes = db.number("PRAGMA page_count") * db.number("PRAGMA page_size");
  auto found =
      db.text(bytes <= full_check_bytes_max ? "PRAGMA quick_check(1)"
                                            : "PRAGMA quick_check('rooms')");
  if (found != "ok")
    refuse_file(SQLITE_CORRUPT, "it is damaged: " + found);
}

} // namespace

void prepare_file(sqlite_database& db) {
  set_ways(db);
  // Before anything is changed in a file that may be somebody else's.
  auto owner = db.number("PRAGMA application_id");
  auto version = db.number("PRAGMA user_version");
  auto is_new = owner == 0 && version == 0
                && db.number("SELECT count(*) FROM sqlite_schema") == 0;
  if (!is_new && owner != application_id)
    refuse_file(SQLITE_NOTADB, "it is the database of another program");
  if (version > schema_version)
    refuse_file(SQLITE_NOTADB,
                "it was written by a newer version of this program (schema "
                    + std::to_string(version) + ", here "
                    + std::to_string(schema_version) + ')');
  set_promises(db);
  if (version < schema_version)
    make_tables(db, version);
  check_whole(db);
}

} // namespace greenroom::cluster
