#include "actors/room_state.hpp"

#include <span>
#include <vector>

#include "actors/lane_kind.hpp"
#include "core/protocol/codec.hpp"

namespace greenroom::actors {

namespace {

std::shared_ptr<const std::vector<state_news_ptr>>
news_of(std::span<const room_map::entry* const> entries) {
  std::vector<state_news_ptr> news;
  news.reserve(entries.size());
  for (const auto* each : entries)
    news.push_back(std::make_shared<const state_news>(
        state_news{each->key, each->now, each->version, each->user_id}));
  return std::make_shared<const std::vector<state_news_ptr>>(std::move(news));
}

std::vector<protocol::state_change> seen_of(const room_map& map) {
  std::vector<protocol::state_change> all;
  all.reserve(map.size());
  for (const auto* each : map.whole())
    all.push_back({each->key, &each->now, each->version, each->user_id});
  return all;
}

} // namespace

state_told room_state::take_news() {
  auto changes = map_.changes_since(told_);
  told_ = map_.version();
  // More was deleted in one turn than is remembered.
  return changes ? state_told{news_of(*changes), false, told_} : whole();
}

state_told room_state::whole() const {
  return {news_of(map_.whole()), true, map_.version()};
}

std::string_view room_state::whole_in(protocol::encoding as) {
  if (map_.size() == 0)
    return {};
  auto& known = whole_[static_cast<std::size_t>(as)];
  if (known.version != map_.version())
    known = {map_.version(), protocol::encode_state(as, seen_of(map_))};
  return known.bytes;
}

slice room_state::whole_frame_in(protocol::encoding as,
                                 const std::string& room_id) {
  auto& known = whole_frames_[static_cast<std::size_t>(as)];
  if (known.version != map_.version() || known.bytes.size() == 0)
    known = {map_.version(),
             make_frame(as, protocol::state{room_id, seen_of(map_), true})};
  return known.bytes;
}

} // namespace greenroom::actors
