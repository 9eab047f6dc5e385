#include "actors/loop.hpp"

#include <algorithm>
#include <utility>

#include "core/fault_point.hpp"

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
  auto* last = inbox_.load(std::memory_order_relaxed);
  auto* mine = new arrival{actor, last};
  while (!inbox_.compare_exchange_weak(last, mine, std::memory_order_release,
                                       std::memory_order_relaxed))
    mine->before = last;
  // By now `mine` may be gone.
  if (last == nullptr)
    wake();
}

loop::~loop() {
  if (counting::mine == &counters_) // Turned by hand, on this thread.
    counting::mine = &counting::nowhere;
}

void loop::said_anew(std::string_view room, top_lists::list::hint& at) {
  tops_.said(room, at);
  if (tops_.is_idle())
    begin_tops();
}

void loop::begin_tops() {
  tops_.begin(timers_, [this] { return now(); });
}

void loop::observe_measured(message_stage reached) {
  for (const auto& each : measured_)
    each.reached(reached);
}

void loop::run_turn() {
  turns_.add();
  fault_point("loop.turn", [] { return std::string_view{}; });
  auto began = now();
  if (timers_.has_due(began)) [[unlikely]] {
    counters_.lag.observe(began - *timers_.next());
    timers_.run_due(began);
  }
  take_in();
  run_actors();
  // What settles may give actors mail, on this loop as well.
  while (!settle_.empty()) {
    settle_.run_all();
    run_actors();
  }
  spread_.run_all();
  bool measures = !measured_.empty();
  if (measures) [[unlikely]]
    observe_measured(message_stage::fan_out);
  sends_.run_all();
  if (measures) [[unlikely]] {
    observe_measured(message_stage::written);
    measured_.clear();
  }
  trim_.run_all();
}

bool loop::has_work() {
  return !ready_.empty() || inbox_.load(std::memory_order_relaxed) != nullptr
         || !settle_.empty() || !spread_.empty() || !sends_.empty();
}

void loop::take_in() {
  if (inbox_.load(std::memory_order_relaxed) == nullptr)
    return;
  auto* last = inbox_.exchange(nullptr, std::memory_order_acquire);
  auto was_ready = static_cast<std::ptrdiff_t>(ready_.size());
  while (last != nullptr) {
    ready_.push_back(last->actor);
    delete std::exchange(last, last->before);
  }
  std::reverse(ready_.begin() + was_ready, ready_.end());
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
