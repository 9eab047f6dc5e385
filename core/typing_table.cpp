#include "core/typing_table.hpp"

#include <utility>

namespace greenroom {

std::optional<typing_table::typist> typing_table::start(typist who) {
  auto before = stop(who.connection_id);
  if (before && before->user_id == who.user_id)
    before.reset();
  ++connections_[who.user_id];
  order_.push_back(std::move(who));
  by_connection_.emplace(order_.back().connection_id, std::prev(order_.end()));
  return before;
}

std::optional<typing_table::typist>
typing_table::stop(const std::string& connection_id) {
  auto found = by_connection_.find(connection_id);
  if (found == by_connection_.end())
    return std::nullopt;
  return take(found->second);
}

std::optional<typing_table::typist>
typing_table::take_overdue(steady_time now) {
  if (order_.empty() || order_.front().until > now)
    return std::nullopt;
  return take(order_.begin());
}

std::optional<steady_time> typing_table::next() const {
  if (order_.empty())
    return std::nullopt;
  return order_.front().until;
}

typing_table::typist typing_table::take(order::iterator at) {
  by_connection_.erase(at->connection_id);
  auto user = connections_.find(at->user_id);
  if (--user->second == 0)
    connections_.erase(user);
  auto who = std::move(*at);
  order_.erase(at);
  return who;
}

} // namespace greenroom
