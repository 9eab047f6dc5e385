#include "core/outbox.hpp"

#include <algorithm>
#include <utility>

namespace greenroom {

namespace {

/// How much more than `bytes_max` one turn may bring a reader that keeps up.
constexpr std::size_t turn_factor = 16;

} // namespace

void outbox::push(slice frame) {
  if (takes() && frame.size() > 0)
    counted().own_frames.add();
  pass_on(std::move(frame));
}

void outbox::pass_on(slice frame) {
  if (!takes())
    return;
  if (held_) {
    own_bytes_ += frame.size();
    if (frame.size() > 0)
      waiting_.push_back(std::move(frame));
  } else {
    queue(std::move(frame));
  }
  too_much();
}

void outbox::too_much() {
  // One turn may bring a reader that keeps up more than the limit (lists of
  // large rooms, say), which it is sent at the turn's end: only a full socket
  // makes it slow. Bounded all the same.
  if (own_bytes() > (blocked_ ? bytes_max_ : turn_factor * bytes_max_))
    too_slow();
}

void outbox::push_transport(slice frame) {
  if (!shut_ && frame.size() > 0)
    counted().own_frames.add();
  queue(std::move(frame));
}

void outbox::queue(slice frame) {
  if (shut_ || frame.size() == 0)
    return;
  own_bytes_ += frame.size();
  own_.push_back(std::move(frame));
  sends_.add(*this);
}

void outbox::release(std::vector<slice> first) {
  held_ = false;
  for (auto& frame : first)
    push(std::move(frame));
  for (auto& frame : std::exchange(waiting_, {}))
    own_.push_back(std::move(frame)); // Counted when it came.
  if (!empty())
    sends_.add(*this);
}

void outbox::mark(source& from) {
  if (!takes()
      || std::find(ready_.begin(), ready_.end(), &from) != ready_.end())
    return;
  ready_.push_back(&from);
  sends_.add(*this);
}

void outbox::forget(source& from) {
  std::erase(ready_, &from);
  std::erase_if(drawn_, [&](const drawn& x) { return x.from == &from; });
}

std::size_t outbox::gather(std::span<iovec> into) {
  // By index: what a source pushes may end the connection and clear the list.
  for (std::size_t i = 0; !held_ && i < ready_.size(); ++i)
    ready_[i]->prepare();
  std::size_t used = 0;
  for (const auto& frame : own_) {
    if (used == into.size())
      break;
    auto bytes = frame.view();
    // sendmsg takes its buffers as mutable and does not write to them.
    into[used++] = {const_cast<char*>(bytes.data()), bytes.size()};
  }
  drawn_.clear();
  for (auto* from : ready_) {
    if (held_ || used == into.size())
      break;
    auto more = from->gather(into.subspan(used));
    std::size_t bytes = 0;
    for (auto i = used; i < used + more; ++i)
      bytes += into[i].iov_len;
    drawn_.push_back({from, bytes});
    used += more;
  }
  return used;
}

std::size_t outbox::frames() const {
  auto count = own_.size();
  for (const auto* from : ready_)
    count += from->frames();
  return count;
}

void outbox::sent(std::size_t bytes) {
  while (!own_.empty() && bytes > 0) {
    auto& first = own_.front();
    auto taken = std::min<std::size_t>(bytes, first.size());
    bytes -= taken;
    own_bytes_ -= taken;
    first.begin += static_cast<std::uint32_t>(taken);
    cut_in_frame_ = first.size() > 0;
    if (!cut_in_frame_)
      own_.pop_front();
  }
  for (const auto& part : drawn_) {
    auto taken = std::min(bytes, part.bytes);
    bytes -= taken;
    if (taken > 0)
      if (auto rest = part.from->sent(taken); rest.size() > 0) {
        own_bytes_ += rest.size();
        own_.push_front(std::move(rest));
        cut_in_frame_ = true;
      }
    if (taken < part.bytes)
      break;
  }
  drawn_.clear();
  if (ready_.size() == 1 && ready_.front()->drained()) // The usual case.
    ready_.clear();
  else
    std::erase_if(ready_, [](source* from) { return from->drained(); });
}

void outbox::set_blocked(bool on) {
  blocked_ = on;
  if (on)
    for (std::size_t i = 0; i < ready_.size(); ++i) // `blocked` may clear it.
      ready_[i]->blocked();
  if (on && takes() && own_bytes() > bytes_max_)
    too_slow();
}

void outbox::cut() {
  cut_ = true;
  ready_.clear();
  drawn_.clear();
  for (const auto& frame : std::exchange(waiting_, {}))
    own_bytes_ -= frame.size();
  while (own_.size() > (cut_in_frame_ ? 1u : 0u)) {
    own_bytes_ -= own_.back().size();
    own_.pop_back();
  }
}

void outbox::seal() {
  if (held_)
    release({});
  // A copy: a source that has finished takes itself off the list.
  for (auto* from : std::vector<source*>{ready_})
    from->finish();
  sealed_ = true;
}

void outbox::shut() {
  shut_ = true;
  cut_in_frame_ = false;
  cut();
  leave_queue();
}

} // namespace greenroom
