#include "watch/life.hpp"

#include <algorithm>
#include <iterator>

#include "core/events.hpp"
#include "watch/deeds.hpp"

namespace greenroom::watch {

namespace {

/// Told by an actor that is about to be gone, or is: by whom is no sign of
/// life.
constexpr std::string_view last_words[] = {
    events::actor_exited.name,      events::actor_flight.name,
    events::room_closed.name,       events::room_failed.name,
    events::connection_closed.name, events::connection_failed.name,
};

bool is_last_word(std::string_view event) {
  return std::ranges::find(last_words, event) != std::end(last_words);
}

bool comes_in_crowds(std::string_view kind) {
  return kind == "room" || kind == "audience" || kind == connection_kind;
}

/// Trouble is told to so many above it: a node's chain is five long.
constexpr int depth_max = 16;

} // namespace

std::string kept(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max)
    return std::string{text};
  auto end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end;
  return std::string{text.substr(0, end)};
}

std::string_view to_string(actor_state what) {
  switch (what) {
  case actor_state::alive:
    return "alive";
  case actor_state::crashed:
    return "crashed";
  case actor_state::escalated:
    return "escalated";
  case actor_state::exited:
    return "exited";
  }
  return "";
}

// -- one run ------------------------------------------------------------------

life::life(std::string of) : node(std::move(of)) {}

bool life::is_over_before(const event_line& line) const {
  if (seq == 0)
    return false;
  // Where its first lines are missing, `node.starting` says so.
  return line.seq == 1
         || (line.event == events::node_starting.name && has_started_);
}

void life::read(const event_line& line) {
  count_seq(line);
  if (began == 0)
    began = line.at;
  last = std::max(last, line.at);
  auto* who = speaker_of(line);
  if (auto deed = deeds::of(line.event))
    deed(*this, line, who);
}

void life::remember(std::string_view raw) {
  push_bounded(last_lines, kept(raw, bounds::line_bytes), bounds::last_lines);
}

void life::pass_over(const event_line& line) {
  if (line.seq > seq)
    ++passed_over_;
}

/// Who comes in the midst has lost nothing before.
void life::count_seq(const event_line& line) {
  if (seq == 0)
    from_the_start_ = line.seq == 1;
  else if (line.seq > seq + 1)
    lost += line.seq - seq - 1 - std::min(line.seq - seq - 1, passed_over_);
  passed_over_ = 0;
  seq = std::max(seq, line.seq);
}

// -- its actors ---------------------------------------------------------------

const actor* life::find(actor_id id) const {
  auto found = actors_.find(id);
  return found == actors_.end() ? nullptr : &found->second;
}

/// The actor as the line has it; null: none, or none that lives.
actor* life::speaker_of(const event_line& line) {
  if (line.actor == 0)
    return nullptr;
  auto found = actors_.find(line.actor);
  if (found == actors_.end()) {
    if (is == phase::stopped || is_last_word(line.event))
      return nullptr;
    return &add(line);
  }
  auto& who = found->second;
  ++who.lines;
  if (line.parent != who.parent && line.parent != 0)
    move(who, line.parent);
  // A connection that goes on with a session has another name than before.
  if (!line.name.empty() && line.name != who.name)
    who.name = kept(line.name);
  return &who;
}

actor& life::add(const event_line& line) {
  bool is_connection = line.kind == connection_kind;
  if (is_connection && connections_.size() >= bounds::connections)
    forget(*connections_.begin());
  auto& who = actors_[line.actor];
  who.id = line.actor;
  who.kind = kept(line.kind);
  who.name = kept(line.name);
  who.parent = line.parent;
  who.since = line.at;
  who.lines = 1;
  children_[who.parent].insert(who.id);
  if (is_connection)
    connections_.insert(who.id);
  if (comes_in_crowds(who.kind))
    crowd_.insert(who.id);
  // Of those under it, lines may have come before one of its own.
  if (has_trouble_under(who.id))
    tell_of_trouble(who);
  return who;
}

