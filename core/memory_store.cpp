#include "core/memory_store.hpp"

#include <algorithm>
#include <utility>

#include "core/dedupe_table.hpp"
#include "core/history.hpp"
#include "core/loop_counters.hpp"
#include "core/message_key.hpp"
#include "core/random_id.hpp"

namespace greenroom {

namespace {

using counters = memory_store::counters;

/// Only the loop's thread writes it, so there is nothing to lock.
void count(std::atomic<std::uint64_t>& what, std::int64_t by = 1) {
  what.store(what.load(std::memory_order_relaxed)
                 + static_cast<std::uint64_t>(by),
             std::memory_order_relaxed);
}

std::string new_epoch() {
  return random_id("", 12);
}

/// What a remembered id takes, about: its text and its places in the table.
constexpr std::size_t bytes_per_seen = 112;

struct kept_message {
  std::int64_t stored = 0;
  std::uint64_t bytes = 0;
  std::string key;
  room_event_ptr what;
};

class memory_room_store final : public room_store {
public:
  memory_room_store(const log_bounds& bounds, std::shared_ptr<counters> counts)
    : seen_(bounds.dedupe_messages, bounds.dedupe_window.count()),
      kept_(bounds),
      counts_(std::move(counts)) {
    state_.epoch = new_epoch();
    count(counts_->open);
  }

  ~memory_room_store() override { count(counts_->open, -1); }

  [[nodiscard]] bool is_open() const override { return true; }
  [[nodiscard]] const log_state& state() const override { return state_; }

  std::optional<appended> append(const new_entry& what) override;
  void read(std::uint64_t from, std::size_t limit, std::int64_t now,
            then<entries> answer) override;
  void trim(std::int64_t now) override;
  void forget(std::int64_t now, then<void> answer) override;

private:
  void keep(const new_entry& what, std::string key);
  void count_bytes();
  [[nodiscard]] log_entry entry_at(std::size_t n) const;

  log_state state_;
  dedupe_table seen_;
  history<kept_message> kept_;
  std::shared_ptr<counters> counts_;
  counted_bytes<memory_kind::logs> kept_bytes_;
  counted_bytes<memory_kind::remembered> seen_bytes_;
};

std::optional<appended> memory_room_store::append(const new_entry& what) {
  using enum appended::verdict;
  std::string key;
  if (protocol::is_set(what.id)) {
    key = message_key(what.session, what.id);
    seen_bytes_ = seen_.size() * bytes_per_seen; // But for this one.
    if (auto before = seen_.find(key, what.now)) {
      count(counts_->duplicates);
      return appended{duplicate, *before};
    }
  }
  if (what.expected && *what.expected != state_.top) {
    count(counts_->conflicts);
    return appended{conflict, state_.top};
  }
  count(counts_->accepted);
  ++state_.top;
  if (kept_.keeps())
    keep(what, key);
  seen_.remember(std::move(key), state_.top, what.now);
  state_.first = state_.top + 1 - kept_.size();
  return appended{accepted, state_.top};
}

void memory_room_store::keep(const new_entry& what, std::string key) {
  kept_.push({what.now, bytes_of(what), std::move(key), what.what}, what.now);
  kept_bytes_ = kept_.bytes();
}

void memory_room_store::read(std::uint64_t from, std::size_t limit,
                             std::int64_t now, then<entries> answer) {
  count(counts_->reads);
  trim(now);
  limit = std::min(limit, read_entries_max);
  entries found;
  std::size_t bytes = 0;
  for (auto n = std::max(from, state_.first) - state_.first;
       n < kept_.size() && found.size() < limit; ++n) {
    bytes += kept_[n].bytes;
    if (!found.empty() && bytes > read_bytes_max)
      break;
    found.push_back(entry_at(n));
  }
  answer(std::move(found));
}

log_entry memory_room_store::entry_at(std::size_t n) const {
  const auto& kept = kept_[n];
  auto [session, id] = parts_of(kept.key);
  return {state_.first + n, kept.stored, std::string{session}, std::move(id),
          kept.what};
}

void memory_room_store::trim(std::int64_t now) {
  state_.first += kept_.trim(now);
  count_bytes();
}

void memory_room_store::count_bytes() {
  kept_bytes_ = kept_.bytes();
  seen_bytes_ = seen_.size() * bytes_per_seen;
}

void memory_room_store::forget(std::int64_t, then<void> answer) {
  seen_.clear();
  kept_.clear();
  count_bytes();
  state_ = {new_epoch()};
  answer({});
}

} // namespace

memory_store::memory_store() = default;
memory_store::~memory_store() = default;

std::unique_ptr<room_store>
memory_store::open(const room_key&, const log_bounds& bounds, std::int64_t,
                   loop_entrance& loop, room_store::listener&) {
  std::lock_guard lock{mutex_};
  auto& counts = by_loop_[&loop];
  if (!counts)
    counts = std::make_shared<counters>();
  return std::make_unique<memory_room_store>(bounds, counts);
}

store_statistics memory_store::statistics() const {
  std::lock_guard lock{mutex_};
  store_statistics sum;
  for (const auto& [loop, each] : by_loop_) {
    sum.open += each->open.load(std::memory_order_relaxed);
    sum.accepted += each->accepted.load(std::memory_order_relaxed);
    sum.duplicates += each->duplicates.load(std::memory_order_relaxed);
    sum.conflicts += each->conflicts.load(std::memory_order_relaxed);
    sum.reads += each->reads.load(std::memory_order_relaxed);
  }
  return sum;
}

} // namespace greenroom
