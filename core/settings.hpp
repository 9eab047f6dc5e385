#pragma once

// Every setting with its type and default. Names, bounds and the one sentence
// that explains each stand in core/settings_table.cpp, from which the command
// line, the environment, files, `--help` and docs/reference.md come.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace greenroom {

using std::chrono::milliseconds;

/// What a room does with a member that reads too slowly [P-7].
enum class slow_policy : std::uint8_t { gap, close };

/// Of rooms in a cluster: who gives the order [P-9.1, P-9.7].
enum class room_order : std::uint8_t { total, fifo };

/// What a namespace may say of its rooms [P-3.1]; `rooms` holds the defaults.
struct room_settings {
  std::string rights = "rwsp"; ///< Of tokens without `rooms` [P-2.5].
  slow_policy slow = slow_policy::gap;
  room_order order = room_order::total;
  std::uint32_t members = 100'000;      ///< Beyond: `room_full`.
  std::uint32_t listed_members = 1'000; ///< Beyond: counts without lists.
  milliseconds typing_timeout{5'000};   ///< [P-4.5]
  milliseconds presence_interval{50};   ///< Differences are batched this long.
  milliseconds grace{2'000};   ///< Who lost its connection is still there.
  milliseconds linger{30'000}; ///< An empty room keeps its log.
  std::uint32_t dedupe_messages = 1'000; ///< Ids remembered per room [P-3.4].
  milliseconds dedupe_window{120'000};
  std::uint32_t state_keys = 1'000;       ///< Beyond: `too_large` [P-4.6].
  std::uint32_t state_bytes = 256 * 1024; ///< Goes whole to each newcomer.
  // What is kept for who comes back. 1,000 messages are half a minute of a busy
  // room and days of a quiet one; the bytes keep 100,000 busy rooms at 25 GiB
  // at the very most; after ten minutes a client rather asks for what is new.
  std::uint32_t history_messages = 1'000; ///< 0: none.
  std::uint32_t history_bytes = 256 * 1024;
  milliseconds history_age{600'000}; ///< 0: any.

  bool operator==(const room_settings&) const = default;
};

struct settings {
  struct net_settings {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080;
    std::uint32_t loops = 0; ///< 0: one per core.
    std::uint32_t spread_members = 64;
    std::vector<std::string> origins; ///< Allowed `Origin`s beside the own one.
    std::uint32_t connections = 100'000;
    milliseconds close_timeout{5'000};
    bool io_uring = true; ///< Where the kernel lets us.

    bool operator==(const net_settings&) const = default;
  } net;

  /// What is for operators has a port of its own.
  struct admin_settings {
    std::string address = "127.0.0.1"; ///< Empty: none.
    std::uint16_t port = 8081;
    std::string token; ///< Empty: none is asked for.

    bool operator==(const admin_settings&) const = default;
  } admin;

  struct auth_settings {
    bool anonymous = false;
    std::string secret;
    std::string secret_file;
    std::string audience;
    std::string issuer;
    std::string cookie = "token";
    milliseconds timeout{5'000};
    milliseconds grace{25'000};
    milliseconds leeway{0}; ///< Clock difference forgiven in exp, nbf, iat.

    bool operator==(const auth_settings&) const = default;
  } auth;

  struct heartbeat_settings {
    milliseconds interval{30'000};

    bool operator==(const heartbeat_settings&) const = default;
  } heartbeat;

  struct rooms_settings : room_settings {
    bool require_room = false;

    // As an aggregate, GCC 12 takes its base's strings for uninitialised.
    rooms_settings() = default;

    bool operator==(const rooms_settings&) const = default;
  } rooms;

  /// Rooms whose id starts with `NAME:`; what is not set is as in `rooms`.
  std::map<std::string, room_settings> namespaces;

  struct limit_settings {
    std::uint32_t message_bytes = 64 * 1024;
    std::uint32_t message_depth = 64;
    std::uint32_t recipients = 64;
    std::uint32_t rooms_per_connection = 128;
    std::uint32_t rooms = 100'000; ///< On this node.
    std::uint32_t unsent_bytes = 1024 * 1024;
    std::uint32_t messages_per_second = 100; ///< 0: no limit.
    std::uint32_t messages_burst = 200;
    std::uint32_t violations = 100; ///< 4029 beyond, within …
    milliseconds violations_window{10'000};
    std::uint32_t inbound_messages = 256; ///< Read, not yet handled.
    std::uint32_t handshake_bytes = 8 * 1024;
    milliseconds handshake_timeout{10'000};
    std::uint32_t handshakes = 10'000;   ///< Sockets shaking hands, by loop.
    std::uint32_t room_mailbox = 16'384; ///< Messages that wait for a room.
    milliseconds handler_time{50};       ///< Of one message, in one actor.

    bool operator==(const limit_settings&) const = default;
  } limits;

  /// permessage-deflate, RFC 7692.
  struct deflate_settings {
    bool enabled = false;
    std::uint32_t min_bytes = 256; ///< Shorter messages are left alone.
    std::uint32_t level = 4;       ///< zlib's.
    std::uint32_t server_window_bits = 15;
    bool client_context = false; ///< Costs memory for each connection.
    std::uint32_t client_window_bits = 15;

    bool operator==(const deflate_settings&) const = default;
  } deflate;

  /// Where a node alone keeps its rooms.
  struct store_settings {
    std::string path; ///< Of an SQLite file. Empty: in memory.

    bool operator==(const store_settings&) const = default;
  } store;

  struct cluster_settings {
    std::string redis;             ///< Empty: no cluster.
    std::string sentinel_user;     ///< Empty: their default user.
    std::string sentinel_password; ///< Empty: no login.
    std::string node_id;           ///< Empty: generated.
    std::string prefix = "greenroom";
    std::string ca_file; ///< Beside the system's certificates.
    std::uint32_t queue_bytes = 4 * 1024 * 1024;
    // Who was on a node that dies is gone everywhere within 3 s: the time-out,
    // the beat that finds it over, and some to tell it.
    milliseconds beat{500};
    milliseconds peer_timeout{2'000};
    milliseconds connect_timeout{5'000};
    milliseconds backoff_min{100};
    milliseconds backoff_max{5'000};

    bool operator==(const cluster_settings&) const = default;
  } cluster;

  struct log_settings {
    std::string format = "auto"; ///< json, text, auto
    std::string level = "info";
    std::uint32_t queue = 8'192; ///< Lines; beyond, the newest are dropped.
    std::uint32_t limited_per_second = 50; ///< Lines of each frequent event.

    bool operator==(const log_settings&) const = default;
  } log;

  struct drain_settings {
    milliseconds timeout{10'000};
    std::uint32_t rate = 1'000; ///< Clients a second, to other nodes.

    bool operator==(const drain_settings&) const = default;
  } drain;

  struct health_settings {
    milliseconds canary_interval{1'000};
    milliseconds canary_limit{2'000};
    milliseconds turn_limit{1'000}; ///< Of each loop.

    bool operator==(const health_settings&) const = default;
  } health;

  struct demo_settings {
    bool page = false;

    bool operator==(const demo_settings&) const = default;
  } demo;

  bool operator==(const settings&) const = default;

  /// The settings of the rooms in a namespace.
  [[nodiscard]] const room_settings& of(std::string_view name_space) const {
    auto found = namespaces.find(std::string{name_space});
    return found == namespaces.end() ? rooms : found->second;
  }
};

} // namespace greenroom
