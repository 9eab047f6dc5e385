#pragma once

// Every event that a node can log: what it is called in the code and in the
// log, how important it is, what may become of it when there are many
// (log::sampling), its fields with their types (core/event_fields.hpp), and
// what it means. Names and types are a contract with whoever reads the logs
// (docs/events.md is made from this): add, never rename.

#include <cstddef>
#include <iterator>

#include "core/event_fields.hpp"
#include "core/log.hpp"

#define GREENROOM_EVENTS(X)                                                    \
  X(node_starting, "node.starting", info, always,                              \
    "version:text node_id:text loops:count pid:count",                         \
    "The configuration is good; the node starts.")                             \
  X(node_ready, "node.ready", info, always,                                    \
    "node_id:text address:text port:count cluster:flag",                       \
    "Clients are served and, with a cluster configured, the bus is up.")       \
  X(node_stopping, "node.stopping", info, always,                              \
    "reason:text connections:count",                                           \
    "A signal came: no new clients, the present ones are closed with 1001.")   \
  X(node_stopped, "node.stopped", info, always, "clean:flag drain_ms:count",   \
    "The last line of an orderly end.")                                        \
  X(loop_started, "loop.started", info, always, "loop:count sends:text",       \
    "An I/O loop runs; `sends` says by which call: `io_uring` or `send`.")     \
  X(loop_stopped, "loop.stopped", info, always, "loop:count turns:count",      \
    "An I/O loop ended.")                                                      \
  X(loop_stalled, "loop.stalled", warn, usual, "loop:count turn_ms:count",     \
    "One turn of a loop took far longer than its budget.")                     \
  X(listener_opened, "listener.opened", info, usual,                           \
    "address:text port:count loops:count", "The node listens here.")           \
  X(listener_closed, "listener.closed", info, usual, "loop:count",             \
    "A loop accepts no more connections.")                                     \
  X(admin_opened, "admin.opened", info, usual, "address:text port:count",      \
    "Operators are served here: `/metrics` and more.")                         \
  X(admin_refused, "admin.refused", warn, limited, "peer:text reason:text",    \
    "A request to the admin listener had no token or a wrong one; told five "  \
    "times a second.")                                                         \
  X(accept_failed, "accept.failed", warn, usual, "loop:count reason:text",     \
    "A connection could not be accepted; the loop tries again after a pause.") \
  X(handshake_refused, "handshake.refused", info, limited,                     \
    "peer:text status:count reason:text",                                      \
    "An upgrade was answered with an HTTP error.")                             \
  X(connection_opened, "connection.opened", info, limited,                     \
    "connection:text peer:text path:text encoding:text deflate:flag "          \
    "loop:count",                                                              \
    "A client is connected; `deflate`: compression was agreed on.")            \
  X(connection_authenticated, "connection.authenticated", info, limited,       \
    "connection:text user:text way:text",                                      \
    "The client logged in, or was taken in as anonymous.")                     \
  X(connection_resumed, "connection.resumed", info, limited,                   \
    "connection:text before:text user:text rooms:count",                       \
    "A client goes on with the session of a lost connection, whose id it has " \
    "from now on; `before` is the one that this connection had.")              \
  X(auth_failed, "auth.failed", warn, limited,                                 \
    "connection:text peer:text reason:text",                                   \
    "A token was refused, or none came in time.")                              \
  X(connection_closed, "connection.closed", info, limited,                     \
    "connection:text user:text code:count reason:text by:text lived_ms:count " \
    "messages:count",                                                          \
    "The client is gone; `by` says who ended it.")                             \
  X(connection_limited, "connection.limited", warn, limited,                   \
    "connection:text limit:text",                                              \
    "A client reached a limit; told once in a `limits.violations-window`, of " \
    "`net.connections` five times a second.")                                  \
  X(connection_failed, "connection.failed", error, limited,                    \
    "connection:text reason:text",                                             \
    "A connection actor failed; only its client is affected.")                 \
  X(room_created, "room.created", info, usual,                                 \
    "room:text space:text epoch:text loop:count", "The first member came.")    \
  X(room_emptied, "room.emptied", info, usual, "room:text space:text",         \
    "The last member on this node left; `rooms.linger` keeps its log.")        \
  X(room_closed, "room.closed", info, usual,                                   \
    "room:text space:text epoch:text offset:count lived_ms:count",             \
    "The room is gone with its log: it stayed empty, made place for another, " \
    "failed, or the node stops.")                                              \
  X(room_refused, "room.refused", warn, limited, "room:text reason:text",      \
    "A room could not be opened because of a limit.")                          \
  X(room_failed, "room.failed", error, always,                                 \
    "room:text space:text reason:text",                                        \
    "A room actor failed: its members have left it.")                          \
  X(rooms_busiest, "rooms.busiest", info, usual,                               \
    "busiest:text slowest:text seconds:number",                                \
    "Where there was traffic, every 10 s: up to ten rooms, as "                \
    "`name=messages` a second, and of up to ten members that read too "        \
    "slowly `connection room=bytes` a second that they were not sent.")        \
  X(actor_failed, "actor.failed", error, always, "who:text reason:text",       \
    "An actor that the node cannot do without failed: the process ends.")      \
  X(actor_spawned, "actor.spawned", info, life, "cause:text?",                 \
    "An actor lives, or a supervisor (of kind `node`, `loop` or "              \
    "`supervisor`).")                                                          \
  X(actor_exited, "actor.exited", info, life,                                  \
    "reason:text lived_ms:count cause:text?",                                  \
    "An actor is gone; `reason` is `normal` where it was done.")               \
  X(actor_crashed, "actor.crashed", error, life, "reason:text message:text",   \
    "A handler of an actor threw; `message` is the type of what it handled.")  \
  X(actor_restarted, "actor.restarted", warn, always,                          \
    "restarts:count cause:text pause_us:count",                                \
    "An actor goes on after it failed, so many times by now; nothing was "     \
    "handled for `pause_us`. Of a loop: with all that is under it.")           \
  X(actor_escalated, "actor.escalated", error, always,                         \
    "restarts:count cause:text",                                               \
    "Restarts do not help: whoever looks after the actor has to.")             \
  X(message_traced, "message.traced", info, limited,                           \
    "trace:text parent_span:text room:text stage:text after_us:count "         \
    "age_ms:count?",                                                           \
    "A message whose client sent a sampled `traceparent` has come so far, "    \
    "so long after this node got it: `accepted`, `sequenced`, `bus`, "         \
    "`fan_out`, `written` (the last two on each loop), and on other nodes "    \
    "`heard`, with its age by both clocks.")                                   \
  X(canary_late, "canary.late", warn, usual, "waited_ms:count",                \
    "A message of the node's own has not come through for longer than "        \
    "`health.canary-limit`: `/readyz` says 503.")                              \
  X(canary_back, "canary.back", info, usual, "took_ms:count",                  \
    "It, or a later one, came through.")                                       \
  X(part_crashed, "part.crashed", error, always, "part:text reason:text",      \
    "Code of the node threw outside of an actor: a `connection` or a request " \
    "(`http`) ends, one to `redis` is made anew, what the `store` was to do "  \
    "is refused; a `listener` goes on.")                                       \
  X(node_failed, "node.failed", error, always, "reason:text",                  \
    "The last line of a process that cannot go on, and ends with SIGABRT.")    \
  X(actor_slow, "actor.slow", warn, limited, "message:text took_ms:count",     \
    "A handler ran longer than `limits.handler-time`; `message` is the type "  \
    "of what it handled.")                                                     \
  X(actor_flight, "actor.flight", info, always,                                \
    "entry:count age_us:count what:text",                                      \
    "What an actor that crashed had done before, the newest first.")           \
  X(message_quarantined, "message.quarantined", error, always,                 \
    "room:text bytes:count payload:text reason:text",                          \
    "A message crashed its room twice: it is answered with `internal`, and "   \
    "`payload` is its beginning in Base64.")                                   \
  X(mailbox_deep, "mailbox.deep", warn, limited, "depth:count age_ms:count",   \
    "More waits for an actor than half of `limits.room-mailbox`; the oldest "  \
    "of it for `age_ms`.")                                                     \
  X(mailbox_drained, "mailbox.drained", info, limited, "",                     \
    "An actor whose mailbox was deep has caught up.")                          \
  X(member_lagging, "member.lagging", warn, limited,                           \
    "room:text connection:text dropped_bytes:count",                           \
    "A slow member skips what it could not take (`gap`).")                     \
  X(bus_connecting, "bus.connecting", info, usual,                             \
    "endpoint:text link:text attempt:count", "The node tries to reach Redis.") \
  X(bus_up, "bus.up", info, usual,                                             \
    "endpoint:text channels:count down_ms:count",                              \
    "Redis is reached and the rooms are subscribed.")                          \
  X(bus_down, "bus.down", warn, usual,                                         \
    "endpoint:text link:text reason:text retry_ms:count",                      \
    "Redis is gone; local members are served on.")                             \
  X(redis_master, "redis.master", warn, usual,                                 \
    "endpoint:text was:text link:text",                                        \
    "Sentinels tell of another master than before; the node goes there.")      \
  X(redis_slots, "redis.slots", info, usual,                                   \
    "endpoint:text link:text masters:count moved:count missing:count",         \
    "A Redis Cluster tells who has which slots; so many have moved.")          \
  X(bus_dropped, "bus.dropped", warn, usual, "messages:count bytes:count",     \
    "The queue to Redis was full; peers will see a gap.")                      \
  X(bus_gap, "bus.gap", warn, limited,                                         \
    "origin:text room:text expected:count got:count missed:count",             \
    "Messages of a peer did not arrive.")                                      \
  X(room_mended, "room.mended", warn, limited, "room:text peer:text",          \
    "Members of a peer were not those that it names, and are asked for.")      \
  X(bus_rejected, "bus.rejected", warn, limited, "channel:text reason:text",   \
    "A payload on the bus is not a valid envelope.")                           \
  X(bus_silent, "bus.silent", warn, usual, "silent_ms:count",                  \
    "Redis is connected but does not deliver: the node subscribes again.")     \
  X(peer_joined, "peer.joined", info, usual, "peer:text incarnation:count",    \
    "A node appeared.")                                                        \
  X(peer_left, "peer.left", info, usual, "peer:text incarnation:count",        \
    "A node said goodbye.")                                                    \
  X(peer_lost, "peer.lost", warn, usual,                                       \
    "peer:text incarnation:count silent_ms:count",                             \
    "A node was not heard of in time.")                                        \
  X(peer_duplicate, "peer.duplicate", warn, usual,                             \
    "peer:text incarnation:count other:count",                                 \
    "Two nodes with the same id are alive: one must be named otherwise.")      \
  X(store_opened, "store.opened", info, usual,                                 \
    "path:text rooms:count bytes:count",                                       \
    "The file that keeps the rooms is open.")                                  \
  X(store_failed, "store.failed", error, usual, "path:text reason:text",       \
    "It cannot be written or read: messages are refused until it can. Told "   \
    "again every 10 s.")                                                       \
  X(store_recovered, "store.recovered", info, usual,                           \
    "path:text refused:count failing_ms:count",                                \
    "It can be written again; so many messages were refused meanwhile.")       \
  X(store_silent, "store.silent", warn, usual, "silent_ms:count",              \
    "Redis is connected but does not deliver: the node subscribes again to "   \
    "the logs of its rooms.")                                                  \
  X(store_repaired, "store.repaired", info, limited,                           \
    "room:text entries:count",                                                 \
    "Messages that a room had not heard were read from its log.")              \
  X(store_turned, "store.turned", warn, usual,                                 \
    "room:text epoch:text from:count known:flag",                              \
    "A room's log goes on in another epoch: Redis lost its end, or may have.") \
  X(store_rejected, "store.rejected", warn, limited, "room:text reason:text",  \
    "Something in a room's log, or about it, could not be read.")              \
  X(store_refused, "store.refused", error, usual, "reason:text refused:count", \
    "Redis does not do what rooms ask for; told again every 10 s.")            \
  X(log_dropped, "log.dropped", warn, always, "lines:count",                   \
    "The log could not be written fast enough.")                               \
  X(log_limited, "log.limited", warn, always,                                  \
    "of:text held_back:count for_ms:count",                                    \
    "So many lines of the event `of` were held back "                          \
    "(`log.limited-per-second`).")

namespace greenroom::events {

#define GREENROOM_EVENT(id, name, importance, how_often, fields, meaning)      \
  inline constexpr log::event id{name, log::level::importance,                 \
                                 log::sampling::how_often, fields, meaning};   \
  static_assert(log::is_well_declared(id), name);
GREENROOM_EVENTS(GREENROOM_EVENT)
#undef GREENROOM_EVENT

/// All of them, in the order of the table.
inline constexpr const log::event* all[] = {
#define GREENROOM_EVENT(id, name, importance, how_often, fields, meaning) &id,
    GREENROOM_EVENTS(GREENROOM_EVENT)
#undef GREENROOM_EVENT
};

static_assert(
    [] {
      for (std::size_t i = 0; i < std::size(all); ++i)
        for (std::size_t j = 0; j < i; ++j)
          if (all[i]->name == all[j]->name)
            return false;
      return true;
    }(),
    "two events have the same name");

} // namespace greenroom::events
