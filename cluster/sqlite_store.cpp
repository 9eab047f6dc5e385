#include "cluster/sqlite_store.hpp"

#include <thread>
#include <utility>

#include "cluster/log_writer.hpp"
#include "core/events.hpp"
#include "core/message_key.hpp"

namespace greenroom::cluster {

namespace {

/// What loops and the thread share. Rooms may outlive the store.
struct common {
  explicit common(const sqlite_options& options)
    : calls(options.waiting_max, options.waiting_bytes_max, options.reads_max) {
  }

  call_queue calls;
  store_counters counts;
};

/// One room's side of it, on the room's loop.
class sqlite_room_store final : public room_store {
public:
  sqlite_room_store(std::shared_ptr<common> with,
                    std::shared_ptr<log_line> line, std::int64_t now)
    : with_(std::move(with)), line_(std::move(line)) {
    with_->calls.push_always({line_, log_call::opening{now, {}}});
  }

  ~sqlite_room_store() override {
    line_->to = nullptr;
    with_->calls.push_always({line_, log_call::closing{}});
  }

  [[nodiscard]] bool is_open() const override { return line_->is_open; }
  [[nodiscard]] const log_state& state() const override { return line_->state; }

  std::optional<appended> append(const new_entry& what) override;
  void read(std::uint64_t from, std::size_t limit, std::int64_t now,
            then<entries> answer) override;
  [[nodiscard]] bool keeps_state() const override { return true; }
  std::optional<key_answer> set(const new_key& what) override;
  void trim(std::int64_t now) override;
  void forget(std::int64_t now, then<void> answer) override;

private:
  std::shared_ptr<common> with_;
  std::shared_ptr<log_line> line_;
};

std::optional<appended> sqlite_room_store::append(const new_entry& what) {
  auto bytes = bytes_of(what);
  new_message message{what.what, message_key(what.session, what.id), bytes,
                      what.now, what.expected};
  log_call call{line_, std::move(message)};
  if (with_->calls.push(call, bytes))
    return std::nullopt;
  ++with_->counts.unavailable;
  return appended{appended::verdict::unavailable, line_->state.top};
}

std::optional<key_answer> sqlite_room_store::set(const new_key& what) {
  sqlite_log::setting setting{what.what, what.expected, what.now, {}, false};
  log_call call{line_, std::move(setting)};
  if (with_->calls.push(call, bytes_of(what.what)))
    return std::nullopt;
  ++with_->counts.unavailable;
  return key_answer{key_answer::verdict::unavailable};
}

void sqlite_room_store::read(std::uint64_t from, std::size_t limit,
                             std::int64_t now, then<entries> answer) {
  log_call::reading what{from, limit, now, std::move(answer), 0, {}, {}};
  log_call call{line_, std::move(what)};
  if (with_->calls.push_read(call))
    return;
  ++with_->counts.reads_refused;
  std::get<log_call::reading>(call.what).answer(store_error::unavailable);
}

void sqlite_room_store::trim(std::int64_t now) {
  // Where it has no time for this, there will be another.
  log_call call{line_, log_call::trimming{now}};
  (void)with_->calls.push(call, 0);
}

void sqlite_room_store::forget(std::int64_t now, then<void> answer) {
  log_call call{line_, log_call::forgetting{now, std::move(answer)}};
  if (!with_->calls.push(call, 0))
    std::get<log_call::forgetting>(call.what).answer(store_error::unavailable);
}

class sqlite_store final : public store {
public:
  sqlite_store(const sqlite_options& options,
               std::unique_ptr<log_tables> tables)
    : with_(std::make_shared<common>(options)),
      writer_(options, std::move(tables), with_->calls, with_->counts),
      thread_([this] { writer_.run(); }) {}

  ~sqlite_store() override {
    with_->calls.close();
    thread_.join();
  }

  std::unique_ptr<room_store> open(const room_key& room,
                                   const log_bounds& bounds, std::int64_t now,
                                   loop_entrance& loop,
                                   room_store::listener& to) override {
    auto line = std::make_shared<log_line>(
        log_line{room, bounds, loop, &to, false, {}, 0, std::nullopt, false});
    return std::make_unique<sqlite_room_store>(with_, std::move(line), now);
  }

  [[nodiscard]] store_statistics statistics() const override {
    auto& counts = with_->counts;
    return {counts.open,         counts.accepted,        counts.duplicates,
            counts.conflicts,    counts.unavailable,     counts.reads,
            counts.keys_set,     with_->calls.waiting(), counts.commits,
            counts.commit_us,    counts.failures,        counts.cleared,
            counts.reads_refused};
  }

private:
  std::shared_ptr<common> with_;
  log_writer writer_;
  std::thread thread_; ///< Goes first.
};

} // namespace

boost::system::result<std::unique_ptr<store>, sqlite_error>
open_sqlite_store(sqlite_options options) {
  try {
    auto tables = std::make_unique<log_tables>(options.path, options.vfs);
    log::emit(events::store_opened, {{"path", options.path},
                                     {"rooms", tables->rooms()},
                                     {"bytes", tables->file_bytes()}});
    return std::unique_ptr<store>{
        std::make_unique<sqlite_store>(options, std::move(tables))};
  } catch (const sqlite_failure& why) {
    return sqlite_error{"cannot keep rooms in '" + options.path
                        + "': " + why.text};
  }
}

} // namespace greenroom::cluster
