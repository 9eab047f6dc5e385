#include "core/settings_table.hpp"

#include <algorithm>

#include "core/setting_shapes.hpp"

namespace greenroom {

namespace {

using namespace std::chrono_literals;
using s = settings;

constexpr std::uint64_t KiB = 1024;
constexpr std::uint64_t MiB = 1024 * KiB;
constexpr std::uint64_t GiB = 1024 * MiB;

constexpr std::string_view slow_policies[] = {"gap", "close"}; // as the enum
constexpr std::string_view room_orders[] = {"total", "fifo"};  // likewise
constexpr std::string_view log_formats[] = {"json", "text", "auto"};
constexpr std::string_view log_levels[] = {"debug", "info", "warn", "error"};

/// `at<&settings::net, &settings::net_settings::port>` is where `net.port` is.
template <auto Section, auto Member>
auto& at(settings& all) {
  return all.*Section.*Member;
}

// One function a type, so that a row reads as: name, member, domain, sentence.

constexpr setting boolean(std::string_view name,
                          member_of_settings<bool> member,
                          std::string_view sentence) {
  return {name, setting_type::boolean, member, sentence};
}

template <class T>
constexpr setting number(std::string_view name, T& (*member)(settings&),
                         std::uint64_t least, std::uint64_t most,
                         std::string_view sentence) {
  return {name, setting_type::number, member, sentence, least, most};
}

constexpr setting bytes(std::string_view name,
                        member_of_settings<std::uint32_t> member,
                        std::uint64_t least, std::uint64_t most,
                        std::string_view sentence) {
  return {name, setting_type::bytes, member, sentence, least, most};
}

constexpr setting duration(std::string_view name,
                           member_of_settings<milliseconds> member,
                           milliseconds least, milliseconds most,
                           std::string_view sentence) {
  return {name,
          setting_type::duration,
          member,
          sentence,
          static_cast<std::uint64_t>(least.count()),
          static_cast<std::uint64_t>(most.count())};
}

constexpr setting text(std::string_view name,
                       member_of_settings<std::string> member,
                       const setting_shape& shape, std::string_view sentence) {
  return {name, setting_type::text, member, sentence, 0, 0, {}, &shape};
}

constexpr setting secret(std::string_view name,
                         member_of_settings<std::string> member,
                         std::string_view sentence) {
  return {name, setting_type::text,        member, sentence, 0, 0,
          {},   &setting_shapes::one_line, true};
}

constexpr setting list(std::string_view name,
                       member_of_settings<std::vector<std::string>> member,
                       const setting_shape& shape, std::string_view sentence) {
  return {name, setting_type::list, member, sentence, 0, 0, {}, &shape};
}

template <class T>
constexpr setting choice(std::string_view name, T& (*member)(settings&),
                         std::span<const std::string_view> choices,
                         std::string_view sentence) {
  return {name, setting_type::choice, member, sentence, 0, 0, choices};
}

// Durations start at 10 ms where 0 would switch a safeguard off or spin.
constexpr setting table[] = {
    // -- net
    // --------------------------------------------------------------------
    text(
        "net.address", at<&s::net, &s::net_settings::address>,
        setting_shapes::address,
        "IP address to listen on: `127.0.0.1` for this machine only, `0.0.0.0` "
        "or `::` for every network."),
    number("net.port", at<&s::net, &s::net_settings::port>, 0, 65'535,
           "TCP port to listen on; 0 takes a free one, which the log event "
           "`listener.opened` tells."),
    number("net.loops", at<&s::net, &s::net_settings::loops>, 0, 1'024,
           "I/O loops, each a thread; 0 is one per core."),
    number("net.spread-members", at<&s::net, &s::net_settings::spread_members>,
           2, 10'000'000,
           "A room with fewer members keeps those that name it in their URL "
           "on its own loop, where its messages change no thread; a larger one "
           "spreads them over all loops."),
    list("net.origins", at<&s::net, &s::net_settings::origins>,
         setting_shapes::origin,
         "Origins of web pages that may connect, beside those that the node "
         "itself serves: `https://example.com`; `*`: any."),
    number("net.connections", at<&s::net, &s::net_settings::connections>, 1,
           10'000'000,
           "Connections at once; a client beyond them is told to try later."),
    duration(
        "net.close-timeout", at<&s::net, &s::net_settings::close_timeout>, 10ms,
        10min,
        "How long the node waits for a client's close frame before it cuts "
        "the connection."),
    boolean("net.io-uring", at<&s::net, &s::net_settings::io_uring>,
            "Hand the sends of a turn to the kernel together, by io_uring, "
            "where it allows that; `loop.started` tells which way is taken."),

    // -- admin
    // ------------------------------------------------------------------
    text("admin.address", at<&s::admin, &s::admin_settings::address>,
         setting_shapes::address_or_none,
         "IP address on which operators are served `/dashboard`, `/metrics`, "
         "`/top`, `/healthz` and `/readyz`; one that is not of this machine "
         "alone needs `admin.token`; empty: nowhere."),
    number("admin.port", at<&s::admin, &s::admin_settings::port>, 0, 65'535,
           "Its TCP port; 0 takes a free one, which the log event "
           "`admin.opened` tells."),
    secret("admin.token", at<&s::admin, &s::admin_settings::token>,
           "What each request there has to bring as `Authorization: Bearer`, "
           "or by `Basic` as the password of any user, at least 16 characters; "
           "empty: nothing."),

    // -- auth
    // -------------------------------------------------------------------
    boolean("auth.anonymous", at<&s::auth, &s::auth_settings::anonymous>,
            "Take in clients that bring no token, under a generated user id."),
    secret(
        "auth.secret", at<&s::auth, &s::auth_settings::secret>,
        "Key of the HS256 tokens, at least 32 bytes; `auth.secret-file` keeps "
        "it out of process lists."),
    text("auth.secret-file", at<&s::auth, &s::auth_settings::secret_file>,
         setting_shapes::one_line,
         "File that holds the key of the HS256 tokens; a line end behind it "
         "does "
         "not count."),
    text("auth.audience", at<&s::auth, &s::auth_settings::audience>,
         setting_shapes::one_line,
         "What `aud` of a token has to name; empty: a token with `aud` is "
         "refused."),
    text("auth.issuer", at<&s::auth, &s::auth_settings::issuer>,
         setting_shapes::one_line,
         "What `iss` of a token has to be; empty: it is not looked at."),
    text("auth.cookie", at<&s::auth, &s::auth_settings::cookie>,
         setting_shapes::cookie_name,
         "Cookie that may carry the token; empty: none."),
    duration("auth.timeout", at<&s::auth, &s::auth_settings::timeout>, 10ms,
             10min,
             "A client that has not logged in by then is closed with 4001."),
    duration(
        "auth.grace", at<&s::auth, &s::auth_settings::grace>, 0ms, 1h,
        "How long a token that ran out may still be refreshed before 4003."),
    duration("auth.leeway", at<&s::auth, &s::auth_settings::leeway>, 0ms, 10min,
             "Difference of clocks forgiven in `exp`, `nbf` and `iat`."),

    // -- heartbeat
    // --------------------------------------------------------------
    duration("heartbeat.interval",
             at<&s::heartbeat, &s::heartbeat_settings::interval>, 10ms, 1h,
             "How often a client is pinged; one that is silent until the next "
             "ping is due is cut off."),

    // -- rooms
    // ------------------------------------------------------------------
    boolean("rooms.require-room",
            at<&s::rooms, &s::rooms_settings::require_room>,
            "Close `/ws` connections whose URL names no room with 4000."),
    text("rooms.rights", at<&s::rooms, &room_settings::rights>,
         setting_shapes::rights,
         "Rights of clients whose token has no `rooms`: `r` receive, `w` send, "
         "`s` set state, `p` see presence, `a` administer."),
    choice(
        "rooms.order", at<&s::rooms, &room_settings::order>, room_orders,
        "In a cluster: one order for all members, given by Redis, which also "
        "keeps the messages (`total`), or each node's own, which goes on "
        "without Redis (`fifo`)."),
    choice("rooms.slow", at<&s::rooms, &room_settings::slow>, slow_policies,
           "A member that reads too slowly skips messages and is told so "
           "(`gap`), or is closed with 4008 (`close`)."),
    number(
        "rooms.members", at<&s::rooms, &room_settings::members>, 1, 10'000'000,
        "Members of one room on this node; the next one is told `room_full`."),
    number("rooms.listed-members",
           at<&s::rooms, &room_settings::listed_members>, 0, 1'000'000,
           "Rooms with more members than this tell how many, not who."),
    duration("rooms.typing-timeout",
             at<&s::rooms, &room_settings::typing_timeout>, 10ms, 10min,
             "Typing that is not renewed ends by itself after this time."),
    duration("rooms.presence-interval",
             at<&s::rooms, &room_settings::presence_interval>, 1ms, 1min,
             "Who came and who left is gathered this long and told at once; "
             "with more than 1,000 members, longer in proportion."),
    duration("rooms.grace", at<&s::rooms, &room_settings::grace>, 0ms, 1min,
             "A member that lost its connection may come back by `resume` "
             "within this time, and nobody saw it leave."),
    duration("rooms.linger", at<&s::rooms, &room_settings::linger>, 0ms, 24h,
             "How long a room without members keeps its epoch, offsets and "
             "remembered "
             "ids; one in which nothing was said keeps nothing."),
    number(
        "rooms.dedupe-messages", at<&s::rooms, &room_settings::dedupe_messages>,
        0, 1'000'000,
        "Message ids that a room remembers, to deliver a repeated one once."),
    duration("rooms.dedupe-window",
             at<&s::rooms, &room_settings::dedupe_window>, 0ms, 24h,
             "How long it remembers them."),
    number("rooms.state-keys", at<&s::rooms, &room_settings::state_keys>, 0,
           1'000'000,
           "Keys of a room's state; another one is refused with `too_large`."),
    bytes("rooms.state-bytes", at<&s::rooms, &room_settings::state_bytes>, 0,
          64 * MiB,
          "Size of its keys, values (as JSON or MessagePack, whichever is "
          "longer) and user ids; what would make it larger, or longer than a "
          "quarter of `limits.unsent-bytes`, is refused with `too_large`."),
    number("rooms.history-messages",
           at<&s::rooms, &room_settings::history_messages>, 0, 1'000'000,
           "Messages that a room keeps, for members that come back and for "
           "who asks for them; 0: none. Beyond this and the next two, the "
           "oldest go."),
    bytes("rooms.history-bytes", at<&s::rooms, &room_settings::history_bytes>,
          1 * KiB, 1 * GiB,
          "Bytes of their texts, and 256 more for each of them."),
    duration("rooms.history-age", at<&s::rooms, &room_settings::history_age>,
             0ms, 8'760h, "How long it keeps them; 0: any time."),

    // -- limits
    // -----------------------------------------------------------------
    bytes("limits.message-bytes",
          at<&s::limits, &s::limit_settings::message_bytes>, 64, 64 * MiB,
          "Size of one message; a larger one closes with 1009."),
    number("limits.message-depth",
           at<&s::limits, &s::limit_settings::message_depth>, 1, 512,
           "Nesting of a message; a deeper one is refused with `bad_message`."),
    number("limits.recipients", at<&s::limits, &s::limit_settings::recipients>,
           1, 4'096, "User and connection ids in `to` of one message."),
    number("limits.rooms-per-connection",
           at<&s::limits, &s::limit_settings::rooms_per_connection>, 1, 100'000,
           "Rooms that one connection may be in at once."),
    number("limits.rooms", at<&s::limits, &s::limit_settings::rooms>, 1,
           10'000'000,
           "Rooms on this node; beyond it, empty ones end early, and where "
           "none is "
           "empty no further one is opened."),
    bytes("limits.unsent-bytes",
          at<&s::limits, &s::limit_settings::unsent_bytes>, 1 * KiB, 1 * GiB,
          "What may wait for one client; beyond it `rooms.slow` says what "
          "happens."),
    number("limits.messages-per-second",
           at<&s::limits, &s::limit_settings::messages_per_second>, 0,
           1'000'000,
           "Messages that one connection may send, on average; 0: any number."),
    number("limits.messages-burst",
           at<&s::limits, &s::limit_settings::messages_burst>, 1, 1'000'000,
           "Messages that it may send at once before the average counts."),
    number("limits.violations", at<&s::limits, &s::limit_settings::violations>,
           1, 1'000'000,
           "Refused messages within `limits.violations-window` that close with "
           "4029."),
    duration("limits.violations-window",
             at<&s::limits, &s::limit_settings::violations_window>, 10ms, 1h,
             "The time in which they are counted."),
    number("limits.inbound-messages",
           at<&s::limits, &s::limit_settings::inbound_messages>, 1, 1'000'000,
           "Messages of one connection that are read and not yet handled; "
           "reading pauses beyond."),
    bytes("limits.handshake-bytes",
          at<&s::limits, &s::limit_settings::handshake_bytes>, 512, 1 * MiB,
          "Size of an HTTP request's head; a larger one is answered with 431."),
    duration("limits.handshake-timeout",
             at<&s::limits, &s::limit_settings::handshake_timeout>, 10ms, 10min,
             "A request that is not complete by then is answered with 408."),
    number("limits.handshakes", at<&s::limits, &s::limit_settings::handshakes>,
           1, 1'000'000,
           "Sockets of one loop that have not finished their handshake; "
           "newcomers beyond them wait."),
    number("limits.room-mailbox",
           at<&s::limits, &s::limit_settings::room_mailbox>, 16, 10'000'000,
           "Messages that wait for one room; beyond it, what its members say "
           "is answered with `unavailable`."),
    duration("limits.handler-time",
             at<&s::limits, &s::limit_settings::handler_time>, 1ms, 1h,
             "An actor that takes longer for one message holds its loop up, "
             "and is told in the log (`actor.slow`)."),

    // -- deflate
    // ----------------------------------------------------------------
    boolean("deflate.enabled", at<&s::deflate, &s::deflate_settings::enabled>,
            "Agree on compression (permessage-deflate) with clients that offer "
            "it."),
    bytes("deflate.min-bytes", at<&s::deflate, &s::deflate_settings::min_bytes>,
          0, 1 * MiB,
          "Messages to clients that are shorter than this are not compressed."),
    number("deflate.level", at<&s::deflate, &s::deflate_settings::level>, 1, 9,
           "zlib's level: 1 is the fastest, 9 the smallest."),
    number("deflate.server-window-bits",
           at<&s::deflate, &s::deflate_settings::server_window_bits>, 8, 15,
           "Largest window of what the node compresses, as a power of two; "
           "clients need that much memory."),
    boolean("deflate.client-context",
            at<&s::deflate, &s::deflate_settings::client_context>,
            "Let clients compress a message with the help of those before it; "
            "costs the window and 7 KiB for each connection that does."),
    number("deflate.client-window-bits",
           at<&s::deflate, &s::deflate_settings::client_window_bits>, 8, 15,
           "Largest window of a client that does so, as a power of two; "
           "one that cannot be asked for less compresses each message alone."),

    // -- store
    // -----------------------------------------------------------------
    text("store.path", at<&s::store, &s::store_settings::path>,
         setting_shapes::one_line,
         "SQLite file in which a node without a cluster keeps the messages of "
         "its rooms, so that they outlive it; empty: in memory."),

    // -- cluster
    // ----------------------------------------------------------------
    secret("cluster.redis", at<&s::cluster, &s::cluster_settings::redis>,
           "Redis that joins the nodes: `redis://`, `rediss://` (TLS), the "
           "path of a socket, or the sentinels that know its master: "
           "`redis+sentinel://host:port,host:port/master`, or some nodes of a "
           "Redis Cluster: `redis+cluster://host:port,host:port`; empty: no "
           "cluster."),
    text("cluster.sentinel-user",
         at<&s::cluster, &s::cluster_settings::sentinel_user>,
         setting_shapes::one_line,
         "As whom to log in to sentinels; empty: their default user."),
    secret("cluster.sentinel-password",
           at<&s::cluster, &s::cluster_settings::sentinel_password>,
           "Its password there; empty: no login. The master's is in "
           "`cluster.redis`."),
    text("cluster.node-id", at<&s::cluster, &s::cluster_settings::node_id>,
         setting_shapes::node_id,
         "Name of this node in logs and in the cluster; empty: one is made up "
         "at "
         "each start."),
    text("cluster.prefix", at<&s::cluster, &s::cluster_settings::prefix>,
         setting_shapes::prefix,
         "First part of every Redis channel and key; clusters that share a "
         "Redis "
         "need different ones."),
    text("cluster.ca-file", at<&s::cluster, &s::cluster_settings::ca_file>,
         setting_shapes::one_line,
         "Certificates (PEM) to trust for `rediss://`, beside those of the "
         "system."),
    bytes("cluster.queue-bytes",
          at<&s::cluster, &s::cluster_settings::queue_bytes>, 1 * KiB, 1 * GiB,
          "What may wait for Redis; beyond it messages to the peers are "
          "dropped."),
    duration("cluster.beat", at<&s::cluster, &s::cluster_settings::beat>, 10ms,
             1min, "How often a node tells its peers that it lives."),
    duration("cluster.peer-timeout",
             at<&s::cluster, &s::cluster_settings::peer_timeout>, 10ms, 10min,
             "A peer that is silent for so long is taken for lost."),
    duration("cluster.connect-timeout",
             at<&s::cluster, &s::cluster_settings::connect_timeout>, 10ms,
             10min, "One attempt to reach Redis takes no longer."),
    duration(
        "cluster.backoff-min",
        at<&s::cluster, &s::cluster_settings::backoff_min>, 1ms, 1min,
        "Longest pause after the first attempt that failed, doubled with each; "
        "the pause is drawn from nothing to it."),
    duration("cluster.backoff-max",
             at<&s::cluster, &s::cluster_settings::backoff_max>, 1ms, 1h,
             "The longest pause between attempts."),

    // -- log
    // --------------------------------------------------------------------
    choice(
        "log.format", at<&s::log, &s::log_settings::format>, log_formats,
        "JSON lines, readable text, or text on a terminal and JSON elsewhere "
        "(`auto`)."),
    choice("log.level", at<&s::log, &s::log_settings::level>, log_levels,
           "The least important events that are logged."),
    number("log.queue", at<&s::log, &s::log_settings::queue>, 16, 100'000,
           "Lines that may wait to be written; beyond them the newest are "
           "dropped and counted."),
    number("log.limited-per-second",
           at<&s::log, &s::log_settings::limited_per_second>, 1, 1'000'000,
           "Lines that each of the frequent events may write in a second, so "
           "that a crowd of clients does not bury what matters; the others are "
           "counted."),

    // -- drain, health, demo
    // ------------------------------------------------------------
    duration("drain.timeout", at<&s::drain, &s::drain_settings::timeout>, 0ms,
             1h, "The node is gone by then after SIGTERM or SIGINT."),
    number("drain.rate", at<&s::drain, &s::drain_settings::rate>, 1, 1'000'000,
           "Clients a second that a stopping node of a cluster sends to other "
           "nodes; more where `drain.timeout` would be over."),
    duration("health.canary-interval",
             at<&s::health, &s::health_settings::canary_interval>, 10ms, 1h,
             "Two members of the node's own say and hear something so often, "
             "through a room, its store and Redis, as clients would."),
    duration(
        "health.canary-limit",
        at<&s::health, &s::health_settings::canary_limit>, 10ms, 1h,
        "What they say has to be heard within this time, or `/readyz` says "
        "503."),
    duration(
        "health.turn-limit", at<&s::health, &s::health_settings::turn_limit>,
        10ms, 1h,
        "A loop that has not turned for this time holds all of its clients "
        "up, and `/healthz` says 503."),
    boolean("demo.page", at<&s::demo, &s::demo_settings::page>,
            "Serve a small page at `/` to try rooms in a browser."),
};

std::string range_of(const setting& what) {
  auto print = [&](std::uint64_t value) {
    switch (what.type) {
    case setting_type::bytes:
      return print_bytes(value);
    case setting_type::duration:
      return print_duration(milliseconds{value});
    default:
      return std::to_string(value);
    }
  };
  return print(what.least) + " to " + print(what.most);
}

} // namespace

// -- the rows -----------------------------------------------------------------

std::string_view setting::section() const {
  return name.substr(0, name.find('.'));
}

std::string_view setting::key() const {
  return name.substr(name.find('.') + 1);
}

bool setting::per_namespace() const {
  // The one row of `rooms` that speaks of a connection before it is in a room.
  return section() == "rooms" && key() != "require-room";
}

std::span<const setting> settings_table() {
  return table;
}

std::span<const std::string> setting_names() {
  static const auto names = [] {
    std::vector<std::string> all;
    for (const auto& row : table)
      all.emplace_back(row.name);
    return all;
  }();
  return names;
}

const setting* find_setting(std::string_view name) {
  auto found = std::ranges::find(table, name, &setting::name);
  return found == std::end(table) ? nullptr : found;
}

std::string domain_of(const setting& what) {
  switch (what.type) {
  case setting_type::boolean:
    return "true, false";
  case setting_type::choice:
    return print_list({what.choices.begin(), what.choices.end()}, ", ");
  case setting_type::list:
    return "a list of " + std::string{what.shape->words};
  case setting_type::text:
    return std::string{what.shape->words};
  default:
    return range_of(what);
  }
}

} // namespace greenroom
