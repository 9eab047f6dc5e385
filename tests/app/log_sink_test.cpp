#include "app/log_sink.hpp"

#include <atomic>
#include <csignal>
#include <limits>
#include <map>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <poll.h>

#include <simdjson.h>

#include "app/log_line.hpp"
#include "core/events.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/logged.hpp"

using namespace greenroom;
using namespace greenroom::app;
using namespace std::chrono_literals;

namespace {

constexpr log::event sample{"sample.told", log::level::warn,
                            log::sampling::usual, "a:text", "A sample."};

std::string json_of(std::string_view text) {
  auto line =
      log_line(log_style::json, {{}, "n1", nullptr}, sample, {{"a", text}});
  number_line(line, log_style::json, 1);
  return line;
}

/// The field `a` as any JSON parser reads it.
std::string read_back(const std::string& line) {
  simdjson::dom::parser parser;
  std::string_view text;
  auto failed = parser.parse(line)["a"].get(text);
  INFO(line);
  CHECK_FALSE(failed);
  return std::string{failed ? std::string_view{} : text};
}

struct pipe_ends {
  int read = -1;
  int write = -1;

  pipe_ends() {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    read = ends[0];
    write = ends[1];
  }

  ~pipe_ends() {
    close_read();
    close_write();
  }

  void close_read() {
    if (read >= 0)
      ::close(read);
    read = -1;
  }

  void close_write() {
    if (write >= 0)
      ::close(write);
    write = -1;
  }

