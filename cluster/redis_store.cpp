#include "cluster/redis_store.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "cluster/redis_logs.hpp"
#include "core/message_key.hpp"
#include "core/random_id.hpp"

namespace greenroom::cluster {

namespace {

/// What is drawn for a message without an id: unique among those that are
/// remembered at a time.
constexpr std::size_t mark_characters = 13;

/// What loops and the store's own share. Rooms may outlive the store.
class entrance : public std::enable_shared_from_this<entrance> {
public:
  entrance(loop_entrance& home, const redis_store_options& how)
    : home_(home),
      waiting_max_(how.waiting_max),
      waiting_bytes_max_(how.waiting_bytes_max),
      reading_max_(how.reading_max) {}

  /// Any thread. False: the store is gone; `what` is still the caller's.
  bool push(log_request& what) {
    what.since = std::chrono::steady_clock::now();
    std::lock_guard lock{mutex_};
    if (logs_ == nullptr)
      return false;
    waiting_.push_back(std::move(what));
    // One entry for all that comes until it runs.
    if (waiting_.size() == 1)
      home_.call([self = weak_from_this()] {
        if (auto here = self.lock())
          here->drain();
      });
    return true;
  }

  /// Whether one more append of so many bytes may wait; then it is counted.
  bool admits(std::uint64_t bytes) {
    // Of what waits, reads have places of their own.
    if (counts.waiting.fetch_add(1) < waiting_max_ + reading_) {
      if (counts.waiting_bytes.fetch_add(bytes) + bytes <= waiting_bytes_max_)
        return true;
      counts.waiting_bytes -= bytes;
    }
    --counts.waiting;
    return false;
  }

  /// Whether one more read may wait: then it does until what is given is gone.
  std::shared_ptr<void> admit_read() {
    if (reading_.fetch_add(1) >= reading_max_) {
      --reading_;
      return nullptr;
    }
    ++counts.waiting;
    return {this, [self = weak_from_this()](void*) {
              if (auto here = self.lock())
                --here->reading_;
            }};
  }

  void leaves(std::uint64_t bytes) {
    --counts.waiting;
    counts.waiting_bytes -= bytes;
  }

  void lead_to(redis_logs* logs) {
    std::lock_guard lock{mutex_};
    logs_ = logs;
  }

  /// On the store's loop.
  void drain() {
    std::unique_lock lock{mutex_};
    auto now = std::exchange(waiting_, {});
    auto* logs = logs_;
    lock.unlock();
    if (logs != nullptr)
      logs->take(std::move(now));
  }

  redis_store_counters counts;

private:
  loop_entrance& home_;
  const std::size_t waiting_max_;
  const std::size_t waiting_bytes_max_;
  const std::size_t reading_max_;
  std::atomic<std::size_t> reading_{0};
  std::mutex mutex_;
  redis_logs* logs_ = nullptr;
  std::vector<log_request> waiting_;
};

/// One room's side of it, on the room's loop.
class redis_room_store final : public room_store {
public:
  redis_room_store(std::shared_ptr<entrance> into,
                   std::shared_ptr<shared_line> line)
    : into_(std::move(into)), line_(std::move(line)) {
    push(log_request::opening{});
  }

  ~redis_room_store() override {
    line_->to = nullptr;
    push(log_request::closing{});
  }

  [[nodiscard]] bool is_open() const override { return line_->is_open; }
  [[nodiscard]] const log_state& state() const override { return line_->state; }

  std::optional<appended> append(const new_entry& what) override;
  void read(std::uint64_t from, std::size_t limit, std::int64_t now,
            then<entries> answer) override;
  [[nodiscard]] bool keeps_state() const override { return true; }
  std::optional<key_answer> set(const new_key& what) override;
  void trim(std::int64_t now) override { push(log_request::trimming{now}); }
  void forget(std::int64_t now, then<void> answer) override;

private:
  bool push(decltype(log_request::what) what) {
    log_request request{line_, std::move(what), {}};
    return into_->push(request);
  }

