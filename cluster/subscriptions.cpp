#include "cluster/subscriptions.hpp"

#include "cluster/hash_slot.hpp"

namespace greenroom::cluster {

bool subscriptions::add(std::string_view channel) {
  auto found = channels_.find(channel);
  if (found == channels_.end())
    found = channels_.emplace(channel, channel_state{}).first;
  auto& state = found->second;
  if (state.wanted)
    return false;
  state.wanted = true;
  state.slot = hash_slot(channel);
  ++wanted_;
  return true;
}

bool subscriptions::remove(std::string_view channel) {
  auto found = channels_.find(channel);
  if (found == channels_.end() || !found->second.wanted)
    return false;
  auto& state = found->second;
  --wanted_;
  if (state.in_force)
    --in_force_;
  state.wanted = false;
  state.in_force = false;
  if (state.awaited == 0)
    channels_.erase(found);
  return true;
}

void subscriptions::sent(std::string_view channel) {
  if (auto found = channels_.find(channel); found != channels_.end())
    ++found->second.awaited;
}

bool subscriptions::confirmed(std::string_view channel) {
  auto found = channels_.find(channel);
  if (found == channels_.end() || found->second.awaited == 0)
    return false;
  auto& state = found->second;
  if (--state.awaited > 0)
    return false;
  if (!state.wanted) {
    channels_.erase(found);
    return false;
  }
  state.in_force = true;
  ++in_force_;
  return true;
}

void subscriptions::lost() {
  std::erase_if(channels_, [](const auto& c) { return !c.second.wanted; });
  for (auto& [name, state] : channels_) {
    state.in_force = false;
    state.awaited = 0;
  }
  in_force_ = 0;
}

std::vector<std::string_view> subscriptions::wanted() const {
  std::vector<std::string_view> to;
  to.reserve(wanted_);
  for (const auto& [name, state] : channels_)
    if (state.wanted)
      to.emplace_back(name);
  return to;
}

std::vector<std::string>
subscriptions::take_out(const std::function<bool(std::uint16_t slot)>& which) {
  std::vector<std::string> to;
  for (auto at = channels_.begin(); at != channels_.end();) {
    const auto& [channel, state] = *at;
    if (!which(state.slot)) {
      ++at;
      continue;
    }
    if (state.wanted) {
      to.push_back(channel);
      --wanted_;
      in_force_ -= state.in_force ? 1 : 0;
    }
    at = channels_.erase(at);
  }
  return to;
}

std::vector<std::string> subscriptions::in_force() const {
  std::vector<std::string> to;
  to.reserve(in_force_);
  for (const auto& [channel, state] : channels_)
    if (state.in_force)
      to.push_back(channel);
  return to;
}

bool subscriptions::is_wanted(std::string_view channel) const {
  auto found = channels_.find(channel);
  return found != channels_.end() && found->second.wanted;
}

bool subscriptions::is_in_force(std::string_view channel) const {
  auto found = channels_.find(channel);
  return found != channels_.end() && found->second.in_force;
}

} // namespace greenroom::cluster
