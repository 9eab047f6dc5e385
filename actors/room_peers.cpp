// What this node and its peers hold in a room: who is in it, and the keys of
// its state [P-9.2].
#include <algorithm>
#include <set>
#include <utility>

#include "actors/room.hpp"
#include "core/events.hpp"

namespace greenroom::actors {

// -- own ----------------------------------------------------------------------

/// A room of the node's own has none.
bool room::has_peers() const {
  return context_->cluster && key_.space == room_space::protocol
         && !key_.is_own();
}

/// All of a turn together.
void room::tell_peers_later() {
  home_.settle().add(tell_peers_later_);
}

void room::tell_peers() {
  if (!watching_)
    return;
  if (std::exchange(peers_ask_, false)) {
    own_news_ = own_holdings();
  } else if (state_) {
    own_news_.keys = own_keys_since(state_mirrored_);
    for (auto& each : state_->map().take_uncovered()) {
      holdings::key gone;
      gone.name = std::move(each.key);
      gone.user_id = std::move(each.user_id);
      gone.number = each.number;
      own_news_.keys.push_back(std::move(gone));
    }
  }
  if (state_)
    state_mirrored_ = state_->map().version();
  if (!own_news_.empty())
    self_->send(context_->cluster,
                mirror_holdings{key_, std::exchange(own_news_, {}),
                                people_.sum(roster::this_node)});
}

void room::note_arrival(const newcomer& who) {
  if (!has_peers())
    return;
  std::erase(own_news_.left, who.about.connection_id);
  own_news_.joined.push_back({who.about, who.since});
  tell_peers_later();
}

void room::note_departure(const std::string& connection_id) {
  if (!has_peers())
    return;
  std::erase_if(own_news_.joined, [&](const holdings::arrival& each) {
    return each.who.connection_id == connection_id;
  });
  own_news_.left.push_back(connection_id);
  tell_peers_later();
}

holdings room::own_holdings() const {
  holdings all;
  all.whole = true;
  for (const auto* who : people_.held(roster::this_node)) {
    // Who is only waited for gives way to whoever has it.
    const auto* here = members_.find(who->connection_id);
    all.joined.push_back({*who, here != nullptr ? here->since : 0});
  }
  if (state_)
    all.keys = own_keys_since(0);
  return all;
}

std::vector<holdings::key> room::own_keys_since(std::uint64_t version) const {
  const auto& map = state_->map();
  auto changes = map.changes_since(version);
  std::vector<holdings::key> keys;
  for (const auto* each : changes ? *changes : map.whole()) {
    if (each->origin != context_->origin && !each->inherited)
      continue;
    holdings::key key{each->key,           each->now,    each->user_id,
                      each->connection_id, std::nullopt, each->number};
    if (each->until)
      key.ttl =
          std::max(milliseconds{0},
                   std::chrono::ceil<milliseconds>(*each->until - home_.now()));
    keys.push_back(std::move(key));
  }
  return keys;
}

// -- peers' -------------------------------------------------------------------

void room::on_holdings(const holdings_heard& msg) {
  if (!watching_ || msg.watch != watches_)
    return; // Of what is no longer listened to.
  auto& from = peer_of(msg.incarnation, msg.origin);
  from.parts_at.reset();
  if (msg.what.whole)
    drop_unheld(from, msg.what);
  // Who left and came in one turn is there.
  for (const auto& connection_id : msg.what.left)
    let_go(connection_id, from);
  for (const auto& each : msg.what.joined) {
    if (is_thief(each.who)) {
      // What the peer says now counts, not what it said before.
      people_.release(each.who.connection_id, from.holds_as);
      from.refused.insert_or_assign(each.who.connection_id, each.who);
      continue;
    }
    from.refused.erase(each.who.connection_id);
    people_.hold(each.who, from.holds_as);
    give_way(each, from);
  }
  for (const auto& each : msg.what.keys)
    apply(each, from);
  if (state_)
    state_changed();
  // All that were here may have gone on elsewhere; `from` is gone with them.
  if (is_deserted() && !empty_since_)
    on_last_left();
  set_timer();
}

room::peer& room::peer_of(std::uint64_t incarnation,
                          const std::string& origin) {
  auto [at, is_new] = peers_.try_emplace(incarnation);
  if (is_new)
    at->second = {++last_holder_, origin, std::nullopt, {}};
  return at->second;
}

/// What a whole does not name any more.
void room::drop_unheld(peer& from, const holdings& whole) {
  std::set<std::string_view> held;
  for (const auto& each : whole.joined)
    held.insert(each.who.connection_id);
  std::vector<std::string> gone;
  for (const auto* who : people_.held(from.holds_as))
    if (!held.contains(who->connection_id))
      gone.push_back(who->connection_id);
  for (const auto& connection_id : gone)
    let_go(connection_id, from);
  from.refused.clear();
  if (!state_)
    return;
  if (whole.joined.empty() && whole.keys.empty()) {
    // Nobody is left there: what was set stays, but for what was bound.
    drop_keys_of(from.origin);
    return;
  }
  std::set<std::string_view> keys;
  for (const auto& each : whole.keys)
    keys.insert(each.name);
  state_->map().keep_only(from.origin, keys);
}

/// Whether another user claims a connection that is held here.
bool room::is_thief(const protocol::member& who) const {
  const auto* known = people_.find(who.connection_id);
  return known != nullptr && known->user_id != who.user_id
         && people_.is_held(who.connection_id, roster::this_node);
}

/// Its own user is gone from here: peers may be right about it now.
void room::believe_refused(const std::string& connection_id) {
  for (auto& [incarnation, each] : peers_)
    if (auto claim = each.refused.extract(connection_id))
      people_.hold(claim.mapped(), each.holds_as);
}

/// A connection that went on with its session on a peer is no longer here.
void room::give_way(const holdings::arrival& there, const peer& at) {
  const auto& connection_id = there.who.connection_id;
  if (const auto* here = members_.find(connection_id)) {
    // Where it came at one moment, both nodes have to choose the same.
    if (std::pair{here->since, context_->origin}
        >= std::pair{there.at, at.origin})
      return; // It came back here since.
    displace(connection_id);
  } else if (there.at == 0 && context_->origin > at.origin) {
    return; // Waited for here and there: one of the two has to go on waiting.
  } else if (!absent_.remove(connection_id)) {
    return;
  }
  people_.release(connection_id, roster::this_node);
  note_departure(connection_id);
  believe_refused(connection_id);
  people_.hold(there.who, at.holds_as); // It was its own user that went there.
}

void room::let_go(const std::string& connection_id, peer& by) {
  by.refused.erase(connection_id);
  if (!people_.is_held(connection_id, by.holds_as))
    return;
  people_.release(connection_id, by.holds_as);
  if (people_.find(connection_id) != nullptr)
    return; // It is somewhere else.
  // It went to the peer, which may have let it go before it heard of them.
  drop_bound(connection_id);
  if (auto typed = typing_.stop(connection_id))
    show_stopped(typed->user_id, nullptr);
}

void room::apply(const holdings::key& what, const peer& from) {
  room_map::change change{what.name, what.now, what.user_id, what.connection_id,
                          std::nullopt};
  if (what.ttl)
    change.until = home_.now() + *what.ttl;
  auto& map = state().map();
  map.apply(std::move(change), from.origin, what.number);
  // It was bound by a connection that is here now.
  if (!what.connection_id.empty()
      && people_.is_held(what.connection_id, roster::this_node)
      && !people_.is_held(what.connection_id, from.holds_as))
    adopt_bound(what.connection_id);
}

/// A connection's keys go where it goes.
void room::adopt_bound(const std::string& connection_id) {
  if (state_ && state_->map().adopt(connection_id) > 0) {
    state_changed();
    tell_peers_later();
  }
}

/// Whatever went wrong on the way: what is shown of a peer is what it says, or
/// is heard again.
void room::on_holdings_checked(const holdings_checked& msg) {
  auto found = peers_.find(msg.incarnation);
  if (msg.watch != watches_ || !watching_)
    return;
  std::uint64_t here = 0;
  std::string origin;
  if (found != peers_.end()) {
    here = people_.sum(found->second.holds_as);
    for (const auto& [connection_id, who] : found->second.refused)
      here ^= roster::hash_of(connection_id);
    origin = found->second.origin;
  }
  if (here == msg.members_sum)
    return;
  log::emit(events::room_mended, {{"room", key_.id}, {"peer", origin}});
  self_->send(context_->cluster,
              doubt_holdings{key_, msg.incarnation, msg.watch});
}

void room::on_peer_gone(const peer_gone& msg) {
  auto found = peers_.find(msg.incarnation);
  if (msg.watch != watches_ || found == peers_.end())
    return;
  // Clients of a node that stops in order are on their way to others.
  if (msg.said_goodbye && rules_.grace.count() > 0) {
    found->second.parts_at = home_.now() + rules_.grace;
    set_timer();
    return;
  }
  drop_peer(found);
  set_timer();
}

void room::drop_peer(peer_table::iterator at) {
  auto gone = std::move(at->second);
  peers_.erase(at);
  std::vector<std::string> its;
  for (const auto* who : people_.held(gone.holds_as))
    its.push_back(who->connection_id);
  for (const auto& connection_id : its)
    let_go(connection_id, gone);
  drop_keys_of(gone.origin);
}

/// But for those that are bound to nobody: who comes later hears them from each
/// node that has them.
void room::drop_keys_of(const std::string& origin) {
  if (!state_)
    return;
  if (state_->map().drop_node(origin) > 0)
    state_changed();
  if (watching_ && state_->map().inherit(origin) > 0) {
    peers_ask_ = true;
    tell_peers_later();
  }
}

void room::drop_parted_peers() {
  for (auto at = peers_.begin(); at != peers_.end();) {
    auto next = std::next(at);
    if (at->second.parts_at && *at->second.parts_at <= home_.now())
      drop_peer(at);
    at = next;
  }
}

void room::drop_all_peers() {
  while (!peers_.empty())
    drop_peer(peers_.begin());
}

} // namespace greenroom::actors
