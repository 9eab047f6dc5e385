#include "actors/loop.hpp"

namespace greenroom::actors {

namespace {

/// Messages that one actor handles before the next has its turn.
constexpr std::size_t throughput = 256;

/// Actor runs in one turn: beyond, sockets are looked after first.
constexpr std::size_t runs_max = 16'384;

} // namespace

void loop::exec_later(caf::resumable* actor) {
  if (is_own_thread()) {
    ready_.push_back(actor);
    return;
  }
  bool first;
  {
    std::lock_guard guard{inbox_lock_};
    inbox_.push_back(actor);
    first = !inbox_filled_.exchange(true);
  }
  if (first)
    wake();
}

void loop::run_turn() {
  turns_.store(turns() + 1, std::memory_order_relaxed);
  timers_.run_due(now());
  take_in();
  run_actors();
  // What settles may give actors mail, on this loop as well.
  while (!settle_.empty()) {
    settle_.run_all();
    run_actors();
  }
  spread_.run_all();
  sends_.run_all();
  trim_.run_all();
}

bool loop::has_work() {
  return !ready_.empty() || inbox_filled_.load(std::memory_order_acquire)
         || !settle_.empty() || !spread_.empty() || !sends_.empty();
}

void loop::take_in() {
  if (!inbox_filled_.load(std::memory_order_acquire))
    return;
  {
    std::lock_guard guard{inbox_lock_};
    taken_.swap(inbox_);
    inbox_filled_.store(false);
  }
  ready_.insert(ready_.end(), taken_.begin(), taken_.end());
  taken_.clear();
}

void loop::run_actors() {
  for (std::size_t runs = 0; runs < runs_max && !ready_.empty(); ++runs) {
    auto* actor = ready_.front();
    ready_.pop_front();
    switch (actor->resume(this, throughput)) {
    case caf::resumable::resume_later:
      ready_.push_back(actor);
      break;
    case caf::resumable::awaiting_message:
    case caf::resumable::done:
      // The reference that `exec_later` was given with.
      caf::intrusive_ptr_release(actor);
      break;
    case caf::resumable::shutdown_execution_unit:
      break;
    }
  }
}

} // namespace greenroom::actors