  /// Everything, once nobody can write any more.
  std::string drain() {
    close_write();
    std::string all;
    char buffer[4096];
    for (ssize_t got; (got = ::read(read, buffer, sizeof buffer)) > 0;)
      all.append(buffer, static_cast<std::size_t>(got));
    return all;
  }
};

settings::log_settings with_queue(std::uint32_t lines) {
  settings::log_settings how;
  how.format = "json";
  how.queue = lines;
  return how;
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// What a reader makes of the log.
struct account {
  std::map<std::string, std::uint64_t, std::less<>> lines; ///< By event.
  std::map<std::string, std::uint64_t, std::less<>> held;  ///< By event.
  std::uint64_t dropped = 0;
  std::uint64_t holes = 0; ///< Numbers that are left out.
};

account read_all(const std::string& text) {
  account out;
  simdjson::dom::parser parser;
  simdjson::dom::document_stream lines;
  constexpr std::size_t longest_line = 2'000'000;
  REQUIRE_FALSE(parser.parse_many(text, longest_line).get(lines));
  std::uint64_t last = 0;
  for (auto line : lines) {
    std::string_view name;
    REQUIRE_FALSE(line["event"].get(name));
    ++out.lines[std::string{name}];
    if (name == "log.dropped")
      out.dropped += line["lines"].get_uint64().value();
    if (name == "log.limited") {
      std::string of{line["of"].get_string().value()};
      out.held[of] += line["held_back"].get_uint64().value();
    }
    auto seq = line["seq"].get_uint64().value();
    if (seq <= last)
      FAIL_CHECK(seq << " behind " << last);
    out.holes += seq - last - 1;
    last = seq;
  }
  return out;
}

/// All that the sink writes, once it is gone, to a reader that is there from
/// `start` on.
struct late_reader {
  pipe_ends pipe;
  std::string text;
  std::thread thread;

  void start() {
    thread = std::thread{[this] {
      char buffer[4096];
      for (ssize_t got; (got = ::read(pipe.read, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(got));
    }};
  }

  /// More than the end of a sink waits for.
  void read_all_of(const log_sink& sink) {
    start();
    auto deadline = std::chrono::steady_clock::now() + 60s;
    while (sink.counts().waiting > 0
           && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
  }

  account finish() {
    pipe.close_write();
    thread.join();
    return read_all(text);
  }
};

/// The sink's clock.
std::atomic<std::int64_t> clock_ms{1'000};

steady_time by_hand() {
  return steady_time{std::chrono::milliseconds{clock_ms}};
}

} // namespace

// -- one line -----------------------------------------------------------------

TEST_CASE("a JSON line has version, time, number, level, event, node and the "
          "fields") {
  auto when = std::chrono::system_clock::time_point{} + 1'795'348'800'123ms;
  std::string port = "x";
  auto line = log_line(log_style::json, {when, "n1", nullptr}, sample,
                       {{"text", port},
                        {"natural", std::uint16_t{80}},
                        {"integer", -1},
                        {"real", 1.5},
                        {"flag", true}});
  number_line(line, log_style::json, 42);
  CHECK(line
        == R"({"v":1,"ts":"2026-11-22T12:00:00.123Z","seq":42,"level":"warn",)"
           R"("event":"sample.told","node":"n1","text":"x","natural":80,)"
           R"("integer":-1,"real":1.5,"flag":true})"
           "\n");
}

TEST_CASE("the actor that tells stands between the node and the fields") {
  log::speaker room{12, "room", "lo\"bby", 3};
  CHECK(log_line(log_style::json, {{}, "n1", &room}, sample, {{"a", "x"}})
            .ends_with(R"("node":"n1","actor":12,"kind":"room",)"
                       R"("name":"lo\"bby","parent":3,"a":"x"})"
                       "\n"));
  log::speaker root{1, "node", "", 0};
  CHECK(log_line(log_style::json, {{}, "n1", &root}, sample, {})
            .ends_with(R"("node":"n1","actor":1,"kind":"node"})"
                       "\n"));
  CHECK(log_line(log_style::text, {{}, "n1", &room}, sample, {{"a", "x"}})
            .ends_with("sample.told a=x actor=room#12 name=\"lo\\\"bby\"\n"));
}

TEST_CASE("numbers keep their value at the ends of their range") {
  auto line = log_line(log_style::json, {}, sample,
                       {{"u", std::numeric_limits<std::uint64_t>::max()},
                        {"i", std::numeric_limits<std::int64_t>::min()},
                        {"d", std::numeric_limits<double>::max()},
                        {"nan", std::numeric_limits<double>::quiet_NaN()}});
  CHECK(line.find("\"u\":18446744073709551615,\"i\":-9223372036854775808,"
                  "\"d\":1.7976931348623157e+308,\"nan\":null}")
        != std::string::npos);
}

TEST_CASE("any text reads back from the JSON line as it was") {
  for (std::string text :
       {"", "plain", "\"quoted\" and \\", "line\nend\ttab\r", "\x01\x1b[31m",
        "\x7f", "ü€😀", "\xc2\x80\xc2\x9b", "</script>"}) {
    auto line = json_of(text);
    CHECK(read_back(line) == text);
    CHECK(lines_in(line) == 1);
    CHECK(line.find('\x1b') == std::string::npos);
    CHECK(line.find("\xc2\x9b") == std::string::npos);
  }
  CHECK(read_back(json_of({"a\0b", 3})) == std::string("a\0b", 3));
}

TEST_CASE("bytes that are not UTF-8 become U+FFFD") {
  const std::string mark = "\xef\xbf\xbd";
  CHECK(read_back(json_of("a\xff")) == "a" + mark);
  CHECK(read_back(json_of("\x80z")) == mark + "z");
  CHECK(read_back(json_of("\xc0\xaf")) == mark + mark); // overlong
  CHECK(read_back(json_of("\xe0\x80\x80")) == mark + mark + mark);
  CHECK(read_back(json_of("\xed\xa0\x80")) == mark + mark + mark); // surrogate
  CHECK(read_back(json_of("\xf4\x90\x80\x80")) == mark + mark + mark + mark);
  CHECK(read_back(json_of("\xe2\x82")) == mark + mark); // cut off
  CHECK(read_back(json_of("\xe2\x82\xac\xf0\x9f\x98")).starts_with("€" + mark));
}

TEST_CASE("every pair of bytes gives a line that a JSON parser takes") {
  for (int first = 0; first < 256; ++first)
    for (int second = 0; second < 256; second += 3) {
      std::string text{static_cast<char>(first), static_cast<char>(second)};
      auto line = json_of(text);
      if (!simdjson::validate_utf8(line))
        FAIL(first << ' ' << second);
      read_back(line);
    }
}

TEST_CASE("a text line is for people, and cannot take over their terminal") {
  CHECK(log_line(log_style::text, {}, sample,
                 {{"a", "x"}, {"b", "two words"}, {"c", "\x1b[2J"}, {"d", 1}})
        == "00:00:00.000Z warn  sample.told a=x b=\"two words\" "
           "c=\"\\u001b[2J\" d=1\n");
  CHECK(log_line(log_style::coloured_text, {}, sample, {})
        == "00:00:00.000Z \x1b[33mwarn \x1b[0m sample.told\n");
}

// -- the sink -----------------------------------------------------------------

TEST_CASE("log.level is the least level that is written") {
  settings::log_settings how;
  CHECK(level_of(how) == log::level::info);
  how.level = "debug";
  CHECK(level_of(how) == log::level::debug);
  how.level = "warn";
  CHECK(level_of(how) == log::level::warn);
  how.level = "error";
  CHECK(level_of(how) == log::level::error);
}

TEST_CASE("what was told before the end is written, in order") {
  pipe_ends pipe;
  {
    log_sink sink{with_queue(1'000), "n1", pipe.write};
    log::install(&sink, log::level::info);
    for (int i = 0; i < 100; ++i)
      log::emit(events::listener_closed, {{"loop", i}});
    log::install(nullptr, log::level::info);
  }
  auto text = pipe.drain();
  CHECK(lines_in(text) == 100);
  CHECK(text.find("\"loop\":98}") < text.find("\"loop\":99}"));
  CHECK(text.find("\"node\":\"n1\"") != std::string::npos);
}

TEST_CASE("auto is JSON where stdout is no terminal") {
  for (std::string format : {"auto", "json", "text"}) {
    pipe_ends pipe;
    {
      auto how = with_queue(100);
      how.format = format;
      log_sink sink{how, "n1", pipe.write};
      sink.write(events::listener_closed, {{"loop", 1}});
    }
    auto text = pipe.drain();
    CHECK((text.front() == '{') == (format != "text"));
    CHECK(text.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("a line longer than a pipe takes at once arrives whole") {
  pipe_ends pipe;
  std::string received;
  std::thread reader;
  {
    log_sink sink{with_queue(100), "n1", pipe.write};
    std::string large(300'000, 'x');
    sink.write(sample, {{"a", large}});
    reader = std::thread{[&] {
      char buffer[4096];
      while (received.empty() || received.back() != '\n') {
        auto got = ::read(pipe.read, buffer, sizeof buffer);
        if (got <= 0)
          break;
        received.append(buffer, static_cast<std::size_t>(got));
      }
    }};
    reader.join();
  }
  CHECK(read_back(received).size() == 300'000);
}

TEST_CASE("a reader that stalls costs lines, and they are counted") {
  late_reader reader;
  constexpr std::uint64_t told = 20'000; // More than pipe and queue hold.
  {
    log_sink sink{with_queue(100), "n1", reader.pipe.write};
    auto before = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; i < told; ++i)
      sink.write(sample, {{"i", i}});
    // Nobody reads, and nobody waited: this takes some 50 ms.
    CHECK(std::chrono::steady_clock::now() - before < 10s);
    CHECK(sink.counts().dropped > 0);
    reader.start();
  }
  auto seen = reader.finish();
  CHECK(seen.dropped > 0);
  CHECK(seen.lines["sample.told"] + seen.dropped == told);
  CHECK(seen.holes == seen.dropped);
  // The newest go first.
  CHECK(reader.text.find("\"i\":0}") != std::string::npos);
}

TEST_CASE("what is sampled always is written, even with the queue full") {
  late_reader reader;
  constexpr std::uint64_t told = 20'000;
  log::speaker room{12, "room", "lobby", 3};
  {
    log_sink sink{with_queue(100), "n1", reader.pipe.write};
    for (std::uint64_t i = 0; i < told; ++i) {
      sink.write(sample, {{"i", i}});
      sink.write(events::node_stopped, {{"i", i}});
      test::voice_of its{room};
      log::speaking scope{its};
      sink.write(events::actor_exited, {{"i", i}});
    }
    CHECK(sink.counts().waiting >= told);
    reader.read_all_of(sink);
  }
  auto seen = reader.finish();
  CHECK(seen.lines["node.stopped"] == told);
  CHECK(seen.lines["actor.exited"] == told);
  CHECK(seen.lines["sample.told"] + seen.dropped == told);
  CHECK(seen.dropped > 0);
  CHECK(seen.holes == seen.dropped);
}

TEST_CASE("what is sampled always is bounded, too, by what it may hold") {
  late_reader reader;
  constexpr std::uint64_t told = 80;
  {
    log_sink sink{with_queue(16), "n1", reader.pipe.write};
    std::string large(1'000'000, 'x');
    for (std::uint64_t i = 0; i < told; ++i)
      sink.write(events::node_stopped, {{"large", large}});
    auto most = log_sink::extra_bytes_max / large.size() + 18;
    CHECK(sink.counts().waiting <= most);
    CHECK(sink.counts().waiting > most / 2);
    reader.read_all_of(sink);
  }
  auto seen = reader.finish();
  CHECK(seen.dropped > 0);
  CHECK(seen.lines["node.stopped"] + seen.dropped == told);
}

TEST_CASE("of a limited event so many lines a second are written") {
  late_reader reader;
  reader.start();
  auto how = with_queue(10'000);
  how.limited_per_second = 50;
  {
    log_sink sink{how, "n1", reader.pipe.write, by_hand};
    for (int second = 0; second < 3; ++second) {
      for (int i = 0; i < 200; ++i)
        sink.write(events::connection_opened, {{"i", i}});
      for (int i = 0; i < 40; ++i)
        sink.write(events::connection_closed, {{"i", i}});
      for (int i = 0; i < 200; ++i)
        sink.write(sample, {{"i", i}});
      clock_ms += 1'000;
    }
    CHECK(sink.counts().held_back == 450);
  }
  auto seen = reader.finish();
  CHECK(seen.lines["connection.opened"] == 150);
  CHECK(seen.lines["connection.closed"] == 120);
  CHECK(seen.lines["sample.told"] == 600);
  CHECK(seen.lines["log.limited"] == 3); // Once a second, and at the end.
  CHECK(seen.held["connection.opened"] == 450);
  CHECK(seen.holes == 0);
}

TEST_CASE("what was held back is told, also when nothing more happens") {
  pipe_ends pipe;
  auto how = with_queue(100);
  how.limited_per_second = 1;
  log_sink sink{how, "n1", pipe.write};
  for (int i = 0; i < 5; ++i)
    sink.write(events::connection_opened, {{"i", i}});
  // The sink's own clock: this waits for it, and for nothing else.
  std::string text;
  char buffer[4096];
  while (text.find("log.limited") == std::string::npos) {
    pollfd waits{pipe.read, POLLIN, 0};
    REQUIRE(::poll(&waits, 1, 10'000) == 1);
    auto got = ::read(pipe.read, buffer, sizeof buffer);
    REQUIRE(got > 0);
    text.append(buffer, static_cast<std::size_t>(got));
  }
  CHECK(text.find(R"("of":"connection.opened","held_back":4,)")
        != std::string::npos);
}

TEST_CASE("the life of actors is limited where there are many of a kind") {
  late_reader reader;
  reader.start();
  auto how = with_queue(10'000);
  how.limited_per_second = 50;
  {
    log_sink sink{how, "n1", reader.pipe.write, by_hand};
    log::speaker connection{4, "connection", "", 2, true};
    log::speaker room{12, "room", "lobby", 3};
    for (int i = 0; i < 200; ++i) {
      test::voice_of its{connection};
      log::speaking one{its};
      sink.write(events::actor_spawned, {{"i", i}});
      test::voice_of rooms{room};
      log::speaking other{rooms};
      sink.write(events::actor_exited, {{"i", i}});
    }
  }
  auto seen = reader.finish();
  CHECK(seen.lines["actor.spawned"] == 50);
  CHECK(seen.held["actor.spawned"] == 150);
  CHECK(seen.lines["actor.exited"] == 200);
}

TEST_CASE("who watches is shown what the log is told, and all of level info") {
  pipe_ends pipe;
  auto how = with_queue(100);
  how.level = "warn";
  how.format = "text";
  {
    log_sink sink{how, "n1", pipe.write};
    log::install(&sink, level_of(how));
    log::emit(events::listener_closed, {{"loop", 1}}); // Nobody watches yet.
    sink.tap(true);
    log::emit(events::listener_closed, {{"loop", 2}});
    log::emit(sample, {{"a", "x"}});
    auto shown = sink.take_tapped();
    REQUIRE(shown.lines.size() == 2);
    CHECK(shown.first == 1);
    CHECK(shown.lost == 0);
    // Of the log's lines it has the number, others have none.
    CHECK(shown.lines[0].find("\"seq\":") == std::string::npos);
    CHECK(shown.lines[0].ends_with("\"loop\":2}"));
    CHECK(shown.lines[1].find("\"seq\":1,") != std::string::npos);
    CHECK(shown.lines[1].ends_with("\"a\":\"x\"}"));
    CHECK(sink.take_tapped().lines.empty());
    sink.tap(false);
    log::emit(events::listener_closed, {{"loop", 3}});
    CHECK(sink.take_tapped().lines.empty());
    // Who comes again must not take what is new for what he knows.
    sink.tap(true);
    log::emit(events::listener_closed, {{"loop", 4}});
    shown = sink.take_tapped();
    REQUIRE(shown.lines.size() == 1);
    CHECK(shown.first == 3);
    sink.tap(false);
    log::install(nullptr, log::level::info);
  }
  auto written = pipe.drain();
  CHECK(lines_in(written) == 1);
  CHECK(written.find("sample.told") != std::string::npos);
}

TEST_CASE("who watches is shown so many bytes at once, and how many lines "
          "more") {
  late_reader reader;
  reader.start();
  std::optional<log_sink> sink_here;
  auto& sink = sink_here.emplace(with_queue(1'000), "n1", reader.pipe.write);
  log::install(&sink, log::level::info);
  sink.tap(true);
  std::string text(10'000, 'x');
  for (int i = 0; i < 100; ++i)
    log::emit(sample, {{"a", text}});
  auto shown = sink.take_tapped();
  CHECK(shown.lines.size() == log_tap::bytes_max / 10'100);
  CHECK(shown.lines.size() + shown.lost == 100);
  log::emit(sample, {{"a", "y"}});
  auto next = sink.take_tapped();
  REQUIRE(next.lines.size() == 1);
  CHECK(next.first == 101);
  CHECK(next.lost == 0);
  CHECK(next.lines[0].find("\"seq\":101,") != std::string::npos);
  log::install(nullptr, log::level::info);
  sink_here.reset();
  reader.finish();
}

TEST_CASE("who watches is shown the log's lines as the log has them") {
  late_reader reader;
  std::vector<std::string> shown;
  account seen;
  {
    log_sink sink{with_queue(10), "n1", reader.pipe.write};
    log::install(&sink, log::level::info);
    sink.tap(true);
    std::string text(10'000, 'x');
    for (int i = 0; i < 40; ++i) // The pipe is full, then the queue.
      log::emit(sample, {{"a", std::to_string(i) + text}});
    reader.read_all_of(sink);
    log::install(nullptr, log::level::info);
    for (auto& each : sink.take_tapped().lines)
      shown.push_back(std::move(each) + '\n');
  }
  seen = reader.finish();
  REQUIRE(seen.dropped > 0);
  CHECK(seen.holes == seen.dropped);
  // What the log dropped is shown, and so is that it was.
  CHECK(shown.size() == 40 + seen.lines["log.dropped"]);
  std::string all;
  for (const auto& each : shown)
    all += each;
  CHECK(read_all(all).holes == 0);
  for (std::size_t begin = 0, end = 0; begin < reader.text.size();
       begin = end) {
    end = reader.text.find('\n', begin) + 1;
    auto line = reader.text.substr(begin, end - begin);
    CHECK(std::ranges::find(shown, line) != shown.end());
  }
}

TEST_CASE("who watches is shown limited events within their limit") {
  for (std::string level : {"info", "warn"}) {
    pipe_ends pipe;
    auto how = with_queue(1'000);
    how.level = level;
    how.limited_per_second = 5;
    log_sink sink{how, "n1", pipe.write, by_hand};
    log::install(&sink, level_of(how));
    sink.tap(true);
    for (int i = 0; i < 20; ++i)
      sink.write(events::connection_opened, {{"i", i}});
    CHECK(sink.take_tapped().lines.size() == 5);
    // What the log is not told is not held back from it.
    CHECK(sink.counts().held_back == (level == "info" ? 15 : 0));
    log::install(nullptr, log::level::info);
  }
}

TEST_CASE("a reader that is gone does not end the node") {
  pipe_ends pipe;
  auto before = std::signal(SIGPIPE, SIG_DFL);
  {
    pipe.close_read();
    log_sink sink{with_queue(100), "n1", pipe.write};
    for (int i = 0; i < 50; ++i)
      sink.write(sample, {{"i", i}});
  }
  std::signal(SIGPIPE, before);
  SUCCEED("still here");
}

TEST_CASE("a reader that stalls for good does not keep the node from ending") {
  pipe_ends pipe;
  auto before = std::chrono::steady_clock::now();
  {
    log_sink sink{with_queue(5'000), "n1", pipe.write};
    for (int i = 0; i < 5'000; ++i)
      sink.write(sample, {{"i", i}});
    before = std::chrono::steady_clock::now();
  }
  auto took = std::chrono::steady_clock::now() - before;
  CHECK(took >= log_sink::flush_time_max / 2);
  CHECK(took < log_sink::flush_time_max + 10s);
}
