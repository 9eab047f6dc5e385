// How a connection becomes somebody, and stays it: tokens, the first rooms, and
// a later `auth` [P-2].
#include <utility>

#include "actors/connection.hpp"
#include "actors/pinned.hpp"
#include "core/events.hpp"
#include "core/protocol/codec.hpp"
#include "core/session.hpp"

namespace greenroom::actors {

namespace {

using protocol::close_code;
using protocol::error_code;
using protocol::request_id;

} // namespace

void connection::begin() {
  wire_->start(neighbour_of<connection>(self_));
  if (room_is_missing()) {
    close(close_code::missing_room);
    return;
  }
  if (!hello_.token.empty()) {
    on_token(std::exchange(hello_.token, {}), "handshake");
  } else if (context_->config.auth.anonymous) {
    who_.log_in_anonymous(names_of(session_).anonymous_user_id);
    log_in("anonymous");
  } else {
    set_timer();
  }
}

bool connection::room_is_missing() {
  if (hello_.space == room_space::relay)
    return hello_.rooms.empty()
           || !protocol::is_name(hello_.rooms.front(),
                                 protocol::room_id_bytes_max);
  return context_->config.rooms.require_room && hello_.rooms.empty();
}

void connection::on_first_message(inbound_view msg) {
  if (!is_right_kind(msg)) {
    reject_token("no token in the first message",
                 reason(close_code::bad_token));
    return;
  }
  auto said = protocol::decode(hello_.encoding, msg.bytes,
                               {context_->config.limits.message_depth,
                                context_->config.limits.recipients,
                                context_->config.limits.rooms_per_connection});
  const auto* auth = said ? std::get_if<protocol::auth>(&said->what) : nullptr;
  if (auth == nullptr) {
    reject_token("no token in the first message",
                 reason(close_code::bad_token));
    return;
  }
  on_token(auth->token, "message");
}

void connection::on_token(std::string_view token, std::string_view way) {
  token_verdict verdict = token_refused{"no key is configured"};
  if (context_->verify)
    verdict = context_->verify(token, home_.wall_now());
  if (auto* who = std::get_if<claims>(&verdict)) {
    who_.log_in(std::move(*who));
    log_in(way);
  } else {
    reject_token(std::get<token_refused>(verdict).reason,
                 reason(close_code::bad_token));
  }
}

void connection::log_in(std::string_view way) {
  log::emit(
      events::connection_authenticated,
      {{"connection", connection_id_}, {"user", who_.user_id()}, {"way", way}});
  welcome({});
  if (std::exchange(phase_, phase::open) == phase::awaiting_auth)
    enter_first_rooms();
  set_timer();
}

void connection::welcome(const request_id& id) {
  // A raw client would take it for somebody's frame.
  if (hello_.space == room_space::protocol)
    reply(protocol::auth_success{who_.user_id(), connection_id_, session_,
                                 who_.expires_at(), id});
}

/// A later `auth` [P-2.4].
void connection::refresh(const protocol::auth& said, const request_id& id) {
  token_verdict verdict = token_refused{"no key is configured"};
  if (context_->verify)
    verdict = context_->verify(said.token, home_.wall_now());
  auto* who = std::get_if<claims>(&verdict);
  if (who == nullptr) {
    reject_token(std::get<token_refused>(verdict).reason,
                 reason(close_code::bad_token));
    return;
  }
  if (!who_.renew(std::move(*who), !rooms_.empty())) {
    refuse(error_code::forbidden, "the token is another user's", id);
    return;
  }
  welcome(id);
  apply_rights();
  set_timer();
}

/// What the new token no longer allows ends now, what it allows anew begins.
void connection::apply_rights() {
  std::vector<std::string> changed;
  for (auto i = rooms_.begin(); i != rooms_.end();) {
    auto& [room_id, in] = *i;
    auto before = std::exchange(in.may, rights_in(room_id));
    if (in.room && !in.may.receive) {
      self_->send(in.room.handle(), leave{self_->id(), {}, "forbidden", false});
      i = rooms_.erase(i);
      continue;
    }
    if (before.presence != in.may.presence)
      changed.push_back(room_id);
    ++i;
  }
  // Joining again moves the member to the lane that shows what it may see, and
  // costs what it does when its client asks for it.
  charge(changed.size() * (1 + cost_of_list));
  for (const auto& room_id : changed)
    send_join(room_id, {});
}

void connection::reject_token(std::string_view why, std::string_view reason) {
  counted().auth_failures.add();
  log::emit(
      events::auth_failed,
      {{"connection", connection_id_}, {"peer", hello_.peer}, {"reason", why}});
  close(close_code::bad_token, reason);
}

void connection::enter_first_rooms() {
  // As a `resume` of as many would cost.
  if (hello_.space == room_space::protocol
      && !within_rate_for(hello_.rooms.size() / rooms_of_a_request, {}, {}))
    return;
  for (const auto& room_id : std::exchange(hello_.rooms, {})) {
    if (phase_ != phase::open)
      return;
    if (hello_.space == room_space::relay) {
      if (!rights_in(room_id).receive) {
        close(close_code::forbidden);
        return;
      }
      send_join(room_id, {});
      return; // A relay client has one room.
    }
    protocol::join_room asked{room_id, std::nullopt, std::nullopt};
    if (protocol::is_name(room_id, protocol::room_id_bytes_max))
      on_client(asked, request_id{});
    else
      refuse(error_code::bad_message,
             "room: 1 to 256 bytes of UTF-8 without control characters", {});
  }
}

} // namespace greenroom::actors
