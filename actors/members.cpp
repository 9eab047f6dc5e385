#include "actors/members.hpp"

#include <algorithm>

namespace greenroom::actors {

namespace {

/// Raw clients can name nobody, so their rooms need not find them by name.
bool has_name(const newcomer& who) {
  return who.lane.kind != lane_kind::raw;
}

} // namespace

newcomer* members::find(member_id id) {
  auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

const newcomer* members::find(member_id id) const {
  auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

const newcomer* members::find(const std::string& connection_id) const {
  auto found = by_connection_.find(connection_id);
  return found == by_connection_.end() ? nullptr : find(found->second);
}

newcomer& members::add(const newcomer& who) {
  auto& entry = by_id_.try_emplace(who.id, who).first->second;
  if (has_name(who)) {
    by_connection_.emplace(who.about.connection_id, who.id);
    by_user_.insert({who.about.user_id, who.id});
  }
  enter_lane(who.lane);
  return entry;
}

newcomer members::remove(member_id id) {
  auto who = std::move(by_id_.extract(id).mapped());
  if (has_name(who)) {
    by_connection_.erase(who.about.connection_id);
    by_user_.erase({who.about.user_id, id});
  }
  leave_lane(who.lane);
  return who;
}

void members::change_lane(newcomer& who, const lane_id& to) {
  leave_lane(who.lane);
  who.lane = to;
  enter_lane(who.lane);
}

bool members::any_in_use(std::span<const lane_kind> kinds) const {
  return std::ranges::any_of(lanes_, [&](const lane_in_use& lane) {
    return std::ranges::find(kinds, lane.id.kind) != kinds.end();
  });
}

void members::enter_lane(const lane_id& id) {
  auto place = place_of(id);
  if (place == lanes_.end() || place->id != id)
    place = lanes_.insert(place, {id, 0});
  ++place->members;
}

void members::leave_lane(const lane_id& id) {
  auto place = place_of(id);
  if (--place->members == 0)
    lanes_.erase(place);
}

/// Its lane, or where that would be.
std::vector<members::lane_in_use>::iterator
members::place_of(const lane_id& id) {
  return std::ranges::find_if(lanes_, [&](const lane_in_use& lane) {
    return std::pair{lane.id.window, lane.id.kind}
           >= std::pair{id.window, id.kind};
  });
}

std::vector<member_id> members::named(const std::vector<std::string>& names,
                                      member_id except) const {
  std::vector<member_id> chosen;
  for (const auto& name : names) {
    if (auto one = by_connection_.find(name); one != by_connection_.end())
      chosen.push_back(one->second);
    for (auto i = by_user_.lower_bound({name, 0});
         i != by_user_.end() && i->first == name; ++i)
      chosen.push_back(i->second);
  }
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  std::erase(chosen, except);
  return chosen;
}

} // namespace greenroom::actors
