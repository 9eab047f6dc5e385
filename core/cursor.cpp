#include "core/cursor.hpp"

#include <algorithm>
#include <utility>

namespace greenroom {

cursor::cursor(owner& audience, lane& of, outbox& out, slow_policy slow)
  : audience_(audience), lane_(of), out_(out), at_(of.head()), slow_(slow) {}

cursor::~cursor() {
  out_.forget(*this);
  set_lagging(false);
}

void cursor::skip_own(position begin, position end) {
  if (!own_.empty() && own_.back().end == begin)
    own_.back().end = end;
  else
    own_.push_back({begin, end});
  settle();
}

void cursor::advance() {
  if (!out_.takes()) {
    // The connection closes: nothing of the lane is for it any more.
    move_to(lane_.head());
    set_lagging(false);
    return;
  }
  if (in_gap_ && out_.stops_sources()) {
    widen_gap();
    return;
  }
  prepare();
  settle();
  if (drained())
    return;
  if (out_.stops_sources())
    blocked();
  if (!drained())
    out_.mark(*this);
}

void cursor::finish() {
  prepare();
  auto from = at_;
  auto push_until = [&](position end) {
    while (out_.takes() && from < end) {
      auto border = lane_.frame_end(from + 1);
      out_.pass_on(lane_.share(from, border));
      from = border;
    }
  };
  for (const auto& own : own_) {
    push_until(own.begin);
    from = std::max(from, own.end);
  }
  push_until(lane_.head());
  at_ = lane_.head();
  own_.clear();
  out_.forget(*this);
  set_lagging(false);
}

void cursor::prepare() {
  if (in_gap_)
    end_gap();
}

std::size_t cursor::gather(std::span<iovec> into) {
  if (own_.empty()) // As nearly always: all there is, in one run.
    return at_ < lane_.head() ? lane_.gather(at_, lane_.head(), into) : 0;
  std::size_t used = 0;
  for (auto from = at_; from < lane_.head() && used < into.size();) {
    auto run = next_run(from);
    used += lane_.gather(run.begin, run.end, into.subspan(used));
    from = run.end;
  }
  return used;
}

slice cursor::sent(std::size_t bytes) {
  if (own_.empty() && at_ + bytes == lane_.head()) { // And all of it went out.
    at_ = lane_.head();
    set_lagging(false);
    return {};
  }
  auto from = at_;
  while (bytes > 0) {
    auto run = next_run(from);
    auto taken = std::min<position>(bytes, run.end - run.begin);
    from = run.begin + taken;
    bytes -= taken;
  }
  auto border = lane_.frame_end(from);
  auto rest = lane_.share(from, border);
  move_to(border);
  if (drained())
    set_lagging(false);
  return rest;
}

bool cursor::drained() const {
  return at_ >= lane_.head() && !in_gap_;
}

void cursor::blocked() {
  if (!drained()) {
    set_lagging(true);
    check_lag();
  }
}

void cursor::check_lag() {
  if (in_gap_ || lane_.head() - at_ <= out_.bytes_max())
    return;
  if (slow_ == slow_policy::close)
    out_.too_slow();
  else
    begin_gap();
}

/// From here on the member holds nothing of the lane; what it misses is told
/// once, when its socket takes bytes again.
void cursor::begin_gap() {
  in_gap_ = true;
  missed_ = {};
  widen_gap();
  set_lagging(false);
}

void cursor::widen_gap() {
  auto missed = lane_.offsets_between(at_, lane_.head());
  if (missed.first != 0) {
    missed_.first = missed_.first != 0 ? missed_.first : missed.first;
    missed_.last = missed.last;
  }
  out_.mark(*this);
  audience_.skipped(*this, lane_.head() - at_);
  move_to(lane_.head());
}

void cursor::end_gap() {
  in_gap_ = false;
  out_.push(audience_.end_gap(*this, std::exchange(missed_, {})));
}

void cursor::move_to(position at) {
  at_ = at;
  settle();
}

void cursor::set_lagging(bool on) {
  if (lagging_ == on)
    return;
  lagging_ = on;
  audience_.lagging(*this, on);
}

/// Steps over own frames that the cursor stands before.
void cursor::settle() {
  auto passed = own_.begin();
  while (passed != own_.end() && passed->begin <= at_) {
    at_ = std::max(at_, passed->end);
    ++passed;
  }
  own_.erase(own_.begin(), passed);
  if (own_.empty() && own_.capacity() > 64)
    own_.shrink_to_fit();
}

/// The next bytes to send at or after `from`, up to an own frame or the head.
cursor::range cursor::next_run(position from) const {
  auto end = lane_.head();
  for (const auto& own : own_) {
    if (own.end <= from)
      continue;
    if (own.begin > from) {
      end = own.begin;
      break;
    }
    from = own.end;
  }
  return {from, std::max(from, end)};
}

} // namespace greenroom
