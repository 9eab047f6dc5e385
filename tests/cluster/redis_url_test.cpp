#include "cluster/redis_url.hpp"

#include "tests/support/catch.hpp"

using namespace greenroom::cluster;
using transport = redis_endpoint::transport;

namespace {

redis_endpoint good(std::string_view text) {
  auto found = parse_redis_url(text);
  INFO(text);
  REQUIRE(found.has_value());
  return *found;
}

} // namespace

TEST_CASE("a Redis URL needs only a host") {
  auto to = good("redis://cache.example");
  CHECK(to.over == transport::tcp);
  CHECK(to.host == "cache.example");
  CHECK(to.port == 6379);
  CHECK(to.user.empty());
  CHECK(to.password.empty());
  CHECK(to.database == 0);
}

TEST_CASE("a Redis URL may tell user, password, port and database") {
  auto to = good("rediss://ann:s%40cr%3Aet@[2001:db8::1]:6380/12");
  CHECK(to.over == transport::tls);
  CHECK(to.host == "2001:db8::1");
  CHECK(to.port == 6380);
  CHECK(to.user == "ann");
  CHECK(to.password == "s@cr:et");
  CHECK(to.database == 12);
  CHECK(good("redis://:pw@h").user.empty());
  CHECK(good("redis://:pw@h").password == "pw");
  CHECK(good("redis://10.0.0.7/").host == "10.0.0.7");
}

TEST_CASE("a Redis can be reached by the path of its socket") {
  CHECK(good("/run/redis/redis.sock").path == "/run/redis/redis.sock");
  CHECK(good("/run/redis.sock?db=3").database == 3);
  CHECK(good("unix:///run/re%20dis.sock").path == "/run/re dis.sock");
  auto to = good("redis+unix://ann:pw@/run/redis.sock?db=2");
  CHECK(to.over == transport::local);
  CHECK(to.path == "/run/redis.sock");
  CHECK(to.user == "ann");
  CHECK(to.password == "pw");
  CHECK(to.database == 2);
}

TEST_CASE("a Redis URL may tell of sentinels and a master's name") {
  auto to = good("redis+sentinel://ann:s%40cret@one,[2001:db8::1]:5000,10.0.0.7"
                 "/my-master/3");
  CHECK(to.over == transport::tcp);
  REQUIRE(to.by.sentinels.size() == 3);
  CHECK(to.by.sentinels[0].host == "one");
  CHECK(to.by.sentinels[0].port == 26379);
  CHECK(to.by.sentinels[1].host == "2001:db8::1");
  CHECK(to.by.sentinels[1].port == 5000);
  CHECK(to.by.master == "my-master");
  CHECK(to.user == "ann");
  CHECK(to.password == "s@cret");
  CHECK(to.database == 3);
  CHECK(good("rediss+sentinel://h/m").over == transport::tls);
  CHECK(good("redis+sentinel://:pw@h/m").password == "pw");
  CHECK_FALSE(good("redis://h").has_sentinels());

  // Who logs in to a sentinel is somebody else.
  to.by.user = "eve";
  to.by.password = "other";
  auto sentinel = to.sentinel(1);
  CHECK(sentinel.host == "2001:db8::1");
  CHECK(sentinel.port == 5000);
  CHECK(sentinel.user == "eve");
  CHECK(sentinel.password == "other");
  CHECK(sentinel.database == 0);
  auto master = to.at({"10.0.0.9", 7000});
  CHECK(to_log_string(master) == "redis://ann:***@10.0.0.9:7000/3");
  CHECK(master.password == "s@cret");
}

