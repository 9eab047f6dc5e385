#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace greenroom::bench {

enum class run_mode : std::uint8_t { fanout, rooms, round_trip, idle };
enum class wire_dialect : std::uint8_t { plain, socket_io, nats };

/// The command line of wsload. "Template": `{room}` and `{i}` are filled in.
struct options {
  run_mode mode = run_mode::fanout;
  wire_dialect dialect = wire_dialect::plain;
  /// Where to connect, as a URL names it.
  struct target {
    std::string host = "127.0.0.1";
    int port = 0;
    std::string path = "/"; ///< Template.
  };

  target to;
  std::optional<target> senders_to; ///< Senders; empty: as everybody.
  std::string headers;              ///< Extra request lines, each with CRLF.
  std::vector<std::string> hello;   ///< Templates, sent in order after open.
  std::string wait; ///< Then wait for a message that contains this.
  int connections = 100;
  int rooms = 1;
  int rooms_each = 1;  ///< A connection is in so many rooms, its own the first.
  int room_digits = 0; ///< `{room}` has at least so many, zeros before.
  int senders = -1;    ///< The first so many send; -1: the mode's default.
  int threads = 1;
  double rate = 0; ///< Messages/s: total (fanout), per connection (rooms).
  int window = 0;  ///< Publishes in flight per sender; 0: fixed rate.
  int size = 128;  ///< Bytes of the body, before `wrap`.
  std::string body = "{p}";    ///< Template; `{p}` is stamp and padding.
  std::string wrap = "{body}"; ///< Template; `{bodylen}`, too.
  bool binary = false;
  bool echo = false;       ///< Senders get their own messages, too.
  bool multi = false;      ///< One frame may carry several messages.
  bool pipeline = false;   ///< One send() for all that a sender may send.
  bool count_only = false; ///< Do not look into frames.
  bool hold = false; ///< Stay until stdin ends, then ask every connection.
  double warmup = 1; ///< Times in seconds.
  double duration = 5;
  double drain = 10;
  double ramp = 0;    ///< Connects/s; 0: as fast as `burst` allows.
  int burst = 200;    ///< Handshakes under way at once, per thread.
  int src_spread = 1; ///< Source addresses 127.0.0.1, 127.0.0.2 and so on.
  double connect_timeout = 60;
  std::vector<int> server_pids;
  std::string json; ///< File; empty: stdout.
  std::string label;
};

/// Ends the program with status 2 where the command line makes no sense.
options parse_options(int argc, char** argv);

[[noreturn]] void usage_error(const std::string& why);

} // namespace greenroom::bench
