#include "core/top_lists.hpp"

#include <utility>

namespace greenroom {

void top_lists::begin(timer_queue& timers, std::function<steady_time()> clock) {
  timers_ = &timers;
  clock_ = std::move(clock);
  began_ = clock_();
  timers_->at(began_ + shown_every, timer_, [this] { show(); });
}

void top_lists::show() {
  auto now = clock_();
  part what{began_, now, rooms_.top(), members_.top()};
  bool is_empty = what.rooms.empty() && what.members.empty();
  bool is_whole = now - began_ >= window;
  {
    std::lock_guard lock{shown_lock_};
    if (is_whole) {
      last_ = std::move(what);
      present_ = {};
    } else {
      present_ = std::move(what);
    }
  }
  if (is_whole) {
    rooms_.clear();
    members_.clear();
    began_ = now;
    if (is_empty)
      return; // Until somebody says something.
  }
  timers_->at(now + shown_every, timer_, [this] { show(); });
}

top_lists::part top_lists::read(steady_time now) const {
  std::lock_guard lock{shown_lock_};
  auto is_recent = [&](const part& what) {
    return what.ended + window + shown_every > now;
  };
  bool says_little = present_.ended - present_.began < 2 * shown_every;
  if (says_little && is_recent(last_))
    return last_;
  return is_recent(present_) ? present_ : part{};
}

} // namespace greenroom