TEST_CASE("a Redis Cluster is named by some of its nodes") {
  auto to = good("redis+cluster://ann:s%40cret@h1,[2001:db8::1]:5000/");
  CHECK(to.is_cluster());
  CHECK_FALSE(to.has_sentinels());
  CHECK(to.over == transport::tcp);
  REQUIRE(to.nodes.size() == 2);
  CHECK(to.nodes[0] == redis_endpoint::address{"h1", 6379});
  CHECK(to.nodes[1] == redis_endpoint::address{"2001:db8::1", 5000});
  CHECK(to.user == "ann");
  CHECK(to.password == "s@cret");
  CHECK(good("rediss+cluster://h").over == transport::tls);
  CHECK_FALSE(good("redis://h").is_cluster());
  auto shard = to.at({"10.0.0.9", 7000});
  CHECK_FALSE(shard.is_cluster());
  CHECK(to_log_string(shard) == "redis://ann:***@10.0.0.9:7000");
  CHECK(shard.password == "s@cret");
}

TEST_CASE("a wrong Redis URL is refused without telling any of it") {
  for (std::string_view text : {
           "",
           "secret",
           "localhost:6379",
           "http://secret@h",
           "redis:",
           "redis:secret",
           "redis://",
           "redis://:secret@",
           "redis://secret@h",
           "redis://ann:@h",
           "redis://h:0",
           "redis://h:70000",
           "redis://h:secret",
           "redis://h/secret",
           "redis://h/1/secret",
           "redis://h/-1",
           "redis://h/99999999999",
           "redis://h?db=1",
           "redis://h#secret",
           "redis://ann:12/secret@h",
           "redis://ann:sec%zzret@h",
           "redis://h%00secret",
           "redis://a%20b",
           "redis+sentinel://",
           "redis+sentinel://secret",
           "redis+sentinel://secret/",
           "redis+sentinel:///secret",
           "redis+sentinel://h,/secret",
           "redis+sentinel://,h/secret",
           "redis+sentinel://h:0/secret",
           "redis+sentinel://h:secret/m",
           "redis+sentinel://h;secret:1:2/m",
           "redis+sentinel://secret@h/m",
           "redis+sentinel://:secret%zz@h/m",
           "redis+sentinel://:secret@h,a:secret@h2/m",
           "redis+sentinel://h/m/secret",
           "redis+sentinel://h/m/",
           "redis+sentinel://h/se%63ret",
           "redis+sentinel://h/m?secret=1",
           "redis+sentinel://h/1#secret",
           "redis+cluster://",
           "redis+cluster:///",
           "redis+cluster://h/secret",
           "redis+cluster://h/0",
           "redis+cluster://h,",
           "redis+cluster://h:secret",
           "redis+cluster://h?secret",
           "redis+cluster://secret@h",
           "unix://secret/path",
           "unix:///",
           "unix:///secret?db=",
           "unix:///secret?db=1&db=2",
           "unix:///secret?timeout=1",
           "unix:///se%00cret",
           "/",
           "/secret?timeout=1",
           "/secret?db=x",
       }) {
    INFO(text);
    auto found = parse_redis_url(text);
    REQUIRE_FALSE(found.has_value());
    CHECK_FALSE(found.error().text.empty());
    CHECK(found.error().text.find("secret") == std::string::npos);
  }
  CHECK_FALSE(parse_redis_url("/" + std::string(107, 'x')).has_value());
  CHECK(parse_redis_url("/" + std::string(106, 'x')).has_value());
}

TEST_CASE("the log sees where a Redis is and never its password") {
  auto log = [](std::string_view text) {
    return to_log_string(good(text));
  };
  CHECK(log("redis://h") == "redis://h:6379");
  CHECK(log("rediss://ann:pw@[::1]:1/2") == "rediss://ann:***@[::1]:1/2");
  CHECK(log("redis://:pw@h") == "redis://:***@h:6379");
  CHECK(log("rediss+sentinel://ann:pw@a,[::1]:1/m/2")
        == "rediss+sentinel://ann:***@a:26379,[::1]:1/m/2");
  CHECK(log("redis+sentinel://a/m") == "redis+sentinel://a:26379/m");
  CHECK(log("redis+cluster://:pw@a,[::1]:1")
        == "redis+cluster://:***@a:6379,[::1]:1");
  CHECK(log("/run/r.sock") == "unix:///run/r.sock");
  CHECK(log("unix://:pw@/r.sock?db=4") == "unix://:***@/r.sock?db=4");
}
