#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>

#include "core/store.hpp"

namespace greenroom {

/// Keeps logs in memory: a log lives as long as its `room_store`, and its order
/// is the order of the calls. Answers everything at once.
class memory_store final : public store {
public:
  memory_store();
  ~memory_store() override;

  std::unique_ptr<room_store> open(const room_key& room,
                                   const log_bounds& bounds, std::int64_t now,
                                   loop_entrance& loop,
                                   room_store::listener& to) override;

  [[nodiscard]] store_statistics statistics() const override;

  /// What the rooms of one loop count: each number has one thread that writes.
  struct alignas(64) counters {
    std::atomic<std::uint64_t> open{0};
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> duplicates{0};
    std::atomic<std::uint64_t> conflicts{0};
    std::atomic<std::uint64_t> reads{0};
  };

private:
  mutable std::mutex mutex_;
  /// Shared with rooms: they may outlive the store.
  std::map<loop_entrance*, std::shared_ptr<counters>> by_loop_;
};

} // namespace greenroom
