#include "cluster/peers.hpp"

#include <algorithm>
#include <utility>

#include "core/events.hpp"

namespace greenroom::cluster {

peers::peers(node_run own, std::chrono::milliseconds lost_after,
             std::chrono::milliseconds forgotten_after)
  : own_(std::move(own)),
    lost_after_(lost_after),
    forgotten_after_(std::max(lost_after, forgotten_after)) {}

bool peers::heard(const node_run& who, steady_time now) {
  auto found = known_.find(who.incarnation);
  if (found != known_.end() && !found->second.lost) {
    found->second.last_heard = now;
    return true;
  }
  if (found == known_.end()) {
    if (known_.size() >= known_max)
      return false;
    found = known_.try_emplace(who.incarnation).first;
    found->second.node = who.node;
  }
  returned_ |= found->second.lost;
  found->second.joined = ++joins_;
  found->second.last_heard = now;
  found->second.lost = false;
  recount();
  log::emit(events::peer_joined,
            {{"peer", who.node}, {"incarnation", who.incarnation}});
  return true;
}

void peers::beat(const node_run& who, std::uint64_t reads) {
  auto found = known_.find(who.incarnation);
  if (found == known_.end())
    return;
  if (std::exchange(found->second.reads, reads) != reads)
    recount();
  if (found->second.duplicate_told)
    return;
  auto& speaker = found->second;
  // A node that was started again has a later run of the same id, and only a
  // second process goes on with the earlier one.
  const std::uint64_t* other = nullptr;
  if (who.node == own_.node)
    other = &own_.incarnation;
  for (const auto& [incarnation, each] : known_)
    if (each.node == who.node && each.joined > speaker.joined && !each.lost)
      other = &incarnation;
  if (other == nullptr)
    return;
  speaker.duplicate_told = true;
  log::emit(events::peer_duplicate, {{"peer", who.node},
                                     {"incarnation", who.incarnation},
                                     {"other", *other}});
}

void peers::left(const node_run& who) {
  if (known_.erase(who.incarnation) == 0)
    return;
  recount();
  log::emit(events::peer_left,
            {{"peer", who.node}, {"incarnation", who.incarnation}});
}

void peers::listen_anew(steady_time now) {
  for (auto& [incarnation, each] : known_)
    if (!each.lost)
      each.last_heard = now;
}

peers::expired peers::expire(steady_time now) {
  expired found;
  for (auto& [incarnation, each] : known_) {
    auto silent = now - each.last_heard;
    if (!each.lost && silent >= lost_after_) {
      tell_lost(incarnation, each, now);
      found.lost.push_back(incarnation);
    }
    if (each.lost && silent >= forgotten_after_)
      found.forgotten.push_back(incarnation);
  }
  for (auto incarnation : found.forgotten)
    known_.erase(incarnation);
  if (!found.forgotten.empty())
    recount();
  return found;
}

void peers::recount() {
  least_reads_ = UINT64_MAX;
  for (const auto& [incarnation, each] : known_)
    least_reads_ = std::min(least_reads_, each.reads);
}

void peers::tell_lost(std::uint64_t incarnation, peer& whom, steady_time now) {
  whom.lost = true;
  auto silent = std::chrono::duration_cast<std::chrono::milliseconds>(
      now - whom.last_heard);
  log::emit(events::peer_lost, {{"peer", whom.node},
                                {"incarnation", incarnation},
                                {"silent_ms", silent.count()}});
}

std::size_t peers::alive() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      known_, [](const auto& known) { return !known.second.lost; }));
}

} // namespace greenroom::cluster
