#include "core/presence_batch.hpp"
#include "core/rights.hpp"
#include "core/timer_queue.hpp"
#include "core/token_bucket.hpp"
#include "core/ws_frame.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace std::chrono_literals;

TEST_CASE("[P-7] a client may say a burst at once, then so many a second") {
  token_bucket pace{100, 200};
  auto now = steady_time{} + 1h;
  for (int i = 0; i < 200; ++i)
    CHECK(pace.take(now));
  CHECK_FALSE(pace.take(now));
  CHECK(pace.wait(now) == 10ms);
  CHECK(pace.take(now + 10ms));
  CHECK_FALSE(pace.take(now + 10ms));
  CHECK(pace.take(now + 1h));
}

TEST_CASE("a rate of 0 is no limit") {
  token_bucket pace{0, 1};
  for (int i = 0; i < 1000; ++i)
    CHECK(pace.take(steady_time{}));
}

TEST_CASE("[P-2.5] the pattern that says most of the name gives the rights") {
  room_rights claims;
  claims.add("*", "r");
  claims.add("chat:*", "rw");
  claims.add("chat:staff", "rwa");
  CHECK(claims.in("other") == rights::from("r"));
  CHECK(claims.in("chat:one") == rights::from("rw"));
  CHECK(claims.in("chat:staff") == rights::from("rwa"));
  CHECK(claims.in("chat:staff2") == rights::from("rw"));
  CHECK(room_rights{}.in("any") == rights{});
}

TEST_CASE("[P-2.5] `*` stands for more only at a pattern's end") {
  room_rights claims;
  claims.add("a*b", "r");
  CHECK_FALSE(claims.in("axb").receive);
  CHECK(claims.in("a*b").receive);
}

TEST_CASE("[P-4.9] who came and went between two tellings is not mentioned") {
  presence_batch news;
  news.joined({"c-1", "ann", ""});
  news.left({"c-1", "ann", ""});
  CHECK(news.empty());
  news.left({"c-2", "bob", ""});
  news.joined({"c-3", "cid", ""});
  CHECK(news.only_joined() == nullptr);
  std::vector<protocol::member> in;
  std::vector<protocol::member> out;
  news.take(in, out);
  REQUIRE(in.size() == 1);
  REQUIRE(out.size() == 1);
  CHECK(in[0].user_id == "cid");
  CHECK(out[0].user_id == "bob");
  CHECK(news.empty());
}

TEST_CASE("[P-4.9] who came back as somebody else is told") {
  presence_batch news;
  SECTION("with another user") {
    news.left({"c-1", "ann", ""});
    news.joined({"c-1", "bob", ""});
  }
  SECTION("with other information") {
    news.left({"c-1", "bob", "1"});
    news.joined({"c-1", "bob", ""});
  }
  std::vector<protocol::member> in;
  std::vector<protocol::member> out;
  news.take(in, out);
  CHECK(in == std::vector<protocol::member>{{"c-1", "bob", ""}});
  CHECK(out.empty());
}

TEST_CASE("what is owed is paid before anything else") {
  token_bucket bucket{10, 4};
  auto now = steady_time{} + 10s;
  bucket.owe(2, now);
  CHECK(bucket.take(now));
  CHECK(bucket.take(now));
  CHECK_FALSE(bucket.take(now));
  bucket.owe(3, now);
  CHECK(bucket.wait(now) == 400ms);
  CHECK_FALSE(bucket.take(now + 399ms));
  CHECK(bucket.take(now + 400ms));
  // A bucket at most, whatever is asked.
  bucket.owe(UINT64_MAX, now);
  CHECK(bucket.wait(now) == 500ms);
  token_bucket endless{0, 4};
  endless.owe(UINT64_MAX, now);
  CHECK(endless.take(now));
}

TEST_CASE(
    "[P-4.9] who was given a list in between is told what changed since") {
  presence_batch news;
  news.joined({"c-1", "ann", ""});
  news.list_given();
  news.left({"c-1", "ann", ""});
  news.left({"c-2", "bob", ""});
  news.list_given();
  news.joined({"c-2", "bob", ""});
  CHECK(news.only_joined() == nullptr);
  std::vector<protocol::member> in;
  std::vector<protocol::member> out;
  news.take(in, out);
  REQUIRE(in.size() == 1);
  REQUIRE(out.size() == 1);
  CHECK(in[0].user_id == "bob");
  CHECK(out[0].user_id == "ann");
  CHECK(news.empty());
}

TEST_CASE("a deadline runs once, in order, and not after it was cancelled") {
  timer_queue queue;
  std::string ran;
  timer_queue::timer late;
  timer_queue::timer soon;
  timer_queue::timer never;
  queue.at(steady_time{} + 2s, late, [&] { ran += "late"; });
  queue.at(steady_time{} + 1s, soon, [&] { ran += "soon "; });
  queue.at(steady_time{} + 1s, never, [&] { ran += "never "; });
  never.cancel();
  CHECK(*queue.next() == steady_time{} + 1s);
  queue.run_due(steady_time{} + 999ms);
  CHECK(ran.empty());
  queue.run_due(steady_time{} + 5s);
  CHECK(ran == "soon late");
  CHECK_FALSE(queue.next().has_value());
}

TEST_CASE("a deadline may set itself again without running twice at once") {
  timer_queue queue;
  timer_queue::timer tick;
  int ran = 0;
  std::function<void()> again = [&] {
    ++ran;
    queue.at(steady_time{}, tick, again);
  };
  queue.at(steady_time{}, tick, again);
  queue.run_due(steady_time{} + 1s);
  CHECK(ran == 1);
}

TEST_CASE("frame headers are those of RFC 6455 at each length") {
  auto header = [](std::size_t payload) {
    char bytes[ws::header_bytes_max];
    auto n = ws::write_header(bytes, ws::opcode::binary, payload);
    return std::string{bytes, n};
  };
  using namespace std::string_literals;
  CHECK(header(0) == "\x82\x00"s);
  CHECK(header(125) == "\x82\x7d"s);
  CHECK(header(126) == "\x82\x7e\x00\x7e"s);
  CHECK(header(65'535) == "\x82\x7e\xff\xff"s);
  CHECK(header(65'536) == "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s);
}
