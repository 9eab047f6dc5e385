#include "core/lane.hpp"

#include <algorithm>
#include <cassert>

namespace greenroom {

namespace {

/// An idle lane keeps small tables only.
constexpr std::size_t kept_entries = 64;

/// Drops the first `gone` entries once they are most of the table, so that the
/// cost per entry stays constant.
template <class T>
void compact(std::vector<T>& table, std::size_t& gone) {
  if (gone == table.size()) {
    table.clear();
    gone = 0;
    if (table.capacity() > kept_entries)
      table.shrink_to_fit();
  } else if (gone > kept_entries && gone > table.size() / 2) {
    table.erase(table.begin(),
                table.begin() + static_cast<std::ptrdiff_t>(gone));
    gone = 0;
  }
}

} // namespace

// -- lane_writer --------------------------------------------------------------

slice lane_writer::append(std::string_view header, std::string_view payload) {
  auto bytes = static_cast<std::uint32_t>(header.size() + payload.size());
  make_room(bytes);
  auto begin = current_->size();
  current_->append(header);
  if (!payload.empty()) // An empty view may point nowhere.
    current_->append(payload);
  return {current_, begin, begin + bytes};
}

void lane_writer::make_room(std::uint32_t bytes) {
  if (current_ && current_->rewind_if_unshared()
      && current_->capacity() <= capacity_most && bytes <= current_->room())
    return;
  if (current_ && bytes <= current_->room())
    return;
  current_ = segment::make(std::max(bytes, next_capacity_));
  next_capacity_ = std::min(next_capacity_ * 2, capacity_most);
}

// -- lane ---------------------------------------------------------------------

void lane::extend(const slice& frame, std::uint64_t offset) {
  if (first_piece_ < pieces_.size() && pieces_.back().bytes.in == frame.in
      && pieces_.back().bytes.end == frame.begin)
    pieces_.back().bytes.end = frame.end;
  else
    pieces_.push_back({frame, head_});
  head_ += frame.size();
  borders_.push_back({head_, offset});
}

std::size_t lane::gather(position from, position to,
                         std::span<iovec> into) const {
  assert(from >= tail_ && to <= head_);
  std::size_t used = 0;
  for (auto i = piece_at(from); from < to && used < into.size(); ++i) {
    const auto& run = pieces_[i];
    auto skip = from - run.begin;
    auto bytes = std::min<position>(run.bytes.size() - skip, to - from);
    // sendmsg takes its buffers as mutable and does not write to them.
    into[used++] = {const_cast<char*>(run.bytes.view().data()) + skip, bytes};
    from += bytes;
  }
  return used;
}

lane::position lane::frame_end(position at) const {
  if (at == tail_)
    return at;
  // The first border that is not before `at`.
  return borders_[border_after(at - 1)].end;
}

slice lane::share(position from, position to) const {
  if (from == to)
    return {};
  const auto& run = pieces_[piece_at(from)];
  auto begin = run.bytes.begin + static_cast<std::uint32_t>(from - run.begin);
  assert(begin + (to - from) <= run.bytes.end);
  return {run.bytes.in, begin, begin + static_cast<std::uint32_t>(to - from)};
}

lane::offsets lane::offsets_between(position from, position to) const {
  offsets found;
  for (auto i = border_after(from); i < borders_.size(); ++i) {
    const auto& frame = borders_[i];
    if (frame.end > to)
      break;
    if (frame.offset == 0)
      continue;
    if (found.first == 0)
      found.first = frame.offset;
    found.last = frame.offset;
  }
  return found;
}

std::size_t lane::frames_between(position from, position to) const {
  return border_after(to) - border_after(from);
}

void lane::trim(position keep_from) {
  if (keep_from <= tail_)
    return;
  tail_ = keep_from;
  while (first_piece_ < pieces_.size()) {
    auto& run = pieces_[first_piece_];
    if (run.begin + run.bytes.size() > keep_from)
      break;
    run.bytes = {}; // Gives the segment back to its writer.
    ++first_piece_;
  }
  while (first_border_ < borders_.size()
         && borders_[first_border_].end <= keep_from)
    ++first_border_;
  compact(pieces_, first_piece_);
  compact(borders_, first_border_);
}

std::size_t lane::piece_at(position at) const {
  assert(first_piece_ < pieces_.size());
  if (at >= pieces_.back().begin) // Who keeps up is always there.
    return pieces_.size() - 1;
  auto first = pieces_.begin() + static_cast<std::ptrdiff_t>(first_piece_);
  auto after = std::upper_bound(
      first, pieces_.end(), at,
      [](position x, const piece& candidate) { return x < candidate.begin; });
  return static_cast<std::size_t>(after - pieces_.begin()) - 1;
}

/// The first frame that ends after `at`.
std::size_t lane::border_after(position at) const {
  auto first = borders_.begin() + static_cast<std::ptrdiff_t>(first_border_);
  auto found = std::upper_bound(
      first, borders_.end(), at,
      [](position x, const border& frame) { return x < frame.end; });
  return static_cast<std::size_t>(found - borders_.begin());
}

} // namespace greenroom