  std::shared_ptr<entrance> into_;
  std::shared_ptr<shared_line> line_;
};

std::optional<appended> redis_room_store::append(const new_entry& what) {
  auto bytes = bytes_of(what);
  if (into_->admits(bytes)) {
    auto key = protocol::is_set(what.id)
                   ? message_key(what.session, what.id)
                   : drawn_key(what.session, random_id("", mark_characters));
    auto entry = pack_entry(what.now, bytes, key, what.what);
    if (push(log_request::appending{
            std::move(key),
            std::move(entry),
            {0, what.now, std::string{what.session}, what.id, what.what},
            expected_text(what.expected, line_->state.epoch),
            what.now,
            bytes}))
      return std::nullopt;
    into_->leaves(bytes);
  }
  ++into_->counts.unavailable;
  return appended{appended::verdict::unavailable, line_->state.top};
}

std::optional<key_answer> redis_room_store::set(const new_key& what) {
  auto bytes = bytes_of(what.what);
  if (into_->admits(bytes)) {
    if (push(log_request::setting{
            pack_key(what.what), what.what,
            expected_text(what.expected, line_->state.epoch), what.now, bytes}))
      return std::nullopt;
    into_->leaves(bytes);
  }
  ++into_->counts.unavailable;
  return key_answer{key_answer::verdict::unavailable};
}

void redis_room_store::read(std::uint64_t from, std::size_t limit,
                            std::int64_t now, then<entries> answer) {
  auto place = into_->admit_read();
  if (!place)
    return answer(store_error::unavailable);
  log_request what{
      line_,
      log_request::reading{from, limit, now,
                           [place, answer = std::move(answer)](auto found) {
                             answer(std::move(found));
                           }},
      {}};
  if (into_->push(what))
    return;
  into_->leaves(0);
  std::get<log_request::reading>(what.what).answer(store_error::unavailable);
}

void redis_room_store::forget(std::int64_t now, then<void> answer) {
  log_request what{line_, log_request::forgetting{now, std::move(answer)}, {}};
  if (!into_->push(what))
    std::get<log_request::forgetting>(what.what).answer(
        store_error::unavailable);
}

class redis_store final : public store {
public:
  redis_store(const redis_loop& in, loop_entrance& home,
              redis_store_options how)
    : into_(std::make_shared<entrance>(home, how)),
      logs_(std::make_unique<redis_logs>(in, std::move(how), into_->counts)) {
    into_->lead_to(logs_.get());
  }

  ~redis_store() override {
    into_->drain();
    into_->lead_to(nullptr);
  }

  [[nodiscard]] bool is_shared() const override { return true; }

  std::unique_ptr<room_store> open(const room_key& room,
                                   const log_bounds& bounds, std::int64_t,
                                   loop_entrance& loop,
                                   room_store::listener& to) override {
    return std::make_unique<redis_room_store>(
        into_, std::make_shared<shared_line>(
                   shared_line{room, bounds, loop, &to, false, {}}));
  }

  [[nodiscard]] store_statistics statistics() const override {
    const auto& counts = into_->counts;
    store_statistics to;
    to.open = counts.open;
    to.accepted = counts.accepted;
    to.duplicates = counts.duplicates;
    to.conflicts = counts.conflicts;
    to.unavailable = counts.unavailable;
    to.reads = counts.reads;
    to.keys_set = counts.keys_set;
    to.waiting = counts.waiting;
    to.failures = counts.failures;
    return to;
  }

private:
  std::shared_ptr<entrance> into_;
  std::unique_ptr<redis_logs> logs_; ///< Goes first.
};

} // namespace

std::unique_ptr<store> make_redis_store(const redis_loop& in,
                                        loop_entrance& home,
                                        redis_store_options how) {
  return std::make_unique<redis_store>(in, home, std::move(how));
}

} // namespace greenroom::cluster
