// What a room does when its own code throws: its log, its keys, its audiences
// and its members outlive that. See docs/decisions/0030-supervision.md.
#include <algorithm>
#include <utility>

#include <caf/send.hpp>

#include "actors/lane_kind.hpp"
#include "actors/room.hpp"
#include "actors/shell.hpp"
#include "actors/tree.hpp"
#include "core/base64.hpp"
#include "core/events.hpp"

namespace greenroom::actors {

namespace {

/// When who waited to come in may try again: at once would do for one client,
/// not for the thousands that may have waited.
constexpr std::int64_t retry_after = 1'000;

/// So much of a message is told in the log.
constexpr std::size_t told_bytes_max = 4'096;

constexpr std::string_view no_way = "the message cannot be dealt with";

} // namespace

// -- the room -----------------------------------------------------------------

void room::describe(tree_entry& to) const {
  to.here = members_.size();
  to.members = std::max<std::uint64_t>(people_.size(), to.here);
  // Those who are here: others are told by their own nodes.
  for (const auto& [id, who] : members_) {
    if (to.some.size() == tree_entry::some_max)
      break;
    if (!who.about.connection_id.empty())
      to.some.push_back({who.about.user_id, who.about.connection_id});
  }
}

/// What is sure is what the log, the map and the audiences hold, and who is
/// here. Whatever else there was begins anew; who waited for it is told.
void room::recover() {
  members anew; // With indexes of its own.
  for (const auto& [id, who] : members_)
    if (!is_half_in(who))
      anew.add(who);
  members_ = std::move(anew);
  forget_half_gone();
  refuse_queued("the room begins anew");
  waiting_.clear();
  reading_.clear();
  ahead_.clear();
  peers_ask_ = true; // What was to be told to them may be lost: all is told.
  tell_peers_later();
  if (state_)
    state_changed();
  if (is_deserted() && !empty_since_)
    on_last_left();
  timer_.cancel();
  news_due_ = {};
  set_timer();
  if (!told_.empty() || !read_.empty())
    self_->send(self_, log_told{});
}

/// It crashed while it let this one in, which is done again.
bool room::is_half_in(const newcomer& who) const {
  return key_.space == room_space::protocol
         && !people_.is_held(who.about.connection_id, roster::this_node);
}

/// It crashed while it let these go.
void room::forget_half_gone() {
  std::vector<std::string> gone;
  for (const auto* who : people_.held(roster::this_node))
    if (members_.find(who->connection_id) == nullptr
        && !absent_.contains(who->connection_id))
      gone.push_back(who->connection_id);
  for (const auto& each : gone)
    forget(each);
}

/// All who are not in yet: their joins may be tried again.
void room::refuse_queued(std::string_view why) {
  for (const auto& [id, who] : std::exchange(queued_, {})) {
    self_->demonitor(who.connection.address());
    protocol::error lost{protocol::error_code::unavailable, std::string{why},
                         who.id, key_.id, retry_after};
    caf::anon_send(who.connection,
                   request_refused{std::move(lost), key_, who.join, {}});
  }
}

// -- what crashed it twice ----------------------------------------------------

void room::refuse(const caf::message& what, std::string_view why) {
  if (what.match_elements<publish>()) {
    const auto& msg = what.get_as<publish>(0);
    put_away(bytes_of(*msg.what), why);
    answer_internal(msg.who, msg.id, msg.credit);
  } else if (what.match_elements<change_state>()) {
    const auto& msg = what.get_as<change_state>(0);
    put_away(msg.what.said.bytes, why);
    answer_internal(msg.who, msg.id, msg.credit);
  } else if (what.match_elements<join>()) {
    const auto& msg = what.get_as<join>(0);
    if (members_.find(msg.who.id) != nullptr)
      remove(msg.who.id, {}, false);
    refuse_join(msg, protocol::error_code::internal, no_way);
  } else if (what.match_elements<list_members>()) {
    const auto& msg = what.get_as<list_members>(0);
    answer_internal(msg.who, msg.id, msg.credit);
  } else if (what.match_elements<read_log>()) {
    const auto& msg = what.get_as<read_log>(0);
    answer_internal(msg.who, msg.id, allowance::question);
  } else if (what.match_elements<leave>()) {
    // Whoever wants to go is not kept, whatever it takes.
    on_dead(what.get_as<leave>(0).who);
  } else {
    put_away({}, why);
  }
}

std::string_view room::bytes_of(const room_event& what) {
  if (const auto* said = std::get_if<posted>(&what))
    return said->body.said.bytes;
  if (const auto* said = std::get_if<directed>(&what))
    return said->what.body.said.bytes;
  if (const auto* said = std::get_if<relayed>(&what))
    return said->bytes;
  return {};
}

void room::answer_internal(member_id who, const protocol::request_id& id,
                           allowance credit) {
  const auto* by = members_.find(who);
  if (by == nullptr)
    return; // It left meanwhile.
  protocol::error why{protocol::error_code::internal, std::string{no_way}, id,
                      key_.id, std::nullopt};
  self_->send(by->connection, request_refused{std::move(why), key_, 0, credit});
}

void room::put_away(std::string_view bytes, std::string_view why) {
  std::string payload;
  append_base64(payload, bytes.substr(0, told_bytes_max));
  log::emit(events::message_quarantined, {{"room", key_.id},
                                          {"bytes", bytes.size()},
                                          {"payload", payload},
                                          {"reason", why}});
  context_->quarantined.keep(
      {key_.id, std::string{bytes}, std::string{why}, home_.wall_now()});
}

// -- what is in the log and cannot be shown -----------------------------------

/// It is accepted and has its offset, so everybody has to hear of it: those
/// that it did not reach are given it once more, or are told of the gap.
void room::show_again(const posted& what, std::uint64_t offset,
                      const newcomer* by) {
  auto& its = shell_of(*self_);
  auto thrown = std::current_exception();
  its.contained(thrown, "show");
  out_.leave_out_those_with(offset);
  try {
    show_once(what, offset, by);
  } catch (...) {
    its.contained(std::current_exception(), "show once more");
    put_away(what.body.said.bytes, text_of(thrown));
    broadcast(
        protocol::gap{key_.id, shown_epoch_, offset, offset, "unreadable"},
        offset, nullptr);
  }
  out_.leave_out_those_with(0);
}

} // namespace greenroom::actors
