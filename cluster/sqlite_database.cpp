#include "cluster/sqlite_database.hpp"

#include <sqlite3.h>

namespace greenroom::cluster {

bool sqlite_failure::is_damage() const {
  auto primary = code & 0xff;
  return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
}

sqlite_database::sqlite_database(const std::string& path, const char* vfs) {
  // One thread uses it: SQLite's own mutexes would only cost time.
  constexpr int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  auto result = sqlite3_open_v2(path.c_str(), &db_, flags, vfs);
  if (db_ != nullptr)
    sqlite3_extended_result_codes(db_, 1);
  if (result == SQLITE_OK)
    return;
  sqlite_failure why{result, db_ != nullptr ? sqlite3_errmsg(db_)
                                            : sqlite3_errstr(result)};
  sqlite3_close(db_);
  throw why;
}

sqlite_database::~sqlite_database() {
  sqlite3_close(db_);
}

void sqlite_database::run(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    fail(sql);
}

std::int64_t sqlite_database::number(const std::string& sql) {
  sqlite_statement ask{*this, sql.c_str()};
  auto found = ask.query();
  return found.next() ? found.number(0) : 0;
}

std::string sqlite_database::text(const std::string& sql) {
  sqlite_statement ask{*this, sql.c_str()};
  auto found = ask.query();
  return found.next() ? std::string{found.bytes(0)} : std::string{};
}

bool sqlite_database::in_transaction() const {
  return sqlite3_get_autocommit(db_) == 0;
}

std::int64_t sqlite_database::last_row() const {
  return sqlite3_last_insert_rowid(db_);
}

int sqlite_database::changes() const {
  return sqlite3_changes(db_);
}

void sqlite_database::fail(const char* doing) const {
  throw sqlite_failure{sqlite3_extended_errcode(db_),
                       std::string{sqlite3_errmsg(db_)} + " (" + doing + ')'};
}

sqlite_statement::sqlite_statement(sqlite_database& db, const char* sql)
  : db_(db) {
  if (sqlite3_prepare_v3(db_.raw(), sql, -1, SQLITE_PREPARE_PERSISTENT, &is_,
                         nullptr)
      != SQLITE_OK)
    db_.fail(sql);
}

sqlite_statement::~sqlite_statement() {
  sqlite3_finalize(is_);
}

void sqlite_statement::bind(int place, std::int64_t value) {
  if (sqlite3_bind_int64(is_, place, value) != SQLITE_OK)
    db_.fail(sqlite3_sql(is_));
}

void sqlite_statement::bind(int place, std::string_view value) {
  // A null pointer would bind NULL.
  const auto* bytes = value.data() != nullptr ? value.data() : "";
  if (sqlite3_bind_blob64(is_, place, bytes, value.size(), SQLITE_STATIC)
      != SQLITE_OK)
    db_.fail(sqlite3_sql(is_));
}

void sqlite_statement::bind(int place, sqlite_text value) {
  const auto* text = value.is.data() != nullptr ? value.is.data() : "";
  if (sqlite3_bind_text64(is_, place, text, value.is.size(), SQLITE_STATIC,
                          SQLITE_UTF8)
      != SQLITE_OK)
    db_.fail(sqlite3_sql(is_));
}

void sqlite_statement::bind(int place, sqlite_null) {
  if (sqlite3_bind_null(is_, place) != SQLITE_OK)
    db_.fail(sqlite3_sql(is_));
}

bool sqlite_statement::step() {
  switch (sqlite3_step(is_)) {
  case SQLITE_ROW:
    return true;
  case SQLITE_DONE:
    return false;
  default:
    db_.fail(sqlite3_sql(is_));
  }
}

void sqlite_statement::reset() {
  sqlite3_reset(is_);
}

std::int64_t sqlite_statement::rows::number(int column) const {
  return sqlite3_column_int64(of_.is_, column);
}

std::string_view sqlite_statement::rows::bytes(int column) const {
  const auto* found =
      static_cast<const char*>(sqlite3_column_blob(of_.is_, column));
  auto size = static_cast<std::size_t>(sqlite3_column_bytes(of_.is_, column));
  return found != nullptr ? std::string_view{found, size} : std::string_view{};
}

bool sqlite_statement::rows::is_null(int column) const {
  return sqlite3_column_type(of_.is_, column) == SQLITE_NULL;
}

} // namespace greenroom::cluster