void life::move(actor& who, actor_id parent) {
  bool was_in_trouble = troubled_.erase({who.parent, who.id}) > 0;
  leave(who.parent, who.id);
  who.parent = parent;
  children_[parent].insert(who.id);
  if (was_in_trouble)
    tell_of_trouble(who);
}

void life::leave(actor_id parent, actor_id child) {
  auto of = children_.find(parent);
  of->second.erase(child);
  if (of->second.empty())
    children_.erase(of);
}

void life::set(actor& who, actor_state to, utc_ms at, std::string_view why) {
  who.state = to;
  who.since = at;
  who.why = kept(why);
  if (to == actor_state::crashed || to == actor_state::escalated)
    tell_of_trouble(who);
}

void life::end(actor_id id, utc_ms at, std::string_view why) {
  auto found = actors_.find(id);
  if (found == actors_.end())
    return;
  auto& who = found->second;
  set(who, actor_state::exited, at, why);
  push_bounded(exited, std::move(who), bounds::exited);
  remove(id);
}

void life::make_place() {
  if (!crowd_.empty())
    forget(*crowd_.begin());
  else if (!actors_.empty())
    forget(actors_.begin()->first);
}

void life::forget(actor_id id) {
  remove(id);
  ++forgotten_;
}

void life::remove(actor_id id) {
  auto found = actors_.find(id);
  auto parent = found->second.parent;
  leave(parent, id);
  connections_.erase(id);
  crowd_.erase(id);
  troubled_.erase({parent, id});
  actors_.erase(found);
}

/// Whoever is begun anew is so with all that is under it.
void life::goes_on(actor_id id, utc_ms at) {
  std::vector<actor_id> all{id};
  while (!all.empty()) {
    auto next = all.back();
    all.pop_back();
    auto found = actors_.find(next);
    if (found != actors_.end()) {
      auto& who = found->second;
      troubled_.erase({who.parent, who.id});
      if (who.state != actor_state::alive)
        set(who, actor_state::alive, at, {});
    }
    for (auto each = troubled_.lower_bound({next, 0});
         each != troubled_.end() && each->first == next;
         each = troubled_.erase(each))
      all.push_back(each->second);
  }
}

/// So that whoever is begun anew above it knows of it. Lines may say that two
/// are each other's parents.
void life::tell_of_trouble(const actor& who) {
  const auto* at = &who;
  for (int i = 0; at != nullptr && i < depth_max; ++i) {
    if (!troubled_.emplace(at->parent, at->id).second)
      return; // And those above know.
    at = find(at->parent);
  }
}

bool life::has_trouble_under(actor_id id) const {
  auto first = troubled_.lower_bound({id, 0});
  return first != troubled_.end() && first->first == id;
}

void life::end_all(utc_ms at) {
  while (!actors_.empty())
    end(actors_.begin()->first, at, "the node stopped");
  connected_ = disconnected_ = 0;
}

/// Where nobody is connected, those that we know of have gone untold.
void life::drop_connections() {
  if (connections() > 0 || !knows_connections())
    return;
  while (!connections_.empty())
    remove(*connections_.begin());
}

std::vector<const actor*> life::children(actor_id parent) const {
  std::vector<const actor*> out;
  auto add_all = [&](const std::set<actor_id>& under) {
    for (auto id : under)
      out.push_back(find(id));
  };
  if (parent != 0) {
    if (auto of = children_.find(parent); of != children_.end())
      add_all(of->second);
    return out;
  }
  for (const auto& [above, under] : children_)
    if (!actors_.contains(above))
      add_all(under);
  std::ranges::sort(out, {}, &actor::id);
  return out;
}

std::size_t life::count_of_children(actor_id parent) const {
  auto of = children_.find(parent);
  return of == children_.end() ? 0 : of->second.size();
}

std::uint64_t life::connections() const {
  return connected_ - std::min(disconnected_, connected_);
}

bool life::knows_connections() const {
  return from_the_start_ && lost == 0;
}

} // namespace greenroom::watch
