#include "app/log_sink.hpp"

#include <csignal>
#include <limits>
#include <thread>

#include <fcntl.h>

#include <simdjson.h>

#include "app/log_line.hpp"
#include "core/events.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace greenroom::app;
using namespace std::chrono_literals;

namespace {

constexpr log::event sample{"sample.told", log::level::warn, "a", "A sample."};

std::string json_of(std::string_view text) {
  return log_line(log_style::json, {}, "n1", sample, {{"a", text}});
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

std::uint64_t dropped_in(const std::string& text) {
  std::uint64_t sum = 0;
  simdjson::dom::parser parser;
  simdjson::dom::document_stream lines;
  REQUIRE_FALSE(parser.parse_many(text).get(lines));
  for (auto line : lines) {
    std::string_view name;
    REQUIRE_FALSE(line["event"].get(name));
    if (name == "log.dropped")
      sum += line["lines"].get_uint64().value();
  }
  return sum;
}

} // namespace

// -- one line -----------------------------------------------------------------

TEST_CASE("a JSON line has time, level, event, node and the fields in order") {
  auto when = std::chrono::system_clock::time_point{} + 1'795'348'800'123ms;
  std::string port = "x";
  CHECK(log_line(log_style::json, when, "n1", sample,
                 {{"text", port},
                  {"natural", std::uint16_t{80}},
                  {"integer", -1},
                  {"real", 1.5},
                  {"flag", true}})
        == R"({"ts":"2026-11-22T12:00:00.123Z","level":"warn",)"
           R"("event":"sample.told","node":"n1","text":"x","natural":80,)"
           R"("integer":-1,"real":1.5,"flag":true})"
           "\n");
}

TEST_CASE("numbers keep their value at the ends of their range") {
  auto line = log_line(log_style::json, {}, "", sample,
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
  CHECK(log_line(log_style::text, {}, "n1", sample,
                 {{"a", "x"}, {"b", "two words"}, {"c", "\x1b[2J"}, {"d", 1}})
        == "00:00:00.000Z warn  sample.told a=x b=\"two words\" "
           "c=\"\\u001b[2J\" d=1\n");
  CHECK(log_line(log_style::coloured_text, {}, "n1", sample, {})
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
      log::emit(events::loop_started, {{"loop", i}});
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
      sink.write(events::loop_started, {{"loop", 1}});
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
  pipe_ends pipe;
  constexpr std::uint64_t told = 20'000; // More than pipe and queue hold.
  std::string text;
  std::thread reader;
  {
    log_sink sink{with_queue(100), "n1", pipe.write};
    auto before = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; i < told; ++i)
      sink.write(sample, {{"i", i}});
    // Nobody reads, and nobody waited: this takes some 50 ms.
    CHECK(std::chrono::steady_clock::now() - before < 10s);
    reader = std::thread{[&] {
      char buffer[4096];
      for (ssize_t got; (got = ::read(pipe.read, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(got));
    }};
  }
  pipe.close_write();
  reader.join();
  auto dropped = dropped_in(text);
  CHECK(dropped > 0);
  std::size_t written = 0;
  for (auto at = text.find("sample.told"); at != std::string::npos;
       at = text.find("sample.told", at + 1))
    ++written;
  CHECK(written + dropped == told);
  CHECK(text.find("\"i\":0}") != std::string::npos); // The newest go first.
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
