#pragma once

#include <numeric>
#include <vector>

#include "actors/context.hpp"

namespace greenroom::actors {

/// One room's members by loop; tells `crowded_rooms` while they are many. Half
/// as many are needed to stay crowded, so that who comes and goes at the border
/// does not make it change its mind each time. The room's thread only.
class crowd {
public:
  crowd(context_ptr context, const room_key& room)
    : context_(std::move(context)), room_(room) {
    members_.resize(context_->loops.size());
  }

  ~crowd() {
    if (told_)
      context_->crowded.remove(room_);
  }

  crowd(const crowd&) = delete;
  crowd& operator=(const crowd&) = delete;

  void came(std::uint32_t loop) {
    ++members_[loop];
    tell();
  }

  void left(std::uint32_t loop) {
    --members_[loop];
    tell();
  }

private:
  void tell() {
    if (members_.size() == 1)
      return;
    auto many = context_->config.net.spread_members;
    auto size = std::accumulate(members_.begin(), members_.end(), 0u);
    if (size >= (told_ ? many / 2 : many)) {
      context_->crowded.set(room_, members_);
      told_ = true;
    } else if (std::exchange(told_, false)) {
      context_->crowded.remove(room_);
    }
  }

  context_ptr context_;
  const room_key& room_;
  std::vector<std::uint32_t> members_;
  bool told_ = false;
};

} // namespace greenroom::actors
