#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "core/store.hpp"

namespace greenroom::test {

/// A loop that the test turns by hand; what comes from other threads waits.
class hand_loop final : public loop_entrance {
public:
  void call(std::function<void()> what) override {
    std::lock_guard lock{mutex_};
    waiting_.push_back(std::move(what));
    ++entries_;
    came_.notify_one();
  }

  /// Runs what has come; waits a little for it.
  void turn() {
    std::unique_lock lock{mutex_};
    came_.wait_for(lock, std::chrono::milliseconds{20},
                   [this] { return !waiting_.empty(); });
    auto now = std::exchange(waiting_, {});
    lock.unlock();
    for (auto& what : now)
      what();
  }

  /// How often something came.
  [[nodiscard]] std::size_t entries() {
    std::lock_guard lock{mutex_};
    return entries_;
  }

private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::function<void()>> waiting_;
  std::size_t entries_ = 0;
};

} // namespace greenroom::test
