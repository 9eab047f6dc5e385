#include "cluster/sequence_tracker.hpp"

#include <algorithm>

namespace greenroom::cluster {

sequence_tracker::finding sequence_tracker::see(std::uint64_t incarnation,
                                                const place& at,
                                                std::uint64_t count) {
  ++judged_;
  const place end{at.stream, at.sequence + count - 1};
  auto found = std::ranges::find(known_, incarnation, &origin::incarnation);
  if (found == known_.end()) {
    // Spoke before we listened, or begins now: nothing can be said missing.
    remember(incarnation, end);
    return {verdict::first, at.sequence, 0, 0};
  }
  auto& last = found->last;
  found->seen = judged_;
  auto same_stream = at.stream == last.stream;
  if (at.stream < last.stream || (same_stream && end.sequence <= last.sequence))
    return {verdict::duplicate, same_stream ? last.sequence + 1 : 0, 0, count};
  // The origin's room lives anew: its stream begins at 1, and this node has
  // been listening.
  auto expected = same_stream ? last.sequence + 1 : 1;
  last = end;
  if (at.sequence > expected)
    return {verdict::gap, expected, at.sequence - expected, 0};
  return {same_stream ? verdict::next : verdict::first, expected, 0,
          expected - at.sequence};
}

void sequence_tracker::forget(std::uint64_t incarnation) {
  std::erase_if(known_, [incarnation](const origin& o) {
    return o.incarnation == incarnation;
  });
}

void sequence_tracker::remember(std::uint64_t incarnation, const place& at) {
  if (known_.size() >= origins_max)
    known_.erase(std::ranges::min_element(known_, {}, &origin::seen));
  known_.push_back({incarnation, at, judged_});
}

} // namespace greenroom::cluster
