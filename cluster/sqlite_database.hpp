#pragma once

// SQLite as far as the store needs it: a database and its prepared statements.
// One thread at a time. What SQLite refuses is thrown as `sqlite_failure`; only
// cluster/sqlite_store.cpp and cluster/log_tables.cpp see that.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace greenroom::cluster {

/// What SQLite refused, and why.
struct sqlite_failure {
  int code = 0;     ///< Its extended result code.
  std::string text; ///< For people.

  /// Whether the file, not the moment, is at fault.
  [[nodiscard]] bool is_damage() const;
};

class sqlite_database {
public:
  /// `vfs`: by which file system functions; null: the usual ones.
  sqlite_database(const std::string& path, const char* vfs);
  ~sqlite_database();
  sqlite_database(const sqlite_database&) = delete;
  sqlite_database& operator=(const sqlite_database&) = delete;

  /// Statements without a result.
  void run(const char* sql);

  /// The first number of the first row.
  [[nodiscard]] std::int64_t number(const std::string& sql);
  [[nodiscard]] std::string text(const std::string& sql);

  /// A transaction has begun, and SQLite has not rolled it back by itself.
  [[nodiscard]] bool in_transaction() const;

  /// Of the newest `insert`.
  [[nodiscard]] std::int64_t last_row() const;
  /// Rows that the newest statement changed.
  [[nodiscard]] int changes() const;

  [[nodiscard]] sqlite3* raw() const { return db_; }
  [[noreturn]] void fail(const char* doing) const;

private:
  sqlite3* db_ = nullptr;
};

/// Nothing.
struct sqlite_null {};

/// Valid UTF-8 without a NUL.
struct sqlite_text {
  std::string_view is;
};

/// A prepared statement. What it is bound to has to last until it is reset,
/// which the end of `run` and of a `rows` does.
class sqlite_statement {
public:
  sqlite_statement(sqlite_database& db, const char* sql);
  ~sqlite_statement();
  sqlite_statement(const sqlite_statement&) = delete;
  sqlite_statement& operator=(const sqlite_statement&) = delete;

  /// The rows of one run: `while (rows.next()) …`.
  class rows {
  public:
    explicit rows(sqlite_statement& of) : of_(of) {}
    ~rows() { of_.reset(); }
    rows(const rows&) = delete;
    rows& operator=(const rows&) = delete;

    [[nodiscard]] bool next() { return of_.step(); }
    [[nodiscard]] std::int64_t number(int column) const;
    /// Valid until the next row.
    [[nodiscard]] std::string_view bytes(int column) const;
    [[nodiscard]] bool is_null(int column) const;

  private:
    sqlite_statement& of_;
  };

  /// Binds the parameters in their order: 64-bit integers, bytes
  /// (`std::string_view`), `sqlite_text`, `sqlite_null`.
  template <class... Args>
  [[nodiscard]] rows query(const Args&... args) {
    int place = 0;
    (bind(++place, args), ...);
    return rows{*this};
  }

  /// For statements without rows.
  template <class... Args>
  void run(const Args&... args) {
    auto all = query(args...);
    while (all.next())
      continue;
  }

private:
  void bind(int place, std::int64_t value);
  void bind(int place, std::uint64_t value) {
    bind(place, static_cast<std::int64_t>(value));
  }
  void bind(int place, std::string_view value);
  void bind(int place, sqlite_text value);
  void bind(int place, sqlite_null);
  void bind(int place, const std::optional<std::int64_t>& value) {
    if (value)
      bind(place, *value);
    else
      bind(place, sqlite_null{});
  }
  bool step();
  void reset();

  sqlite_database& db_;
  sqlite3_stmt* is_ = nullptr;
};

} // namespace greenroom::cluster
