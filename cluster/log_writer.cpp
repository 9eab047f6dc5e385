#include "cluster/log_writer.hpp"

#include <algorithm>
#include <utility>

#include "cluster/stored_message.hpp"
#include "core/crash.hpp"
#include "core/events.hpp"
#include "core/fault_point.hpp"
#include "core/message_key.hpp"

namespace greenroom::cluster {

using std::chrono::milliseconds;

namespace {

/// Between two pieces of cleaning up, so that it takes a small part of the
/// disk.
constexpr milliseconds house_pause{50};

/// A log that is open, though its time has come, is looked at again by then.
constexpr std::chrono::hours look_again{1};

/// Open logs that have more to delete, in one piece.
constexpr std::size_t house_logs_max = 16;

/// A disk that stays full is not told about with every commit.
constexpr std::chrono::seconds told_every{10};

boost::system::result<log_entry, decode_error> entry_of(const stored_row& row) {
  auto said = decode_stored(row.what);
  if (!said)
    return std::move(said).error();
  auto [session, id] = parts_of(row.key);
  return log_entry{row.offset, row.stored, std::string{session}, std::move(id),
                   std::make_shared<const room_event>(std::move(*said))};
}

/// What is being handled as a failure of the file: what was to be done is
/// refused, and what is in memory of it forgotten, whoever failed.
sqlite_failure failure_now() {
  try {
    throw;
  } catch (const sqlite_failure& why) {
    return why;
  } catch (...) {
    return {0, tell_crash("store")};
  }
}

void tell_failure(const std::string& path, const sqlite_failure& why) {
  log::emit(events::store_failed, {{"path", path}, {"reason", why.text}});
}

std::int64_t system_now() {
  return std::chrono::duration_cast<milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

} // namespace

log_writer::log_writer(const sqlite_options& options,
                       std::unique_ptr<log_tables> tables, call_queue& calls,
                       store_counters& counts)
  : options_(options),
    tables_(std::move(tables)),
    calls_(calls),
    counts_(counts),
    next_sweep_(steady_clock::now() + options.sweep_interval) {
  if (!options_.wall_now)
    options_.wall_now = system_now;
}

void log_writer::run() {
  // While there is something to read, it does not wait for more.
  while (auto calls =
             calls_.take(reads_.empty() ? next_sweep_ : steady_clock::now())) {
    if (!calls->empty())
      serve(std::move(*calls));
    read_some(options_.reads_at_once);
    if (steady_clock::now() >= next_sweep_)
      keep_house();
  }
  read_some(SIZE_MAX);
}

// -- what came together -------------------------------------------------------

void log_writer::serve(std::vector<log_call> calls) {
  // What was asked for before a log is forgotten is answered before.
  bool forgets = std::ranges::any_of(calls, [](const log_call& each) {
    return std::holds_alternative<log_call::forgetting>(each.what);
  });
  if (forgets)
    read_some(SIZE_MAX);
  if (!write_all(calls))
    refuse_all(calls);
  put_off_reads(calls);
  if (forgets)
    read_some(SIZE_MAX);
  for (const auto& call : calls)
    count(call);
  counts_.open = open_.size();
  answer(std::move(calls));
}

/// False: nothing of it is in the file.
bool log_writer::write_all(std::vector<log_call>& calls) {
  try {
    for (auto& call : calls)
      decide(call);
    for (const auto& line : std::exchange(changed_, {}))
      write(line);
    if (tables_->in_transaction())
      commit();
    return true;
  } catch (...) {
    note_failed_write(failure_now());
    return false;
  }
}

/// Whether the call's log is there, or can be read: one that cannot must not
/// cost the others their commit. Where not, the call is refused.
bool log_writer::load(log_call& call, std::int64_t now) {
  return safely(call, [&] {
    if (!call.line->log && sqlite_log::is_new(*tables_, call.line->room))
      begin();
    (void)log_of(*call.line, now);
  });
}

template <class Read>
bool log_writer::safely(log_call& call, Read read_it) {
  auto writing = tables_->in_transaction();
  try {
    read_it();
    return true;
  } catch (...) {
    if (writing && !tables_->in_transaction())
      throw; // What was written before is gone with it.
    note_failed_read(failure_now());
    call.refused = true;
    call.said = {appended::verdict::unavailable, 0};
    return false;
  }
}

void log_writer::decide(log_call& call) {
  fault_point("store.decide",
              [&] { return std::string_view{call.line->room.id}; });
  call.number = ++decided_;
  std::visit([&](auto& what) { decide(call, what); }, call.what);
  if (call.line->log) {
    call.first = call.line->log->first();
    call.top = call.line->log->top();
  }
}

void log_writer::decide(log_call& call, log_call::opening& what) {
  auto& line = call.line;
  if (!open_.emplace(line->room, line).second) {
    call.refused = true; // Two at once would give the same offsets.
    return;
  }
  if (!load(call, what.now) || !safely(call, [&] {
        auto keys = line->log->read_keys(*tables_, what.now);
        what.keys = std::move(keys.found);
        if (keys.unreadable > 0)
          note_failed_read({0, "keys of a room's state cannot be read"});
      }))
    return leave(line);
  call.epoch = line->log->epoch();
  if (line->log->has_rest())
    erase_later(line);
}

void log_writer::decide(log_call& call, new_message& what) {
  if (!load(call, what.now))
    return;
  call.said = call.line->log->append(std::move(what));
  if (call.said.is == appended::verdict::accepted)
    change(call.line);
}

void log_writer::decide(log_call& call, sqlite_log::setting& what) {
  what.said = {key_answer::verdict::unavailable};
  if (!load(call, what.now))
    return;
  begin();
  call.line->log->set(*tables_, what);
  if (what.is_change)
    change(call.line);
}

void log_writer::decide(log_call& call, log_call::reading& what) {
  if (!load(call, what.now)) {
    call.refused = false; // It is tried again when its turn comes.
    return;
  }
  auto& log = *call.line->log;
  // Is written with the next message: who reads is not to wait for the disk.
  log.trim(what.now);
  what.log = log.number();
}

void log_writer::decide(log_call& call, const log_call::trimming& what) {
  if (!load(call, what.now))
    return;
  auto& log = *call.line->log;
  log.trim(what.now);
  if (log.is_changed())
    change(call.line);
}

void log_writer::decide(log_call& call, const log_call::forgetting& what) {
  auto& line = *call.line;
  if (!load(call, what.now))
    return;
  begin();
  tables_->orphan(line.log->number());
  line.log.reset();
  call.epoch = log_of(line, what.now).epoch();
}

void log_writer::decide(log_call& call, const log_call::closing&) {
  auto& line = call.line;
  auto is = open_.find(line->room);
  if (is == open_.end() || is->second != line)
    return; // It could not be opened.
  if (line->log && line->log->top() == 0 && !line->log->has_keys()) {
    begin();
    tables_->remove(line->log->number());
  } else {
    // Now: who opens it next, maybe in this very batch, reads it from the file.
    write(line);
  }
  line->log.reset();
  open_.erase(is);
}

void log_writer::change(const std::shared_ptr<log_line>& line) {
  if (!std::exchange(line->to_write, true))
    changed_.push_back(line);
}

void log_writer::write(const std::shared_ptr<log_line>& line) {
  line->to_write = false;
  if (!line->log || !line->log->is_changed())
    return;
  begin();
  auto had_rest = line->log->has_rest();
  line->log->write(*tables_);
  if (!line->log->has_rest() || had_rest)
    return;
  erase_later(line);
}

void log_writer::erase_later(const std::shared_ptr<log_line>& line) {
  with_rest_.push_back(line);
  next_sweep_ = std::min(next_sweep_, steady_clock::now() + house_pause);
}

void log_writer::begin() {
  if (!tables_->in_transaction())
    tables_->begin();
}

void log_writer::commit() {
  auto start = steady_clock::now();
  tables_->commit();
  auto took = std::chrono::duration_cast<std::chrono::microseconds>(
      steady_clock::now() - start);
  counts_.commit_us += static_cast<std::uint64_t>(took.count());
  ++counts_.commits;
  note_recovery();
}

/// What was decided did not become true. The file says what is.
void log_writer::refuse_all(std::vector<log_call>& calls) {
  changed_.clear();
  tables_->roll_back();
  for (auto& call : calls) {
    call.line->log.reset();
    call.line->to_write = false;
    if (auto* reading = std::get_if<log_call::reading>(&call.what)) {
      reading->log = 0; // Maybe it can be read all the same.
      continue;
    }
    if (std::holds_alternative<log_call::opening>(call.what)
        || std::holds_alternative<log_call::closing>(call.what))
      leave(call.line);
    if (auto* setting = std::get_if<sqlite_log::setting>(&call.what)) {
      setting->said = {key_answer::verdict::unavailable};
      setting->is_change = false;
    }
    call.refused = true;
    call.said = {appended::verdict::unavailable, 0};
  }
}

void log_writer::leave(const std::shared_ptr<log_line>& line) {
  auto is = open_.find(line->room);
  if (is != open_.end() && is->second == line)
    open_.erase(is);
}

// -- reading ------------------------------------------------------------------

/// Behind the commit, so that nobody is shown what a crash would take back, and
/// behind the answers to those who say something.
void log_writer::put_off_reads(std::vector<log_call>& calls) {
  // Not of std::ranges: clang 14 does not take what these give.
  auto others = std::stable_partition(
      calls.begin(), calls.end(), [](const log_call& each) {
        return !std::holds_alternative<log_call::reading>(each.what);
      });
  std::move(others, calls.end(), std::back_inserter(reads_));
  calls.erase(others, calls.end());
}

void log_writer::read_some(std::size_t most) {
  std::vector<log_call> done;
  for (; most > 0 && !reads_.empty(); --most) {
    auto call = std::move(reads_.front());
    reads_.pop_front();
    read(call, std::get<log_call::reading>(call.what));
    count(call);
    done.push_back(std::move(call));
  }
  if (!done.empty())
    answer(std::move(done));
}

sqlite_log& log_writer::log_of(log_line& line, std::int64_t now) {
  if (!line.log)
    line.log.emplace(*tables_, line.room, line.bounds, now);
  return *line.log;
}

void log_writer::read(log_call& call, log_call::reading& what) {
  auto is = open_.find(call.line->room);
  if (is == open_.end() || is->second != call.line)
    return; // It was closed: nobody will hear this.
  try {
    fault_point("store.read",
                [&] { return std::string_view{call.line->room.id}; });
    auto& log = log_of(*call.line, what.now);
    if (what.log != 0 && what.log != log.number())
      return; // It was forgotten.
    // As it is now, not as it was when this was asked for: what was answered
    // since has to be in it, or a room in which much is said would read on and
    // on to catch up.
    call.number = ++decided_;
    call.first = log.first();
    call.top = log.top();
    auto from = std::max(what.from, log.first());
    auto limit = std::min(what.limit, read_entries_max);
    if (limit == 0 || from > log.top())
      return;
    std::size_t bytes = 0;
    std::string bad; // Why one could not be read: it must not stop the rest.
    tables_->each_message(log.number(), from, log.top(),
                          [&](const stored_row& row) {
                            bytes += row.bytes;
                            if (!what.found.empty() && bytes > read_bytes_max)
                              return false;
                            if (auto entry = entry_of(row))
                              what.found.push_back(std::move(*entry));
                            else if (bad.empty())
                              bad = "message " + std::to_string(row.offset)
                                    + ": " + entry.error().text;
                            return what.found.size() < limit;
                          });
    if (!bad.empty())
      log::emit(events::store_rejected,
                {{"room", call.line->room.id}, {"reason", bad}});
  } catch (...) {
    note_failed_read(failure_now());
    call.refused = true;
  }
}

void log_writer::count(const log_call& call) {
  if (std::holds_alternative<log_call::reading>(call.what))
    ++counts_.reads;
  if (const auto* setting = std::get_if<sqlite_log::setting>(&call.what)) {
    using enum key_answer::verdict;
    counts_.keys_set += setting->said.is == accepted ? 1 : 0;
    counts_.conflicts += setting->said.is == conflict ? 1 : 0;
    counts_.unavailable += setting->said.is == unavailable ? 1 : 0;
  }
  if (!std::holds_alternative<new_message>(call.what))
    return;
  switch (call.said.is) {
  case appended::verdict::accepted:
    ++counts_.accepted;
    break;
  case appended::verdict::duplicate:
    ++counts_.duplicates;
    break;
  case appended::verdict::conflict:
    ++counts_.conflicts;
    break;
  case appended::verdict::unavailable:
    ++counts_.unavailable;
    ++refused_;
    break;
  }
}

/// One way into each loop for all that it has to hear.
void log_writer::answer(std::vector<log_call> calls) {
  std::vector<std::pair<loop_entrance*, std::vector<log_call>>> by_loop;
  for (auto& call : calls) {
    auto* loop = &call.line->loop;
    auto is =
        std::ranges::find(by_loop, loop, &decltype(by_loop)::value_type::first);
    if (is == by_loop.end())
      is = by_loop.insert(is, {loop, {}});
    is->second.push_back(std::move(call));
  }
  for (auto& [loop, its] : by_loop)
    loop->call([all = std::make_shared<std::vector<log_call>>(std::move(its))] {
      for (auto& call : *all)
        tell(call);
    });
}

// -- beside all that ----------------------------------------------------------

void log_writer::keep_house() {
  log_tables::swept swept;
  try {
    tables_->begin();
    erase_rests();
    swept = tables_->sweep(options_.wall_now(), [this](const room_key& room) {
      return left_alone(room);
    });
    tables_->commit();
    counts_.cleared += swept.logs;
  } catch (...) {
    note_failed_write(failure_now());
    tables_->roll_back();
    // It may be that more is left than they think.
    for (const auto& [room, line] : open_)
      line->log.reset();
    with_rest_.clear();
  }
  auto pause = swept.more || !with_rest_.empty()
                   ? std::min(house_pause, options_.sweep_interval)
                   : options_.sweep_interval;
  next_sweep_ = steady_clock::now() + pause;
}

/// None: nobody has it open.
std::optional<std::int64_t> log_writer::left_alone(const room_key& room) const {
  auto is = open_.find(room);
  if (is == open_.end())
    return std::nullopt;
  bool has_keys = is->second->log && is->second->log->has_keys();
  return milliseconds{has_keys ? kept_unasked : look_again}.count();
}

void log_writer::erase_rests() {
  for (auto n = std::min(with_rest_.size(), house_logs_max); n > 0; --n) {
    auto line = std::move(with_rest_.front());
    with_rest_.pop_front();
    if (!line->log || !line->log->has_rest())
      continue;
    line->log->erase(*tables_);
    if (line->log->has_rest())
      with_rest_.push_back(std::move(line));
  }
}

void log_writer::note_failed_write(const sqlite_failure& why) {
  ++counts_.failures;
  auto now = steady_clock::now();
  if (!std::exchange(failing_, true)) {
    failing_since_ = now;
    refused_ = 0;
  } else if (now < told_of_write_ + told_every) {
    return;
  }
  told_of_write_ = now;
  tell_failure(options_.path, why);
}

void log_writer::note_failed_read(const sqlite_failure& why) {
  ++counts_.failures;
  auto now = steady_clock::now();
  if (now < told_of_read_ + told_every)
    return;
  told_of_read_ = now;
  tell_failure(options_.path, why);
}

void log_writer::note_recovery() {
  if (!std::exchange(failing_, false))
    return;
  log::emit(events::store_recovered,
            {{"path", options_.path},
             {"refused", refused_},
             {"failing_ms", std::chrono::duration_cast<milliseconds>(
                                steady_clock::now() - failing_since_)
                                .count()}});
}

} // namespace greenroom::cluster
