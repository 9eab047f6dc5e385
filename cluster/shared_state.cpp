#include "cluster/shared_state.hpp"

#include <utility>

namespace greenroom::cluster {

namespace {

std::size_t cost(const stored_key& what) {
  return bytes_of(what) + sizeof what;
}

} // namespace

bool shared_state::heard(std::vector<stored_key> changes) {
  bool fits = true;
  for (auto& each : changes)
    fits &= put(std::move(each));
  advance();
  return fits && ahead_.empty();
}

bool shared_state::put(stored_key what) {
  auto number = what.number;
  if (number <= have_)
    return true;
  auto bytes = cost(what);
  bool is_next = ahead_.empty() && number == have_ + 1;
  if (!is_next
      && (ahead_.size() >= ahead_max_
          || ahead_bytes_ + bytes > ahead_bytes_max_))
    return false;
  if (ahead_.try_emplace(number, std::move(what)).second)
    ahead_bytes_ += bytes;
  return true;
}

void shared_state::turn(std::string epoch) {
  epoch_ = std::move(epoch);
  drop_ahead_to(UINT64_MAX);
  have_ = 0;
  // Whether the change is in this epoch nobody knows.
  for (auto& each : waiting_)
    if (each.epoch != epoch_)
      each.how = {key_answer::verdict::unavailable};
}

void shared_state::whole(std::uint64_t number, std::vector<stored_key> keys) {
  if (number < have_)
    return; // More was heard while it was read.
  have_ = number;
  drop_ahead_to(number);
  to_.state_tells(std::move(keys), true);
  release();
  advance();
}

void shared_state::drop_ahead_to(std::uint64_t number) {
  while (!ahead_.empty() && ahead_.begin()->first <= number) {
    ahead_bytes_ -= cost(ahead_.begin()->second);
    ahead_.erase(ahead_.begin());
  }
}

void shared_state::advance() {
  std::vector<stored_key> next;
  while (!ahead_.empty() && ahead_.begin()->first == have_ + 1) {
    auto first = ahead_.begin();
    ahead_bytes_ -= cost(first->second);
    next.push_back(std::move(first->second));
    ahead_.erase(first);
    ++have_;
  }
  if (!next.empty())
    to_.state_tells(std::move(next), false);
  release();
}

void shared_state::answered(const key_answer& how, const std::string& epoch,
                            std::uint64_t bytes, steady since) {
  waiting_.push_back({how, epoch, bytes, since});
  release();
}

void shared_state::release() {
  while (!waiting_.empty()) {
    const auto& first = waiting_.front();
    bool is_known = first.how.is == key_answer::verdict::unavailable
                    || (first.epoch == epoch_ && first.how.number <= have_);
    if (!is_known)
      return;
    auto is = std::move(waiting_.front());
    waiting_.pop_front();
    to_.state_answers(is.how, is.bytes);
  }
}

void shared_state::give_up_older(steady then) {
  for (auto& each : waiting_)
    if (each.since < then)
      each.how = {key_answer::verdict::unavailable};
  release();
}

} // namespace greenroom::cluster
