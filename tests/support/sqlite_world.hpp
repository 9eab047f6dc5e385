#pragma once

#include <atomic>
#include <string>

#include "cluster/sqlite_database.hpp"
#include "cluster/sqlite_store.hpp"
#include "tests/conformance/store_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace greenroom::test {

/// A sqlite_store in a directory of its own.
class sqlite_world final : public store_world {
public:
  explicit sqlite_world(const char* vfs = nullptr) {
    options.path = folder / "rooms.db";
    options.vfs = vfs;
    options.wall_now = [this] {
      return wall.load();
    };
  }

  ~sqlite_world() override { stop(); }

  void start() override {
    auto opened = cluster::open_sqlite_store(options);
    INFO((opened ? "" : opened.error().text));
    REQUIRE(opened.has_value());
    is_ = std::move(*opened);
  }

  [[nodiscard]] bool keeps() const override { return true; }

  /// Why it cannot be opened.
  [[nodiscard]] std::string refusal() const {
    auto opened = cluster::open_sqlite_store(options);
    return opened ? "(opened)" : opened.error().text;
  }

  /// A number in the file, while no store has it open.
  [[nodiscard]] std::int64_t number(const std::string& sql) const {
    cluster::sqlite_database db{options.path, nullptr};
    return db.number(sql);
  }

  void run(const char* sql) const {
    cluster::sqlite_database db{options.path, nullptr};
    db.run(sql);
  }

  temporary_directory folder;
  cluster::sqlite_options options;
  std::atomic<std::int64_t> wall = 0; ///< The store's own clock.
};

} // namespace greenroom::test
