#include "bench/wsload/options.hpp"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string_view>

namespace greenroom::bench {

namespace {

constexpr const char* usage =
    R"(usage: wsload MODE --url ws://127.0.0.1:PORT/PATH [options]
 modes   fanout  one room; --senders publish, everybody receives
         rooms   --conns spread over --rooms; everybody publishes
         rtt     pairs: member 0 sends, member 1 answers, one message under way
                 per pair (--rooms = number of pairs); with --echo and
                 --rooms == --conns: plain echo server
         idle    open and hold; memory per connection and connect rate
 target  --url U            path is a template: {room} {i}
         --sender-url U     where those that send connect (fanout, rooms)
         --proto ws|sio|nats   sio: Engine.IO 4 / Socket.IO 5 over websocket;
                            nats: answers PING
         --header 'K: V'    (repeatable)       --subprotocol P
         --hello T          text sent after open (repeatable; template)
         --wait TEXT        after the hellos wait for a message with TEXT in it
 load    --conns N  --rooms K  --senders P  --threads T
         --rooms-each R     (rooms, idle) a connection sends the hellos for R
                            rooms, publishes in the first; --wait comes R times
         --room-digits D    {room} with zeros before: 007
         --rate R           messages/s: total in fanout, per connection in rooms
         --window W         saturate: at most W publishes in flight per sender
         --pipeline         in one send() what the window lets a sender send
         --size B           body bytes   --body T  body template with {p} (stamp
                            and padding)
         --wrap T           around it: {body} {bodylen} {room} {i}
         --binary           binary frames
         --echo             senders get their own messages, too
         --multi            a frame may hold more than one message
         --count-only       count data frames unread, compressed ones, too: no
                            latency, no order (fanout with one sender)
 time    --warmup S --duration S --drain S --connect-timeout S
         --hold             (idle) in place of --duration: says on stderr when all
                            are ready, stays until stdin ends, and then counts
                            who answers a ping within --drain
 connect --ramp C  --burst B  --src-spread N
 report  --server-pid P[,P..]  --json FILE  --label TEXT
 \r, \n and \xHH are understood in --hello, --wait, --body and --wrap.
)";

int hex_digit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

std::string unescape(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      result += text[i];
      continue;
    }
    const char what = text[++i];
    if (what == 'x' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0
        && hex_digit(text[i + 2]) >= 0) {
      result += static_cast<char>(hex_digit(text[i + 1]) << 4
                                  | hex_digit(text[i + 2]));
      i += 2;
    } else {
      result += what == 'r' ? '\r' : what == 'n' ? '\n' : what;
    }
  }
  return result;
}

run_mode parse_mode(std::string_view name) {
  if (name == "fanout")
    return run_mode::fanout;
  if (name == "rooms")
    return run_mode::rooms;
  if (name == "rtt")
    return run_mode::round_trip;
  if (name == "idle")
    return run_mode::idle;
  usage_error("unknown mode " + std::string(name));
}

options::target parse_url(const std::string& name, const std::string& url) {
  if (!url.starts_with("ws://"))
    usage_error(name + " must be ws://ADDRESS:PORT/PATH");
  options::target to;
  const auto slash = url.find('/', 5);
  const auto authority =
      url.substr(5, slash == std::string::npos ? slash : slash - 5);
  to.path = slash == std::string::npos ? "/" : url.substr(slash);
  const auto colon = authority.rfind(':');
  if (colon == std::string::npos)
    usage_error(name + " needs a port");
  to.host = authority.substr(0, colon);
  to.port = std::atoi(authority.c_str() + colon + 1);
  if (to.port <= 0)
    usage_error(name + " needs a port");
  return to;
}

void parse_dialect(const std::string& name, options& into) {
  if (name == "ws") {
    into.dialect = wire_dialect::plain;
  } else if (name == "sio") {
    into.dialect = wire_dialect::socket_io;
  } else if (name == "nats") {
    into.dialect = wire_dialect::nats;
    into.multi = true;
  } else {
    usage_error("unknown --proto " + name);
  }
}

void parse_pids(const std::string& list, options& into) {
  for (const char* at = list.c_str(); *at != '\0';) {
    char* end = nullptr;
    const long pid = std::strtol(at, &end, 10);
    if (end == at)
      usage_error("--server-pid: not a list of process ids: " + list);
    into.server_pids.push_back(static_cast<int>(pid));
    at = *end != '\0' ? end + 1 : end;
  }
}

double parse_number(const std::string& name, const std::string& value) {
  char* end = nullptr;
  const double number = std::strtod(value.c_str(), &end);
  if (end == value.c_str() || *end != '\0' || number < 0)
    usage_error(name + ": not a number: " + value);
  return number;
}

