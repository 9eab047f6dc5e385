#include "watch/utc_time.hpp"

#include "tests/support/catch.hpp"

using namespace greenroom::watch;

TEST_CASE("a time is read as RFC 3339 has it") {
  CHECK(parse_time("1970-01-01T00:00:00.000Z") == 0);
  CHECK(parse_time("2026-11-22T13:56:09.858Z") == 1'795'355'769'858);
  CHECK(parse_time("2026-11-22t13:56:09z") == 1'795'355'769'000);
  CHECK(parse_time("2026-11-22 13:56:09.8Z") == 1'795'355'769'800);
  CHECK(parse_time("2026-11-22T13:56:09.8587654321Z") == 1'795'355'769'858);
  CHECK(parse_time("2026-11-22T15:26:09.858+01:30") == 1'795'355'769'858);
  CHECK(parse_time("2026-11-22T05:56:09.858-08:00") == 1'795'355'769'858);
  CHECK(parse_time("2024-02-29T23:59:60Z")
        == parse_time("2024-03-01T00:00:00Z"));
}

TEST_CASE("what is no time is none") {
  for (const auto* text :
       {"", "now", "2026-11-22", "2026-11-22T13:56Z", "2026-11-22T13:56:09",
        "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-22T24:00:00Z",
        "2026-11-22T13:60:00Z", "2026-11-22T13:56:61Z", "2026-11-22T13:56:09.Z",
        "2026-11-22T13:56:09Z ", "2026-11-22T13:56:09+1:00",
        "x026-11-22T13:56:09Z"})
    CHECK_FALSE(parse_time(text));
}

TEST_CASE("a time is written as lines have it, and read again") {
  for (utc_ms when : {utc_ms{0}, utc_ms{1'795'355'769'858}, utc_ms{-1}}) {
    CHECK(format_time(when).size() == 24);
    CHECK(parse_time(format_time(when)) == when);
  }
  CHECK(format_time(1'795'355'769'858) == "2026-11-22T13:56:09.858Z");
  // What no line can say.
  CHECK(format_time(INT64_MAX) == "9999-12-31T23:59:59.999Z");
  CHECK(format_time(INT64_MIN).size() == 24);
}

TEST_CASE("a span is told in two units") {
  CHECK(format_span(-5) == "0ms");
  CHECK(format_span(350) == "350ms");
  CHECK(format_span(4'290) == "4.2s");
  CHECK(format_span(192'000) == "3m12s");
  CHECK(format_span(18'060'000) == "5h01m");
  CHECK(format_span(1'047'600'000) == "12d03h");
}
