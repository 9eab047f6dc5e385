#pragma once

// Every event that a node can log. The names are a contract with whoever reads
// the logs: add, never rename.

#include "core/log.hpp"

#define GREENROOM_EVENTS(X)                                                    \
  X(node_starting, "node.starting", info, "version node_id loops pid",         \
    "The configuration is good; the node starts.")                             \
  X(node_ready, "node.ready", info, "node_id address port cluster",            \
    "Clients are served and, with a cluster configured, the bus is up.")       \
  X(node_stopping, "node.stopping", info, "reason connections",                \
    "A signal came: no new clients, the present ones are closed with 1001.")   \
  X(node_stopped, "node.stopped", info, "clean drain_ms",                      \
    "The last line of an orderly end.")                                        \
  X(loop_started, "loop.started", info, "loop sends",                          \
    "An I/O loop runs; `sends` says by which call: `io_uring` or `send`.")     \
  X(loop_stopped, "loop.stopped", info, "loop turns", "An I/O loop ended.")    \
  X(loop_stalled, "loop.stalled", warn, "loop turn_ms",                        \
    "One turn of a loop took far longer than its budget.")                     \
  X(listener_opened, "listener.opened", info, "address port loops",            \
    "The node listens here.")                                                  \
  X(listener_closed, "listener.closed", info, "loop",                          \
    "A loop accepts no more connections.")                                     \
  X(accept_failed, "accept.failed", warn, "loop reason",                       \
    "A connection could not be accepted; the loop tries again after a pause.") \
  X(handshake_refused, "handshake.refused", info, "peer status reason",        \
    "An upgrade was answered with an HTTP error.")                             \
  X(connection_opened, "connection.opened", info,                              \
    "connection peer path encoding deflate loop",                              \
    "A client is connected; `deflate`: compression was agreed on.")            \
  X(connection_authenticated, "connection.authenticated", info,                \
    "connection user way",                                                     \
    "The client logged in, or was taken in as "                                \
    "anonymous.")                                                              \
  X(connection_resumed, "connection.resumed", info,                            \
    "connection before user rooms",                                            \
    "A client goes on with the session of a lost connection, whose id it has " \
    "from now on; `before` is the one that this connection had.")              \
  X(auth_failed, "auth.failed", warn, "connection peer reason",                \
    "A token was refused, or none came in time.")                              \
  X(connection_closed, "connection.closed", info,                              \
    "connection user code reason by lived_ms messages",                        \
    "The client is gone; `by` says who ended it.")                             \
  X(connection_limited, "connection.limited", warn, "connection limit",        \
    "A client reached a limit; told once in a `limits.violations-window`, of " \
    "`net.connections` five times a second.")                                  \
  X(connection_failed, "connection.failed", error, "connection reason",        \
    "A connection actor failed; only its client is affected.")                 \
  X(room_created, "room.created", info, "room space epoch loop",               \
    "The first member came.")                                                  \
  X(room_emptied, "room.emptied", info, "room space",                          \
    "The last member on this node left; `rooms.linger` keeps its log.")        \
  X(room_closed, "room.closed", info, "room space epoch offset lived_ms",      \
    "The room is gone with its log: it stayed empty, made place for another, " \
    "failed, or the node stops.")                                              \
  X(room_refused, "room.refused", warn, "room reason",                         \
    "A room could not be opened because of a limit.")                          \
  X(room_failed, "room.failed", error, "room space reason",                    \
    "A room actor failed: its members have left it.")                          \
  X(actor_failed, "actor.failed", error, "actor reason",                       \
    "An actor that the node cannot do without failed: the process ends.")      \
  X(member_lagging, "member.lagging", warn, "room connection dropped_bytes",   \
    "A slow member skips what it could not take (`gap`).")                     \
  X(bus_connecting, "bus.connecting", info, "endpoint link attempt",           \
    "The node tries to reach Redis.")                                          \
  X(bus_up, "bus.up", info, "endpoint channels down_ms",                       \
    "Redis is reached and the rooms are subscribed.")                          \
  X(bus_down, "bus.down", warn, "endpoint link reason retry_ms",               \
    "Redis is gone; local members are served on.")                             \
  X(redis_master, "redis.master", warn, "endpoint was link",                   \
    "Sentinels tell of another master than before; the node goes there.")      \
  X(redis_slots, "redis.slots", info, "endpoint link masters moved missing",   \
    "A Redis Cluster tells who has which slots; so many have moved.")          \
  X(bus_dropped, "bus.dropped", warn, "messages bytes",                        \
    "The queue to Redis was full; peers will see a gap.")                      \
  X(bus_gap, "bus.gap", warn, "origin room expected got missed",               \
    "Messages of a peer did not arrive.")                                      \
  X(room_mended, "room.mended", warn, "room peer",                             \
    "Members of a peer were not those that it names, and are asked for.")      \
  X(bus_rejected, "bus.rejected", warn, "channel reason",                      \
    "A payload on the bus is not a valid envelope.")                           \
  X(bus_silent, "bus.silent", warn, "silent_ms",                               \
    "Redis is connected but does not deliver: the node subscribes again.")     \
  X(peer_joined, "peer.joined", info, "peer incarnation", "A node appeared.")  \
  X(peer_left, "peer.left", info, "peer incarnation", "A node said goodbye.")  \
  X(peer_lost, "peer.lost", warn, "peer incarnation silent_ms",                \
    "A node was not heard of in time.")                                        \
  X(peer_duplicate, "peer.duplicate", warn, "peer incarnation other",          \
    "Two nodes with the same id are alive: one must be named otherwise.")      \
  X(store_opened, "store.opened", info, "path rooms bytes",                    \
    "The file that keeps the rooms is open.")                                  \
  X(store_failed, "store.failed", error, "path reason",                        \
    "It cannot be written or read: messages are refused until it can. Told "   \
    "again every 10 s.")                                                       \
  X(store_recovered, "store.recovered", info, "path refused failing_ms",       \
    "It can be written again; so many messages were refused meanwhile.")       \
  X(store_silent, "store.silent", warn, "silent_ms",                           \
    "Redis is connected but does not deliver: the node subscribes again to "   \
    "the logs of its rooms.")                                                  \
  X(store_repaired, "store.repaired", info, "room entries",                    \
    "Messages that a room had not heard were read from its log.")              \
  X(store_turned, "store.turned", warn, "room epoch from known",               \
    "A room's log goes on in another epoch: Redis lost its end, or may have.") \
  X(store_rejected, "store.rejected", warn, "room reason",                     \
    "Something in a room's log, or about it, could not be read.")              \
  X(store_refused, "store.refused", error, "reason refused",                   \
    "Redis does not do what rooms ask for; told again every 10 s.")            \
  X(actor_crashed, "actor.crashed", error, "actor name message reason",        \
    "An actor's state threw while it handled a message.")                      \
  X(actor_restarted, "actor.restarted", warn,                                  \
    "actor name restarts cause pause_us",                                      \
    "It goes on with a state that was rebuilt.")                               \
  X(actor_escalated, "actor.escalated", error, "actor name restarts cause",    \
    "It crashes too often: whoever is above decides.")                         \
  X(actor_slow, "actor.slow", warn, "actor name message took_ms",              \
    "Handling one message took longer than `limits.handler-time`.")            \
  X(actor_flight, "actor.flight", info, "actor name age_us what",              \
    "What an actor that crashed had done before, the newest first.")           \
  X(mailbox_deep, "mailbox.deep", warn, "actor name depth age_ms",             \
    "More waits for an actor than half of `limits.room-mailbox`.")             \
  X(mailbox_drained, "mailbox.drained", info, "actor name",                    \
    "And now it does no longer.")                                              \
  X(message_quarantined, "message.quarantined", error,                         \
    "room bytes payload reason",                                               \
    "A message crashed its room twice: it is answered with `internal`, and "   \
    "kept here.")                                                              \
  X(log_dropped, "log.dropped", warn, "lines",                                 \
    "The log could not be written fast enough.")

namespace greenroom::events {

#define GREENROOM_EVENT(id, name, importance, fields, meaning)                 \
  inline constexpr log::event id{name, log::level::importance, fields, meaning};
GREENROOM_EVENTS(GREENROOM_EVENT)
#undef GREENROOM_EVENT

} // namespace greenroom::events
