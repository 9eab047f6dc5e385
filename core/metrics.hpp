#pragma once

// Every metric of `/metrics`, declared once: docs/metrics.md is made from this.
// The names are a contract with whoever scrapes: add, never rename. A label has
// a few values that are known beforehand: rooms and users are never labels.

#include <string_view>

namespace greenroom {

enum class metric_type { counter, gauge, histogram };

struct metric {
  std::string_view name;
  metric_type type;
  std::string_view unit;
  std::string_view labels; ///< Their names; empty: none.
  std::string_view meaning;
};

#define GREENROOM_METRICS(X)                                                   \
  X(ready, "greenroom_ready", gauge, "yes or no", "",                          \
    "1 where `/readyz` says that the node serves clients, else 0.")            \
  X(connections_max, "greenroom_connections_max", gauge, "connections", "",    \
    "As many as there may be: `net.connections`.")                             \
  X(rooms_max, "greenroom_rooms_max", gauge, "rooms", "",                      \
    "As many as there may be: `limits.rooms`.")                                \
  X(connections, "greenroom_connections", gauge, "connections", "",            \
    "Clients that are connected.")                                             \
  X(connections_opened, "greenroom_connections_opened_total", counter,         \
    "connections", "", "Clients that were taken in.")                          \
  X(connections_closed, "greenroom_connections_closed_total", counter,         \
    "connections", "class",                                                    \
    "Clients that are gone, by close code: `normal` (1000, 1001, none), "      \
    "`lost` (no close frame), `protocol` (RFC 6455), `internal` (1011), "      \
    "`busy` (1012, 1013), `application` (4000 and above).")                    \
  X(auth_failures, "greenroom_auth_failures_total", counter, "logins", "",     \
    "Tokens that were refused, or did not come in time.")                      \
  X(admin_refusals, "greenroom_admin_refusals_total", counter, "requests", "", \
    "Requests of operators that were not answered: without `admin.token`, or " \
    "from a page of elsewhere.")                                               \
  X(streams_refused, "greenroom_dashboard_refused_total", counter, "pages",    \
    "", "Pages that wanted to watch while as many as may did.")                \
  X(streams_cut, "greenroom_dashboard_cut_total", counter, "pages", "",        \
    "Pages that were left because they did not read.")                         \
  X(limits_hit, "greenroom_limits_hit_total", counter, "times", "limit",       \
    "Times that a limit was reached, by the setting that gives it.")           \
  X(requests, "greenroom_requests_total", counter, "messages", "type",         \
    "Messages of clients that could be read, by type; `raw`: of `/relay`.")    \
  X(bad_requests, "greenroom_bad_requests_total", counter, "messages", "",     \
    "Messages of clients that could not be read.")                             \
  X(messages, "greenroom_messages_total", counter, "messages", "way",          \
    "Messages by the way that they went: `client_in`, `client_out` (to each "  \
    "client one), `peer_in`, `peer_out`.")                                     \
  X(deliveries, "greenroom_deliveries_total", counter, "messages", "",         \
    "What rooms said, once for each member that gets it.")                     \
  X(bytes, "greenroom_client_bytes_total", counter, "bytes", "direction",      \
    "Bytes of WebSockets: `in`, `out`.")                                       \
  X(flushes, "greenroom_flushes_total", counter, "sends", "",                  \
    "Sends to clients.")                                                       \
  X(flush_messages, "greenroom_flush_messages", histogram, "messages", "",     \
    "Messages in a send, of one send in 64.")                                  \
  X(skipped_bytes, "greenroom_skipped_bytes_total", counter, "bytes", "",      \
    "What slow members were not sent (`rooms.slow`).")                         \
  X(latency, "greenroom_message_latency_seconds", histogram, "seconds",        \
    "stage",                                                                   \
    "Time since the node read a message of a client, when it was `accepted` "  \
    "by its connection, `sequenced` by its room's log, handed to the `bus`, "  \
    "spread to the members of a loop (`fan_out`), `written` to their "         \
    "sockets. Of one message in 64; the last two once for each loop.")         \
  X(rooms, "greenroom_rooms", gauge, "rooms", "", "Rooms that are open.")      \
  X(members, "greenroom_members", gauge, "members", "",                        \
    "Memberships of connections in rooms.")                                    \
  X(actor_crashes, "greenroom_actor_crashes_total", counter, "crashes",        \
    "kind", "Times that a handler threw (`actor.crashed`), by kind of actor.") \
  X(actor_restarts, "greenroom_actor_restarts_total", counter, "restarts",     \
    "kind", "Times that an actor went on anew (`actor.restarted`).")           \
  X(actor_escalations, "greenroom_actor_escalations_total", counter, "times",  \
    "kind",                                                                    \
    "Times that restarts of an actor did not help (`actor.escalated`).")       \
  X(slow_messages, "greenroom_actor_slow_messages_total", counter, "messages", \
    "kind",                                                                    \
    "Messages for which an actor took longer than `limits.handler-time`.")     \
  X(mailbox_peak, "greenroom_mailbox_depth_peak", gauge, "messages", "kind",   \
    "The most that waited behind a message of one `room`, and of the "         \
    "`cluster` actor, in the last 15 to 30 s.")                                \
  X(cluster_mailbox, "greenroom_cluster_mailbox_depth", gauge, "messages", "", \
    "What waits for the cluster actor. In a cluster only.")                    \
  X(cluster_mailbox_age, "greenroom_cluster_mailbox_age_seconds", gauge,       \
    "seconds", "", "How long it has, about.")                                  \
  X(busy_refusals, "greenroom_busy_room_refusals_total", counter, "messages",  \
    "",                                                                        \
    "Messages that were answered with `unavailable`, since too much waited "   \
    "for their room (`limits.room-mailbox`).")                                 \
  X(quarantined, "greenroom_quarantined_messages_total", counter, "messages",  \
    "", "Messages that crashed a room twice (`message.quarantined`).")         \
  X(bus_up, "greenroom_bus_up", gauge, "", "",                                 \
    "1: the bus is up, 0: it is not. In a cluster only.")                      \
  X(bus_peers, "greenroom_bus_peers", gauge, "nodes", "",                      \
    "Other nodes that live.")                                                  \
  X(bus_echo, "greenroom_bus_echo_seconds", histogram, "seconds", "",          \
    "Time until a beat of this node comes back over the bus: what peers hear " \
    "is about as old.")                                                        \
  X(bus_gaps, "greenroom_bus_gaps_total", counter, "gaps", "",                 \
    "Holes in what peers sent.")                                               \
  X(bus_missed, "greenroom_bus_missed_total", counter, "messages", "",         \
    "Messages in those holes.")                                                \
  X(bus_duplicates, "greenroom_bus_duplicates_total", counter, "messages", "", \
    "Messages of peers that had come before.")                                 \
  X(bus_dropped, "greenroom_bus_dropped_total", counter, "messages", "",       \
    "Messages that were not sent to peers: no room in the queue, or too "      \
    "late.")                                                                   \
  X(bus_rejected, "greenroom_bus_rejected_total", counter, "payloads", "",     \
    "Payloads on the bus that are not valid.")                                 \
  X(bus_reconnects, "greenroom_bus_reconnects_total", counter, "times", "",    \
    "Times that the bus came up again.")                                       \
  X(reports_dropped, "greenroom_reports_dropped_total", counter, "reports",    \
    "",                                                                        \
    "Reports to peers that watch, for which the queue had no room to "         \
    "spare.")                                                                  \
  X(watchers_refused, "greenroom_watchers_refused_total", counter, "wishes",   \
    "", "Wishes of peers to watch, beyond as many as may.")                    \
  X(log_repairs, "greenroom_log_repairs_total", counter, "repairs", "",        \
    "Times that messages which a room had not heard were read from its log.")  \
  X(log_turns, "greenroom_log_epochs_turned_total", counter, "epochs", "",     \
    "Times that a room's log went on in another epoch.")                       \
  X(store_logs, "greenroom_store_logs", gauge, "logs", "store",                \
    "Logs of rooms that are open, by store: `memory`, `sqlite`, `redis`.")     \
  X(store_appends, "greenroom_store_appends_total", counter, "messages",       \
    "store verdict",                                                           \
    "Messages that rooms wanted to keep, by what became of them: "             \
    "`accepted`, `duplicate`, `conflict`, `unavailable`.")                     \
  X(store_reads, "greenroom_store_reads_total", counter, "reads",              \
    "store verdict", "Reads of logs: `done`, `refused`.")                      \
  X(store_waiting, "greenroom_store_waiting", gauge, "calls", "store",         \
    "Calls that are not yet answered.")                                        \
  X(store_keys, "greenroom_store_keys_set_total", counter, "changes", "store", \
    "Changes of shared keys.")                                                 \
  X(store_commits, "greenroom_store_commits_total", counter, "commits",        \
    "store", "Commits; of SQLite.")                                            \
  X(store_commit_time, "greenroom_store_commit_seconds_total", counter,        \
    "seconds", "store", "The time that they took.")                            \
  X(store_failures, "greenroom_store_failures_total", counter, "failures",     \
    "store", "Commits and reads that failed.")                                 \
  X(log_lines, "greenroom_log_lines_total", counter, "lines", "fate",          \
    "Lines of the event log: `written`, `dropped` (it could not be written "   \
    "fast enough), `held_back` (`log.limited-per-second`).")                   \
  X(loop_turns, "greenroom_loop_turns_total", counter, "turns", "loop",        \
    "Turns of a loop.")                                                        \
  X(loop_turn_time, "greenroom_loop_turn_seconds", histogram, "seconds",       \
    "loop", "How long its turns took, without the waiting.")                   \
  X(loop_lag, "greenroom_loop_lag_seconds", histogram, "seconds", "loop",      \
    "How late its timers were.")                                               \
  X(memory, "greenroom_memory_bytes", gauge, "bytes", "kind",                  \
    "Memory that can be told by adding up: `frames` (ready for sockets), "     \
    "`outboxes` (of those, what waits for one client alone), `logs` "          \
    "(messages "                                                               \
    "that rooms keep in memory), `remembered` (ids), `state`.")                \
  X(process_memory, "process_resident_memory_bytes", gauge, "bytes", "",       \
    "Memory of the process.")                                                  \
  X(process_cpu, "process_cpu_seconds_total", counter, "seconds", "",          \
    "The time that its threads have worked.")                                  \
  X(process_started, "process_start_time_seconds", gauge, "seconds", "",       \
    "When it began, since 1970.")                                              \
  X(process_fds, "process_open_fds", gauge, "descriptors", "",                 \
    "Descriptors that are open; above 1,000 connections only where the "       \
    "kernel tells it (Linux 6.2).")                                            \
  X(process_fds_max, "process_max_fds", gauge, "descriptors", "",              \
    "How many may be.")                                                        \
  X(build, "greenroom_build_info", gauge, "", "version", "1.")

namespace metrics {

#define GREENROOM_METRIC(id, name, type, unit, labels, meaning)                \
  inline constexpr metric id{name, metric_type::type, unit, labels, meaning};
GREENROOM_METRICS(GREENROOM_METRIC)
#undef GREENROOM_METRIC

inline constexpr const metric* all[] = {
#define GREENROOM_METRIC(id, name, type, unit, labels, meaning) &id,
    GREENROOM_METRICS(GREENROOM_METRIC)
#undef GREENROOM_METRIC
};

} // namespace metrics

} // namespace greenroom