/// Every option that takes a value, and what to do with it.
std::map<std::string_view, std::function<void(const std::string&)>>
options_with_value(options& o) {
  auto text = [](std::string& into) {
    return [&into](const std::string& value) {
      into = value;
    };
  };
  auto escaped = [](std::string& into) {
    return [&into](const std::string& value) {
      into = unescape(value);
    };
  };
  auto number = [](std::string name, double& into) {
    return [name, &into](const std::string& value) {
      into = parse_number(name, value);
    };
  };
  auto whole = [](std::string name, int& into) {
    return [name, &into](const std::string& value) {
      into = static_cast<int>(parse_number(name, value));
    };
  };
  return {
      {"--url",
       [&o](const std::string& v) {
         o.to = parse_url("--url", v);
       }},
      {"--sender-url",
       [&o](const std::string& v) {
         o.senders_to = parse_url("--sender-url", v);
       }},
      {"--proto",
       [&o](const std::string& v) {
         parse_dialect(v, o);
       }},
      {"--header",
       [&o](const std::string& v) {
         o.headers += v + "\r\n";
       }},
      {"--subprotocol",
       [&o](const std::string& v) {
         o.headers += "Sec-WebSocket-Protocol: " + v + "\r\n";
       }},
      {"--hello",
       [&o](const std::string& v) {
         o.hello.push_back(unescape(v));
       }},
      {"--wait", escaped(o.wait)},
      {"--conns", whole("--conns", o.connections)},
      {"--rooms", whole("--rooms", o.rooms)},
      {"--rooms-each", whole("--rooms-each", o.rooms_each)},
      {"--room-digits", whole("--room-digits", o.room_digits)},
      {"--senders", whole("--senders", o.senders)},
      {"--threads", whole("--threads", o.threads)},
      {"--rate", number("--rate", o.rate)},
      {"--window", whole("--window", o.window)},
      {"--size", whole("--size", o.size)},
      {"--body", escaped(o.body)},
      {"--wrap", escaped(o.wrap)},
      {"--warmup", number("--warmup", o.warmup)},
      {"--duration", number("--duration", o.duration)},
      {"--drain", number("--drain", o.drain)},
      {"--ramp", number("--ramp", o.ramp)},
      {"--burst", whole("--burst", o.burst)},
      {"--src-spread", whole("--src-spread", o.src_spread)},
      {"--connect-timeout", number("--connect-timeout", o.connect_timeout)},
      {"--json", text(o.json)},
      {"--label", text(o.label)},
      {"--server-pid",
       [&o](const std::string& v) {
         parse_pids(v, o);
       }},
  };
}

std::map<std::string_view, bool*> switches(options& o) {
  return {
      {"--binary", &o.binary}, {"--echo", &o.echo},
      {"--multi", &o.multi},   {"--count-only", &o.count_only},
      {"--hold", &o.hold},     {"--pipeline", &o.pipeline},
  };
}

/// Fills in what depends on the mode.
void settle_mode(options& o) {
  switch (o.mode) {
  case run_mode::fanout:
    o.rooms = 1;
    if (o.senders < 0)
      o.senders = 1;
    break;
  case run_mode::rooms:
    if (o.senders < 0)
      o.senders = o.connections;
    break;
  case run_mode::round_trip:
    o.senders = o.connections;
    if (o.connections != 2 * o.rooms && !(o.echo && o.connections == o.rooms))
      usage_error("rtt: --conns must be twice --rooms");
    break;
  case run_mode::idle:
    o.senders = 0;
    break;
  }
}

void check(const options& o) {
  if (o.senders > o.connections)
    usage_error("more senders than connections");
  if ((o.mode == run_mode::fanout || o.mode == run_mode::rooms)
      && (o.rate > 0) == (o.window > 0))
    usage_error("give either --rate or --window");
  if (o.pipeline && o.window == 0)
    usage_error("--pipeline is for --window");
  if (o.senders_to && o.mode != run_mode::fanout && o.mode != run_mode::rooms)
    usage_error("--sender-url is for fanout and rooms");
  if (o.count_only && (o.mode != run_mode::fanout || o.senders != 1))
    usage_error("--count-only is for fanout with one sender");
  if (o.hold && o.mode != run_mode::idle)
    usage_error("--hold is for idle");
  if (o.rooms_each != 1
      && ((o.mode != run_mode::rooms && o.mode != run_mode::idle)
          || o.rooms_each < 1 || o.rooms_each > o.rooms
          || o.connections % o.rooms != 0))
    usage_error("--rooms-each is for rooms and idle, at most --rooms, and "
                "these must divide --conns");
  if (o.body.find("{p}") == std::string::npos)
    usage_error("--body lacks {p}");
}

} // namespace

void usage_error(const std::string& why) {
  std::fprintf(stderr, "wsload: %s\n%s", why.c_str(), usage);
  std::exit(2);
}

options parse_options(int argc, char** argv) {
  if (argc < 2)
    usage_error("no mode");
  options o;
  o.mode = parse_mode(argv[1]);
  const auto with_value = options_with_value(o);
  const auto without = switches(o);
  for (int i = 2; i < argc; ++i) {
    const std::string name = argv[i];
    if (auto found = without.find(name); found != without.end()) {
      *found->second = true;
      continue;
    }
    auto found = with_value.find(name);
    if (found == with_value.end())
      usage_error("unknown option " + name);
    if (++i == argc)
      usage_error(name + " needs a value");
    found->second(argv[i]);
  }
  if (o.to.port <= 0)
    usage_error("--url is missing");
  if (o.connections < 1 || o.rooms < 1 || o.threads < 1)
    usage_error("--conns, --rooms and --threads must be positive");
  if (o.rooms > o.connections)
    usage_error("more rooms than connections");
  settle_mode(o);
  check(o);
  return o;
}

} // namespace greenroom::bench
