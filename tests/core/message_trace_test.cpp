#include "core/message_trace.hpp"

#include "tests/support/catch.hpp"

using namespace greenroom;

namespace {

const std::string
    sampled("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

std::string with(std::size_t at, char c) {
  auto text = sampled;
  text[at] = c;
  return text;
}

} // namespace

TEST_CASE("[P-3.21] a sampled traceparent names a trace and a span") {
  auto trace = sampled_trace(sampled);
  REQUIRE(trace);
  CHECK(trace->trace_id() == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(trace->span_id() == "00f067aa0ba902b7");
  CHECK(trace->parent == sampled);
}

TEST_CASE("[P-3.21] one that is not sampled, or none, is as good as none") {
  CHECK_FALSE(sampled_trace(with(54, '0')));
  CHECK_FALSE(sampled_trace(with(54, '2')));
  CHECK(sampled_trace(with(54, '3')));
  CHECK_FALSE(sampled_trace(""));
  CHECK_FALSE(sampled_trace(sampled.substr(1)));
  CHECK_FALSE(sampled_trace("ff" + sampled.substr(2)));
  for (std::size_t at = 0; at < sampled.size(); ++at) {
    INFO(at);
    CHECK_FALSE(sampled_trace(with(at, sampled[at] == '-' ? '0' : '-')));
    CHECK_FALSE(sampled_trace(with(at, 'G')));
    CHECK_FALSE(sampled_trace(sampled.substr(0, at)));
  }
  CHECK_FALSE(sampled_trace("00-00000000000000000000000000000000-"
                            + sampled.substr(36)));
  CHECK_FALSE(sampled_trace(sampled.substr(0, 36) + "0000000000000000-01"));
}

TEST_CASE("[P-3.21] a later version is read as far as it is known") {
  CHECK(sampled_trace("01" + sampled.substr(2)));
  auto trace = sampled_trace("01" + sampled.substr(2) + "-what-else");
  REQUIRE(trace);
  CHECK(trace->parent == sampled);
  CHECK_FALSE(sampled_trace(sampled + "-what-else"));
  CHECK_FALSE(sampled_trace("01" + sampled.substr(2) + "0"));
}
