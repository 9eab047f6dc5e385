#include "actors/crowds.hpp"

#include <algorithm>

namespace greenroom::actors {

crowds::seat crowds::enter(const room_key& room, std::uint32_t home,
                           std::uint32_t here, std::size_t loops,
                           std::uint32_t spread_from) {
  std::lock_guard guard{lock_};
  auto [entry, is_new] = rooms_.try_emplace(room);
  auto& its = entry->second;
  if (is_new) {
    its.room = &entry->first;
    its.on_loop.resize(loops);
  }
  auto loop = home;
  if (its.all >= spread_from) {
    auto least = std::min_element(its.on_loop.begin(), its.on_loop.end());
    loop = its.on_loop[here] == *least
               ? here
               : static_cast<std::uint32_t>(least - its.on_loop.begin());
  }
  ++its.on_loop[loop];
  ++its.all;
  return {loop, &its};
}

void crowds::leave(const seat& from) {
  std::lock_guard guard{lock_};
  --from.in->on_loop[from.loop];
  if (--from.in->all == 0)
    rooms_.erase(rooms_.find(*from.in->room));
}

} // namespace greenroom::actors
