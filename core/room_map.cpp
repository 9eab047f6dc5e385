#include "core/room_map.hpp"

#include "core/protocol/codec.hpp"

namespace greenroom {

namespace {

using protocol::error_code;

std::size_t bytes_of(const room_map::change& what) {
  return what.key.size() + protocol::longer_size(what.now)
         + what.user_id.size();
}

protocol::error error_of(error_code code, std::string text) {
  return {code, std::move(text), {}, {}, std::nullopt};
}

protocol::error conflict_with(const room_map::entry* before, std::string text) {
  auto error = error_of(error_code::conflict, std::move(text));
  error.present.emplace();
  if (before != nullptr)
    *error.present = {before->version, before->now};
  return error;
}

bool is_unbound_same(const room_map::change& one,
                     const room_map::change& other) {
  return one.connection_id.empty() && other.connection_id.empty()
         && one.now.in == other.now.in && one.now.bytes == other.now.bytes
         && one.user_id == other.user_id;
}

/// The key is to hold nothing.
room_map::change deletion_of(const room_map::entry& gone) {
  room_map::change what;
  what.key = gone.key;
  what.user_id = gone.user_id;
  return what;
}

} // namespace

// -- changes ------------------------------------------------------------------

boost::system::result<std::uint64_t, protocol::error>
room_map::set(change what, std::optional<std::uint64_t> if_version) {
  if (auto refused = refusal_of(what, if_version))
    return std::move(*refused);
  // Deleting what is not there is no change.
  if (!what.now.empty() || find(what.key) != nullptr)
    put(std::move(what), self_, version_ + 1);
  return version_;
}

protocol::error room_map::conflict_on(std::string_view key) const {
  return conflict_with(find(key), "ifVersion: the key has another version");
}

std::optional<protocol::error>
room_map::refusal_of(const change& what,
                     std::optional<std::uint64_t> if_version) const {
  const auto* before = find(what.key);
  if (if_version && *if_version != (before != nullptr ? before->version : 0))
    return conflict_with(before, "ifVersion: the key has another version");
  if (before != nullptr && !before->connection_id.empty()
      && before->user_id != what.user_id)
    return conflict_with(before, "key: is bound to another user's connection");
  if (what.now.empty())
    return std::nullopt;
  if (before == nullptr && size() >= most_.keys)
    return error_of(error_code::too_large,
                    "the room's state has as many keys as it may have");
  auto freed = before != nullptr ? before->bytes : 0;
  auto wanted = bytes_of(what);
  // What shrinks is welcome, also where peers have filled the map.
  if (wanted > freed && living_.bytes - freed + wanted > most_.bytes)
    return error_of(error_code::too_large,
                    "the room's state has as many bytes as it may have");
  return std::nullopt;
}

bool room_map::apply(change what, std::string_view origin,
                     std::uint64_t number) {
  auto found = places_.find(what.key);
  if (found != places_.end() && found->second->is_kept()) {
    if (what.now.empty())
      return false; // It is the store's.
  } else if (found != places_.end()) {
    auto& before = *found->second;
    if (before.number > number
        || (before.number == number && before.origin >= origin))
      return false;
    if (before.number == number && is_unbound_same(before, what)) {
      before.origin = origin; // The same change, of an heir.
      return false;
    }
  }
  put(std::move(what), origin, number);
  return true;
}

void room_map::keep(change what, std::uint64_t number) {
  const auto* before = find(what.key);
  if (before == nullptr || before->is_kept()) {
    if (before != nullptr || !what.now.empty())
      put(std::move(what), kept, number);
  } else if (what.now.empty()) {
    hidden_.erase(what.key);
  } else {
    auto key = what.key;
    hidden_.insert_or_assign(std::move(key), hidden{std::move(what), number});
  }
}

std::uint64_t room_map::kept_number(std::string_view key) const {
  if (auto under = hidden_.find(key); under != hidden_.end())
    return under->second.number;
  const auto* is = find(key);
  return is != nullptr && is->is_kept() ? is->number : 0;
}

void room_map::keep_no_more_than(const std::set<std::string_view>& keys) {
  std::erase_if(hidden_,
                [&](const auto& each) { return !keys.contains(each.first); });
  keep_only(kept, keys);
}

/// What is put over a kept key hides it, and what goes shows it.
void room_map::put(change what, std::string_view origin, std::uint64_t number) {
  auto found = places_.find(what.key);
  if (origin != kept && found != places_.end() && found->second->is_kept()
      && !found->second->now.empty()) {
    hidden_.insert_or_assign(found->second->key,
                             hidden{*found->second, found->second->number});
  } else if (what.now.empty()) {
    if (auto under = hidden_.find(what.key); under != hidden_.end()) {
      if (origin == self_)
        uncovered_.push_back({what, 0, self_, number});
      what = std::move(under->second.what);
      number = under->second.number;
      origin = kept;
      hidden_.erase(under);
    }
  }
  bool is_new = found == places_.end();
  auto at =
      is_new ? living_.entries.emplace(living_.entries.end()) : found->second;
  auto& from = is_new ? living_ : chain_of(*at);
  if (!is_new)
    unlink(*at);
  if (what.now.empty()) {
    what.connection_id.clear();
    what.until.reset();
  }
  // The views of `places_` stay good: a key is written once.
  if (is_new)
    at->key = std::move(what.key);
  at->now = std::move(what.now);
  at->user_id = std::move(what.user_id);
  at->connection_id = std::move(what.connection_id);
  at->until = what.until;
  at->origin = origin;
  at->inherited = false;
  at->number = number;
  // A store's numbers are not of this clock.
  at->version = version_ =
      origin == kept ? version_ + 1 : std::max(version_ + 1, number);
  auto& to = chain_of(*at);
  to.entries.splice(to.entries.end(), from.entries, at);
  link(at);
  forget_deleted();
}

void room_map::link(place at) {
  chain_of(*at).bytes += at->bytes = bytes_of(*at);
  places_.emplace(at->key, at);
  if (!at->connection_id.empty())
    owned_.emplace(at->origin, at->connection_id, at->key);
  if (at->until)
    due_.emplace(*at->until, at->key);
}

void room_map::unlink(const entry& what) {
  chain_of(what).bytes -= what.bytes;
  owned_.erase({what.origin, what.connection_id, what.key});
  if (what.until)
    due_.erase({*what.until, what.key});
}

void room_map::forget_deleted() {
  auto& oldest = deleted_.entries;
  while (!oldest.empty()
         && (size() + oldest.size() > most_.keys || bytes() > most_.bytes)) {
    forgotten_ = oldest.front().version;
    unlink(oldest.front());
    places_.erase(oldest.front().key);
    oldest.pop_front();
  }
}

// -- what goes by itself ------------------------------------------------------

std::size_t room_map::drop_connection(std::string_view connection_id) {
  return drop_owned(self_, connection_id);
}

std::size_t room_map::drop_node(std::string_view origin) {
  return drop_owned(origin, std::nullopt);
}

std::size_t
room_map::drop_owned(std::string_view origin,
                     std::optional<std::string_view> connection_id) {
  std::size_t dropped = 0;
  for (;; ++dropped) {
    auto next = owned_.lower_bound({origin, connection_id.value_or(""), ""});
    if (next == owned_.end() || std::get<0>(*next) != origin
        || (connection_id && std::get<1>(*next) != *connection_id))
      return dropped;
    const auto& gone = *find(std::get<2>(*next));
    // For peers this node's deletion is a change like any other. That of a
    // peer's key only takes back what the peer said last.
    auto number = origin == self_ ? version_ + 1 : gone.number - 1;
    put(deletion_of(gone), origin, number);
  }
}

std::size_t room_map::inherit(std::string_view origin) {
  std::size_t its = 0;
  for (auto* entries : {&living_.entries, &deleted_.entries})
    for (auto& each : *entries)
      if (each.origin == origin && each.connection_id.empty()) {
        each.origin = self_;
        each.inherited = true;
        ++its;
      }
  return its;
}

std::size_t room_map::keep_only(std::string_view origin,
                                const std::set<std::string_view>& keys) {
  std::vector<const entry*> gone;
  for (const auto& each : living_.entries)
    if (each.origin == origin && !keys.contains(each.key))
      gone.push_back(&each);
  for (const auto* each : gone)
    put(deletion_of(*each), std::string{origin}, each->number - 1);
  return gone.size();
}

std::size_t room_map::adopt(std::string_view connection_id) {
  std::vector<const entry*> its;
  for (const auto& each : living_.entries)
    if (each.connection_id == connection_id && each.origin != self_)
      its.push_back(&each);
  for (const auto* each : its)
    put(change{*each}, self_, version_ + 1);
  return its.size();
}

std::size_t room_map::drop_overdue(steady_time now) {
  std::size_t dropped = 0;
  for (; !due_.empty() && due_.begin()->first <= now; ++dropped) {
    const auto& gone = *find(due_.begin()->second);
    put(deletion_of(gone), gone.origin, gone.number);
  }
  return dropped;
}

std::optional<steady_time> room_map::next() const {
  if (due_.empty())
    return std::nullopt;
  return due_.begin()->first;
}

// -- reading ------------------------------------------------------------------

const room_map::entry* room_map::find(std::string_view key) const {
  auto found = places_.find(key);
  return found == places_.end() || found->second->now.empty() ? nullptr
                                                              : &*found->second;
}

std::optional<std::vector<const room_map::entry*>>
room_map::changes_since(std::uint64_t version) const {
  if (version < forgotten_ || version > version_)
    return std::nullopt;
  auto first_in = [version](const std::list<entry>& entries) {
    auto first = entries.end();
    while (first != entries.begin() && std::prev(first)->version > version)
      --first;
    return first;
  };
  auto living = first_in(living_.entries);
  auto deleted = first_in(deleted_.entries);
  std::vector<const entry*> changes;
  for (;;) {
    bool lives = living != living_.entries.end();
    bool dead = deleted != deleted_.entries.end();
    if (!lives && !dead)
      return changes;
    bool older = lives && (!dead || living->version < deleted->version);
    changes.push_back(older ? &*living++ : &*deleted++);
  }
}

std::vector<const room_map::entry*> room_map::whole() const {
  std::vector<const entry*> all;
  all.reserve(size());
  for (const auto& each : living_.entries)
    all.push_back(&each);
  return all;
}

} // namespace greenroom
