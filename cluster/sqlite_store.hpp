#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/system/result.hpp>

#include "core/store.hpp"

namespace greenroom::cluster {

struct sqlite_options {
  std::string path;

  /// Appends that may wait for the disk, and the bytes of their messages: what
  /// a second or two of a good disk takes. Beyond either, they are refused.
  std::size_t waiting_max = 16'384;
  std::size_t waiting_bytes_max = 32 * 1024 * 1024;

  /// Reads that may be under way, until their loops have them: each holds up to
  /// `read_bytes_max` then. Beyond that, they are refused.
  std::size_t reads_max = 512;

  /// Reads that messages may have to wait for: some milliseconds, where each is
  /// as long as may be.
  std::size_t reads_at_once = 8;

  /// How often it looks for logs that are too old, while it has no other work.
  milliseconds sweep_interval{60'000};

  // For tests. No VFS: SQLite's own for this system.
  const char* vfs = nullptr;
  std::function<std::int64_t()> wall_now; ///< None: the system's clock.
};

/// Why a store cannot be opened, for whoever starts the node.
struct sqlite_error {
  std::string text;
};

/// Keeps the logs of one node in one SQLite file. A thread of its own writes
/// what came from all loops; what came while it wrote is committed together
/// next. Nothing is answered before it is on the disk. Reads come when there is
/// nothing to write, or a few at a time in between.
///
/// Destroying it writes what waits; who still asks then is refused.
[[nodiscard]] boost::system::result<std::unique_ptr<store>, sqlite_error>
open_sqlite_store(sqlite_options options);

} // namespace greenroom::cluster
