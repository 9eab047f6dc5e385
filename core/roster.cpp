#include "core/roster.hpp"

#include <algorithm>

namespace greenroom {

std::uint64_t roster::hash_of(std::string_view connection_id) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (char each : connection_id)
    hash = (hash ^ static_cast<unsigned char>(each)) * 0x100000001b3;
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

void roster::hold(const protocol::member& who, holder by) {
  auto [at, is_new] = entries_.try_emplace(who.connection_id);
  auto& each = at->second;
  if (std::ranges::find(each.by, by) == each.by.end()) {
    each.by.push_back(by);
    change_sum(who.connection_id, by);
  }
  if (by_user_) {
    if (!is_new)
      by_user_->remove(each.who.user_id);
    by_user_->add(who.user_id);
  }
  if (!is_new)
    list_bytes_ -= protocol::likely_size(each.who);
  bool is_another = !is_new && each.who != who;
  if (is_another)
    news.left(each.who);
  if (is_new || is_another)
    news.joined(who);
  each.who = who;
  list_bytes_ += protocol::likely_size(who);
  forget_list();
}

void roster::release(const std::string& connection_id, holder by) {
  auto at = entries_.find(connection_id);
  if (at == entries_.end())
    return;
  auto& holders = at->second.by;
  auto place = std::ranges::find(holders, by);
  if (place == holders.end())
    return;
  holders.erase(place);
  change_sum(connection_id, by);
  if (holders.empty())
    remove(at);
}

void roster::release_all(holder by) {
  std::vector<std::string> its;
  for (const auto* who : held(by))
    its.push_back(who->connection_id);
  for (const auto& connection_id : its)
    release(connection_id, by);
}

void roster::remove(table::iterator at) {
  auto who = std::move(at->second.who);
  entries_.erase(at);
  list_bytes_ -= protocol::likely_size(who);
  if (by_user_)
    by_user_->remove(who.user_id);
  forget_list();
  if (entries_.empty())
    by_user_.reset();
  news.left(std::move(who));
}

const protocol::member* roster::find(const std::string& connection_id) const {
  auto at = entries_.find(connection_id);
  return at == entries_.end() ? nullptr : &at->second.who;
}

bool roster::is_held(const std::string& connection_id, holder by) const {
  auto at = entries_.find(connection_id);
  return at != entries_.end()
         && std::ranges::find(at->second.by, by) != at->second.by.end();
}

std::vector<const protocol::member*> roster::held(holder by) const {
  std::vector<const protocol::member*> its;
  for (const auto& [id, each] : entries_)
    if (std::ranges::find(each.by, by) != each.by.end())
      its.push_back(&each.who);
  return its;
}

std::uint64_t roster::sum(holder by) const {
  auto found = sums_.find(by);
  return found == sums_.end() ? 0 : found->second;
}

/// It comes or goes: with this sum that is the same.
void roster::change_sum(const std::string& connection_id, holder by) {
  auto& sum = sums_[by];
  sum ^= hash_of(connection_id);
  if (sum == 0)
    sums_.erase(by);
}

bool roster::listable(std::size_t margin) const {
  auto within = [&](std::size_t count, std::size_t most) {
    return count <= most - most / 8 * margin;
  };
  return within(size(), listed_max_) && within(list_bytes_, list_bytes_max_);
}

std::string_view roster::list_in(protocol::encoding as) const {
  auto& list = list_[static_cast<std::size_t>(as)];
  if (list.empty())
    list = protocol::encode_members(as, all());
  return list;
}

std::string_view roster::users_in(protocol::encoding as) const {
  auto& view = by_user();
  return view.has_list_in(as) ? view.list_in(as, {}) : view.list_in(as, all());
}

user_view& roster::by_user() const {
  if (!by_user_) {
    by_user_ = std::make_unique<user_view>();
    for (const auto& [id, each] : entries_)
      by_user_->add(each.who.user_id);
  }
  return *by_user_;
}

std::vector<const protocol::member*> roster::all() const {
  std::vector<const protocol::member*> everybody;
  everybody.reserve(size());
  for (const auto& [id, each] : entries_)
    everybody.push_back(&each.who);
  return everybody;
}

void roster::forget_list() {
  for (auto& list : list_)
    if (!list.empty())
      std::string{}.swap(list);
  if (by_user_)
    by_user_->forget_lists();
}

} // namespace greenroom
