#include "cluster/resp.hpp"

#include "tests/support/catch.hpp"

using namespace greenroom::cluster;
using verdict = redis_parsed::verdict;
using kind = redis_reply::kind;

namespace {

constexpr std::size_t bytes_max = 1'000;

verdict verdict_of(std::string_view bytes) {
  redis_reply reply;
  return parse_reply(bytes, bytes_max, reply).is;
}

redis_reply whole(std::string_view bytes) {
  redis_reply reply;
  auto found = parse_reply(bytes, bytes_max, reply);
  REQUIRE(found.is == verdict::whole);
  CHECK(found.used == bytes.size());
  return reply;
}

} // namespace

TEST_CASE("a command is written as Redis wants it, whatever is in it") {
  std::string to = "before";
  std::string_view parts[] = {"PUBLISH", "", std::string_view{"\0\r\n", 3}};
  append_command(to, parts);
  CHECK(to
        == "before*3\r\n$7\r\nPUBLISH\r\n$0\r\n\r\n$3\r\n"
               + std::string("\0\r\n", 3) + "\r\n");
}

TEST_CASE("replies are read as they are") {
  CHECK(whole("+OK\r\n").is == kind::status);
  CHECK(whole("+OK\r\n").text == "OK");
  CHECK(whole("-ERR no\r\n").is == kind::error);
  CHECK(whole("-ERR no\r\n").text == "ERR no");
  CHECK(whole(":-12\r\n").is == kind::integer);
  CHECK(whole("$-1\r\n").is == kind::null);
  CHECK(whole("$0\r\n\r\n").text.empty());
  CHECK(whole("$4\r\n\r\n\r\n\r\n").text == "\r\n\r\n");

  auto push = whole("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n:5\r\n");
  CHECK(push.is == kind::array);
  REQUIRE(push.count == 3);
  CHECK(push.elements[0].text == "message");
  CHECK(push.elements[1].text == "a");
  CHECK(push.elements[2].is == kind::integer);
}

TEST_CASE("one reply is read of several") {
  redis_reply reply;
  auto found = parse_reply(":1\r\n:2\r\n", bytes_max, reply);
  CHECK(found.is == verdict::whole);
  CHECK(found.used == 4);
}

TEST_CASE("a reply that is cut short is incomplete at every byte") {
  const std::string_view reply =
      "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$5\r\nbytes\r\n";
  for (std::size_t n = 0; n < reply.size(); ++n)
    CHECK(verdict_of(reply.substr(0, n)) == verdict::incomplete);
}

TEST_CASE("a reply that says it is too long is refused before it is there") {
  CHECK(verdict_of("$1000\r\nx") == verdict::too_long);
  CHECK(verdict_of("$99999999999\r\n") == verdict::too_long);
  CHECK(verdict_of("*2\r\n$500\r\n" + std::string(500, 'x') + "\r\n$500\r\n")
        == verdict::too_long);
  redis_reply reply;
  auto found = parse_reply("$900\r\nx", bytes_max, reply);
  CHECK(found.is == verdict::incomplete);
  CHECK(found.used == 908);
}

TEST_CASE("what is no reply is told as broken") {
  for (std::string_view bytes :
       {"HTTP/1.1 400\r\n", "*9\r\n", "*-1\r\n", "*x\r\n", "*1\r\n*1\r\n",
        ":\r\n", ":1x\r\n", "$-2\r\n", "$1\r\nabc", "+OK\rx",
        "$99999999999999999999\r\n"})
    CHECK(verdict_of(bytes) == verdict::broken);
  // A line without an end.
  redis_reply reply;
  CHECK(parse_reply('+' + std::string(70'000, 'x'), 100'000, reply).is
        == verdict::broken);
}
