#pragma once

// Every message from the node to a client, field by field, once. A dialect is a
// writer with the members that json::writer and msgpack::writer have.

#include <type_traits>

#include "core/protocol/messages.hpp"

namespace greenroom::protocol {

// -- single fields
// -------------------------------------------------------------

template <class Writer>
void put(Writer& to, std::string_view name, std::string_view text) {
  to.key(name);
  to.string(text);
}

/// Absent where it is empty.
template <class Writer>
void put_if_any(Writer& to, std::string_view name, std::string_view text) {
  if (!text.empty())
    put(to, name, text);
}

template <class Writer>
void put_natural(Writer& to, std::string_view name, std::uint64_t number) {
  to.key(name);
  to.natural(number);
}

template <class Writer>
void put_integer(Writer& to, std::string_view name, std::int64_t number) {
  to.key(name);
  to.integer(number);
}

template <class Writer>
void put_boolean(Writer& to, std::string_view name, bool truth) {
  to.key(name);
  to.boolean(truth);
}

template <class Writer>
void put_any(Writer& to, std::string_view name, encoding in,
             std::string_view bytes) {
  to.key(name);
  to.any(in, bytes);
}

template <class Writer>
void put_id(Writer& to, const request_id& id) {
  if (auto* text = std::get_if<std::string>(&id))
    put(to, "id", *text);
  else if (auto* number = std::get_if<std::int64_t>(&id))
    put_integer(to, "id", *number);
}

template <class Writer>
void put_position(Writer& to, const log_position& at) {
  put(to, "epoch", at.epoch);
  put_natural(to, "offset", at.offset);
}

template <class Writer>
void put_previous(Writer& to, const log_position& at) {
  to.key("previous");
  auto map = to.begin_map();
  put_position(to, at);
  to.end_map(map);
}

template <class Writer>
void write_member(Writer& to, const member& who) {
  to.begin_entry();
  auto map = to.begin_map();
  put(to, "connectionId", who.connection_id);
  put(to, "userId", who.user_id);
  if (!who.info_json.empty())
    put_any(to, "info", encoding::json, who.info_json);
  to.end_map(map);
}

/// Members, or pointers to them.
template <class Writer, class Members>
void write_members(Writer to, const Members& members) {
  to.begin_list(members.size());
  for (const auto& who : members)
    if constexpr (std::is_pointer_v<std::remove_cvref_t<decltype(who)>>)
      write_member(to, *who);
    else
      write_member(to, who);
  to.end_list();
}

template <class Writer>
void put_members(Writer& to, std::string_view name,
                 const std::vector<member>& members) {
  to.key(name);
  write_members(to, members);
}

template <class Writer>
void write_users(Writer to, std::span<const present_user> users) {
  to.begin_list(users.size());
  for (const auto& each : users) {
    to.begin_entry();
    auto map = to.begin_map();
    put(to, "userId", each.user_id);
    put_natural(to, "connections", each.connections);
    if (!each.info_json.empty())
      put_any(to, "info", encoding::json, each.info_json);
    to.end_map(map);
  }
  to.end_list();
}

template <class Writer>
void put_value(Writer& to, std::string_view name, const value* what) {
  to.key(name);
  if (what != nullptr && !what->empty())
    to.any(what->in, what->bytes);
  else
    to.null();
}

template <class Writer>
void write_changes(Writer to, std::span<const state_change> changes) {
  to.begin_list(changes.size());
  for (const auto& each : changes) {
    to.begin_entry();
    auto map = to.begin_map();
    put(to, "key", each.key);
    put_value(to, "value", each.now);
    put_natural(to, "version", each.version);
    put(to, "userId", each.user_id);
    to.end_map(map);
  }
  to.end_list();
}

// -- messages: the name of the type, then its fields
// ---------------------------

constexpr std::string_view type_of(const auth_success&) {
  return "auth_success";
}
constexpr std::string_view type_of(const joined&) {
  return "joined";
}
constexpr std::string_view type_of(const left&) {
  return "left";
}
constexpr std::string_view type_of(const room_message&) {
  return "message";
}
constexpr std::string_view type_of(const history&) {
  return "history";
}
constexpr std::string_view type_of(const state&) {
  return "state";
}
constexpr std::string_view type_of(const resumed&) {
  return "resumed";
}
constexpr std::string_view type_of(const typing_changed&) {
  return "typing";
}
constexpr std::string_view type_of(const presence&) {
  return "presence";
}
constexpr std::string_view type_of(const presence_by_user&) {
  return "presence";
}
constexpr std::string_view type_of(const ack&) {
  return "ack";
}
constexpr std::string_view type_of(const pong&) {
  return "pong";
}
constexpr std::string_view type_of(const gap&) {
  return "gap";
}
constexpr std::string_view type_of(const degraded&) {
  return "degraded";
}
constexpr std::string_view type_of(const healed&) {
  return "healed";
}
constexpr std::string_view type_of(const go_away&) {
  return "go_away";
}
constexpr std::string_view type_of(const error&) {
  return "error";
}

template <class Writer>
void put_fields(Writer& to, const auth_success& what) {
  put(to, "userId", what.user_id);
  put(to, "connectionId", what.connection_id);
  put(to, "session", what.session);
  if (what.expires_at)
    put_integer(to, "expiresAt", *what.expires_at);
  put_id(to, what.id);
}

template <class Writer>
void put_fields(Writer& to, const joined& what) {
  put(to, "roomId", what.room_id);
  put_id(to, what.id);
  put(to, "order", what.order == order_mode::total ? "total" : "fifo");
  put_position(to, what.at);
  if (what.recovered)
    put_boolean(to, "recovered", *what.recovered);
  put_if_any(to, "reason", what.reason);
  if (what.previous)
    put_previous(to, *what.previous);
  put_natural(to, "memberCount", what.member_count);
  if (what.members)
    put_any(to, "members", Writer::dialect, *what.members);
  if (what.state)
    put_any(to, "state", Writer::dialect, *what.state);
}

template <class Writer>
void put_fields(Writer& to, const left& what) {
  put(to, "roomId", what.room_id);
  put_id(to, what.id);
  put_if_any(to, "reason", what.reason);
}

template <class Writer>
void put_said(Writer& to, const room_message& what) {
  put(to, "userId", what.user_id);
  if (what.body)
    put_any(to, what.body->is_text ? "text" : "data", what.body->said.in,
            what.body->said.bytes);
  put_if_any(to, "event", what.event);
  if (what.timestamp)
    put_any(to, "timestamp", what.timestamp->in, what.timestamp->bytes);
  else
    put_integer(to, "timestamp", what.stamped);
  if (what.offset)
    put_natural(to, "offset", *what.offset);
  if (what.id)
    put_id(to, *what.id);
}

template <class Writer>
void put_fields(Writer& to, const room_message& what) {
  put(to, "roomId", what.room_id);
  put_said(to, what);
}

template <class Writer>
void put_fields(Writer& to, const history& what) {
  put(to, "roomId", what.room_id);
  put_id(to, what.id);
  put_position(to, what.at);
  to.key("messages");
  to.begin_list(what.messages.size());
  for (const auto& each : what.messages) {
    to.begin_entry();
    auto map = to.begin_map();
    put_said(to, each);
    to.end_map(map);
  }
  to.end_list();
}

template <class Writer>
void put_fields(Writer& to, const state& what) {
  put(to, "roomId", what.room_id);
  if (what.whole)
    put_boolean(to, "whole", true);
  to.key("changes");
  write_changes(to, what.changes);
}

template <class Writer>
void put_fields(Writer& to, const resumed& what) {
  put_id(to, what.id);
  put(to, "session", what.session);
  put_if_any(to, "connectionId", what.connection_id);
  put(to, "userId", what.user_id);
  to.key("rooms");
  to.begin_list(what.rooms.size());
  for (const auto& each : what.rooms) {
    to.begin_entry();
    auto map = to.begin_map();
    put(to, "roomId", each.room_id);
    if (each.at)
      put_position(to, *each.at);
    put_boolean(to, "recovered", each.recovered);
    put_if_any(to, "reason", each.reason);
    if (each.refused)
      put(to, "error", to_string(*each.refused));
    to.end_map(map);
  }
  to.end_list();
}

template <class Writer>
void put_fields(Writer& to, const typing_changed& what) {
  put(to, "roomId", what.room_id);
  put(to, "userId", what.user_id);
  put_boolean(to, "isTyping", what.is_typing);
}

template <class Writer>
void put_fields(Writer& to, const presence& what) {
  put(to, "roomId", what.room_id);
  put_id(to, what.id);
  put_natural(to, "memberCount", what.member_count);
  if (what.members) {
    put_any(to, "members", Writer::dialect, *what.members);
    return;
  }
  if (!what.joined.empty())
    put_members(to, "joined", what.joined);
  if (!what.left.empty())
    put_members(to, "left", what.left);
}

template <class Writer>
void put_fields(Writer& to, const presence_by_user& what) {
  put(to, "roomId", what.room_id);
  put_id(to, what.id);
  put_natural(to, "memberCount", what.member_count);
  put_natural(to, "userCount", what.user_count);
  if (what.users)
    put_any(to, "users", Writer::dialect, *what.users);
}

template <class Writer>
void put_fields(Writer& to, const ack& what) {
  put_id(to, what.id);
  put_if_any(to, "roomId", what.room_id);
  if (what.at)
    put_position(to, *what.at);
  if (what.delivered)
    put_natural(to, "delivered", *what.delivered);
  if (what.version)
    put_natural(to, "version", *what.version);
  if (what.duplicate)
    put_boolean(to, "duplicate", true);
  if (what.degraded)
    put_boolean(to, "degraded", true);
}

template <class Writer>
void put_fields(Writer& to, const pong& what) {
  put_id(to, what.id);
}

template <class Writer>
void put_fields(Writer& to, const gap& what) {
  put(to, "roomId", what.room_id);
  put(to, "epoch", what.epoch);
  put_natural(to, "from", what.from);
  put_natural(to, "to", what.to);
  put_if_any(to, "reason", what.reason);
}

template <class Writer>
void put_fields(Writer& to, const degraded& what) {
  put_if_any(to, "roomId", what.room_id);
}

template <class Writer>
void put_fields(Writer& to, const healed& what) {
  put_if_any(to, "roomId", what.room_id);
}

template <class Writer>
void put_fields(Writer& to, const go_away& what) {
  put_integer(to, "reconnectAfter", what.reconnect_after);
}

template <class Writer>
void put_fields(Writer& to, const error& what) {
  put(to, "code", to_string(what.code));
  put(to, "message", what.text);
  put_id(to, what.id);
  put_if_any(to, "roomId", what.room_id);
  if (what.retry_after)
    put_integer(to, "retryAfter", *what.retry_after);
  if (what.present) {
    put_natural(to, "version", what.present->version);
    put_value(to, "value", &what.present->now);
  }
}

template <class Writer, class Message>
void write(Writer to, const Message& what) {
  auto map = to.begin_map();
  put(to, "type", type_of(what));
  put_fields(to, what);
  to.end_map(map);
}

} // namespace greenroom::protocol
