#include "core/user_view.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

namespace greenroom {

void user_view::add(const std::string& user_id) {
  ++connections_[user_id];
}

void user_view::remove(const std::string& user_id) {
  auto at = connections_.find(user_id);
  if (at != connections_.end() && --at->second == 0)
    connections_.erase(at);
}

std::string_view
user_view::list_in(protocol::encoding as,
                   std::span<const protocol::member* const> everybody) {
  auto& list = lists_[static_cast<std::size_t>(as)];
  if (!list.empty())
    return list;
  // By connection, too: of a user's connections the same one tells the `info`
  // each time, and on each node.
  std::vector<const protocol::member*> sorted{everybody.begin(),
                                              everybody.end()};
  std::ranges::sort(sorted, {}, [](const protocol::member* each) {
    return std::tie(each->user_id, each->connection_id);
  });
  std::vector<protocol::present_user> users;
  users.reserve(size());
  for (const auto* each : sorted) {
    if (users.empty() || users.back().user_id != each->user_id)
      users.push_back({each->user_id, 0, {}});
    auto& user = users.back();
    ++user.connections;
    if (user.info_json.empty())
      user.info_json = each->info_json;
  }
  list = protocol::encode_users(as, users);
  return list;
}

void user_view::forget_lists() {
  for (auto& list : lists_)
    if (!list.empty())
      std::string{}.swap(list);
}

} // namespace greenroom
