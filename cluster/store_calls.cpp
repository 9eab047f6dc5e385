#include "cluster/store_calls.hpp"

namespace greenroom::cluster {

namespace {

void tell(log_line& line, log_call& call, log_call::opening& what) {
  if (!call.refused && !what.keys.empty())
    line.to->state_heard(std::move(what.keys), true);
  if (line.to == nullptr)
    return; // It has closed the log.
  line.is_open = !call.refused;
  if (call.refused)
    line.to->log_opened(store_error::unavailable);
  else
    line.to->log_opened({});
}

void tell(log_line& line, log_call& call, new_message&) {
  line.to->log_appended(call.said);
}

void tell(log_line& line, log_call&, sqlite_log::setting& what) {
  if (what.is_change)
    line.to->state_heard({std::move(what.is)}, false);
  if (line.to != nullptr)
    line.to->state_answered(what.said);
}

void tell(log_line&, log_call& call, log_call::reading& what) {
  if (call.refused)
    what.answer(store_error::unavailable);
  else
    what.answer(std::move(what.found));
}

void tell(log_line& line, log_call& call, log_call::forgetting& what) {
  if (!call.refused)
    line.to->state_heard({}, true);
  if (line.to == nullptr)
    return; // It has closed the log.
  if (call.refused)
    what.answer(store_error::unavailable);
  else
    what.answer({});
}

void tell(log_line&, log_call&, log_call::trimming&) {}

void tell(log_line&, log_call&, log_call::closing&) {}

} // namespace

void tell(log_call& call) {
  auto& line = *call.line;
  if (line.to == nullptr)
    return;
  // What a read saw is older than what was answered before it.
  if (!call.refused && call.number > line.told) {
    line.told = call.number;
    line.state.first = call.first;
    line.state.top = call.top;
    if (!call.epoch.empty())
      line.state.epoch = std::move(call.epoch);
  }
  std::visit([&](auto& what) { tell(line, call, what); }, call.what);
}

bool call_queue::push(log_call& what, std::size_t bytes) {
  std::lock_guard lock{mutex_};
  if (closed_ || calls_.size() - waiting_reads_ + taken_calls_ >= calls_max_
      || bytes_ + taken_bytes_ + bytes > bytes_max_)
    return false;
  bytes_ += bytes;
  add(what);
  return true;
}

bool call_queue::push_read(log_call& what) {
  std::lock_guard lock{mutex_};
  if (closed_ || *reads_ >= reads_max_)
    return false;
  ++*reads_;
  ++waiting_reads_;
  std::get<log_call::reading>(what.what).place = {nullptr,
                                                  [reads = reads_](void*) {
                                                    --*reads;
                                                  }};
  add(what);
  return true;
}

bool call_queue::push_always(log_call what) {
  std::lock_guard lock{mutex_};
  if (closed_)
    return false;
  add(what);
  return true;
}

void call_queue::add(log_call& what) {
  calls_.push_back(std::move(what));
  // Waking costs a system call, so only who sleeps is woken.
  if (std::exchange(sleeps_, false))
    came_.notify_one();
}

std::optional<std::vector<log_call>>
call_queue::take(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock{mutex_};
  taken_calls_ = 0;
  taken_bytes_ = 0;
  while (calls_.empty() && !closed_) {
    sleeps_ = true;
    if (came_.wait_until(lock, until) == std::cv_status::timeout)
      break;
  }
  sleeps_ = false;
  if (calls_.empty() && closed_)
    return std::nullopt;
  taken_calls_ = calls_.size() - std::exchange(waiting_reads_, 0);
  taken_bytes_ = std::exchange(bytes_, 0);
  return std::exchange(calls_, {});
}

void call_queue::close() {
  std::lock_guard lock{mutex_};
  closed_ = true;
  came_.notify_one();
}

std::size_t call_queue::waiting() {
  std::lock_guard lock{mutex_};
  return calls_.size() - waiting_reads_ + taken_calls_ + *reads_;
}

} // namespace greenroom::cluster
