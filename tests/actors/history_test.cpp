// What was said in a room before: on joining, and when asked for.

#include "tests/support/catch.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

std::string say(const std::string& text, const std::string& more = {}) {
  return R"({"type":"message","roomId":"a","text":")" + text + '"' + more + '}';
}

std::string join(const std::string& more = {}) {
  return R"({"type":"join_room","roomId":"a")" + more + '}';
}

std::string since(const std::string& epoch, std::uint64_t offset) {
  return R"(,"since":{"epoch":")" + epoch + R"(","offset":)"
         + std::to_string(offset) + '}';
}

/// A room of two; `ann` has seen nothing yet.
struct talk {
  explicit talk(settings config = {}) : node{std::move(config), 2} {
    auto first = node.connect("user-ann", 0);
    ann = std::make_unique<guest>(first);
    ann->joins("a");
    epoch = ann->sees().only("joined")["epoch"];
  }

  quiet_node node;
  std::unique_ptr<guest> ann;
  std::string epoch;
};

} // namespace

TEST_CASE("[P-4.2] who comes back is sent all that was missed") {
  for (bool msgpack : {false, true}) {
    talk room;
    for (auto text : {"one", "two", "three"})
      room.ann->says(say(text));
    auto bob = msgpack ? room.node.connect_msgpack("user-bob", 1)
                       : room.node.connect("user-bob", 1);
    bob.sees();
    bob.says(join(since(room.epoch, 1)));
    auto seen = bob.sees();
    CHECK(seen.types() == "joined message message");
    CHECK(seen.only("joined")["recovered"] == "true");
    CHECK(seen.only("joined")["offset"] == "3");
    CHECK(seen.all("message").each("text") == "two three");
    CHECK(seen.all("message").each("offset") == "2 3");
    CHECK(seen.all("message").each("roomId") == "a a");
    room.ann->says(say("four"));
    CHECK(bob.sees().only("message")["offset"] == "4");
  }
}

TEST_CASE("[P-4.2] recovery is whole or not at all") {
  settings config;
  config.rooms.history_messages = 2;
  talk room{config};
  for (auto text : {"one", "two", "three"})
    room.ann->says(say(text));
  auto from = [&](const std::string& epoch, std::uint64_t offset) {
    auto bob = room.node.connect("user-bob", 1);
    bob.sees();
    bob.says(join(since(epoch, offset)));
    auto seen = bob.sees();
    auto joined = seen.only("joined");
    bob->hangs_up();
    room.node.run();
    return joined["recovered"] + ' ' + joined["reason"] + ' '
           + std::to_string(seen.count("message"));
  };
  CHECK(from(room.epoch, 3) == "true  0");
  CHECK(from(room.epoch, 2) == "true  1");
  CHECK(from(room.epoch, 1) == "true  2");
  CHECK(from(room.epoch, 0) == "false trimmed 0");
  CHECK(from(room.epoch, 4) == "false epoch 0");
  CHECK(from("other", 3) == "false epoch 0");
}

TEST_CASE("[P-4.2] who missed more than may be sent in one go is told so") {
  settings config;
  config.rooms.history_messages = 5'000;
  config.rooms.history_bytes = 64 * 1024 * 1024;
  config.limits.messages_per_second = 0;
  SECTION("too many") {
    talk room{config};
    for (int i = 0; i < 1'001; ++i)
      room.ann->queues(say("x"));
    room.node.run();
    auto bob = room.node.connect("user-bob", 1);
    bob.says(join(since(room.epoch, 0)));
    CHECK(bob.sees().only("joined")["reason"] == "too_many");
    bob.says(join(since(room.epoch, 1)));
    CHECK(bob.sees().count("message") == 1'000);
  }
  SECTION("too long") {
    config.limits.unsent_bytes = 64 * 1024;
    talk room{config};
    for (int i = 0; i < 3; ++i)
      room.ann->says(say(std::string(8'000, 'x')));
    auto bob = room.node.connect("user-bob", 1);
    bob.says(join(since(room.epoch, 0)));
    auto seen = bob.sees();
    CHECK(seen.only("joined")["reason"] == "too_many");
    CHECK(seen.count("message") == 0);
    bob.says(join(since(room.epoch, 1)));
    CHECK(bob.sees().count("message") == 2);
  }
}

TEST_CASE("[P-3.16] a join may ask for the newest messages") {
  talk room;
  for (auto text : {"one", "two", "three"})
    room.ann->says(say(text));
  auto bob = room.node.connect("user-bob", 1);
  bob.sees();
  bob.says(join(R"(,"history":2)"));
  auto seen = bob.sees();
  CHECK(seen.types() == "joined message message");
  CHECK(seen.all("message").each("text") == "two three");
  CHECK(seen.only("joined")["recovered"] == "");
}

TEST_CASE("[P-3.16] of a long past that is read in pages the end is given") {
  settings config;
  config.rooms.history_messages = 5'000;
  config.rooms.history_bytes = 64 * 1024 * 1024;
  config.limits.messages_per_second = 0;
  config.limits.unsent_bytes = 256 * 1024;
  talk room{config};
  // Several times what a store gives in one page.
  for (int i = 1; i <= 60; ++i)
    room.ann->says(say(std::string(50'000, 'x')));
  room.ann->says(say("last"));
  auto bob = room.node.connect("user-bob", 1);
  bob.sees();
  bob.says(join(R"(,"history":60)"));
  auto seen = bob.sees();
  CHECK(seen.types() == "joined message message");
  CHECK(seen.all("message").each("offset") == "60 61");
  CHECK(seen.only("joined")["offset"] == "61");
  // What was missed is as long: whole or not at all.
  auto eve = room.node.connect("user-eve", 1);
  eve.says(join(since(room.epoch, 2)));
  seen = eve.sees();
  CHECK(seen.only("joined")["reason"] == "too_many");
  CHECK(seen.count("message") == 0);
}

TEST_CASE("[P-4.10] a newcomer that asks for nothing is sent nothing old") {
  talk room;
  room.ann->says(say("one"));
  auto bob = room.node.connect("user-bob", 1);
  bob.sees();
  bob.says(join());
  CHECK(bob.sees().types() == "joined");
}

TEST_CASE("[P-4.2.1] what is replayed has the client's own messages, by id") {
  talk room;
  room.ann->says(say("one", R"(,"id":"m1")"));
  room.ann->says(say("two"));
  room.ann->says(say("three", R"(,"id":7)"));
  room.ann->sees();
  room.ann->says(R"({"type":"history","roomId":"a","id":"h","from":1})");
  auto own = room.ann->sees().only("history")["messages"];
  CHECK(own.find(R"("id":"m1")") != std::string::npos);
  CHECK(own.find(R"("id":7)") != std::string::npos);
  auto bob = room.node.member("user-bob", "a", 1);
  bob.says(R"({"type":"history","roomId":"a","from":1})");
  auto others = bob.sees().only("history")["messages"];
  CHECK(others.find("\"id\"") == std::string::npos);
  CHECK(others.find("three") != std::string::npos);
}

TEST_CASE("[P-3.16] history is read page by page, oldest first") {
  talk room;
  for (auto text : {"one", "two", "three", "four"})
    room.ann->says(say(text));
  room.ann->sees();
  auto page = [&](const std::string& more) {
    room.ann->says(R"({"type":"history","roomId":"a","id":1)" + more + '}');
    auto got = room.ann->sees().only("history");
    CHECK(got["id"] == "1");
    CHECK(got["epoch"] == room.epoch);
    CHECK(got["offset"] == "4");
    std::string offsets;
    auto list = got["messages"];
    for (auto at = list.find("\"offset\":"); at != std::string::npos;
         at = list.find("\"offset\":", at + 1))
      offsets += list[at + 9];
    return offsets;
  };
  CHECK(page("") == "1234");
  CHECK(page(R"(,"limit":2)") == "34");
  CHECK(page(R"(,"from":1,"limit":2)") == "12");
  CHECK(page(R"(,"from":3,"limit":2)") == "34");
  CHECK(page(R"(,"from":5)") == "");
  CHECK(page(R"(,"from":0,"limit":1)") == "1");
}

TEST_CASE("[P-3.16] a page is no longer than may wait for a client") {
  settings config;
  config.limits.unsent_bytes = 64 * 1024;
  config.rooms.history_bytes = 1024 * 1024;
  talk room{config};
  for (int i = 0; i < 8; ++i)
    room.ann->says(say(std::string(8'000, 'x')));
  room.ann->sees();
  room.ann->says(R"({"type":"history","roomId":"a"})");
  auto newest = room.ann->sees().only("history")["messages"];
  CHECK(newest.size() < 17'000);
  CHECK(newest.find("\"offset\":8") != std::string::npos);
  room.ann->says(R"({"type":"history","roomId":"a","from":1})");
  auto oldest = room.ann->sees().only("history")["messages"];
  CHECK(oldest.size() < 17'000);
  CHECK(oldest.find("\"offset\":1,") + oldest.find("\"offset\":1}")
        != std::string::npos);
}

TEST_CASE("[P-3.16] a page is no longer in the other encoding, either") {
  settings config;
  config.limits.unsent_bytes = 64 * 1024;
  talk room{config};
  auto eve = room.node.connect_msgpack("user-eve", 1);
  eve.joins("a");
  // Each control character is six bytes of JSON.
  for (int i = 0; i < 8; ++i)
    eve.says(say(R"(\u0001)" + std::string(1'000, 'x'))).says(say([] {
      std::string text;
      for (int j = 0; j < 1'000; ++j)
        text += R"(\u0001)";
      return text;
    }()));
  for (auto asked : {R"({"type":"history","roomId":"a"})",
                     R"({"type":"history","roomId":"a","from":1})"}) {
    room.ann->sees();
    room.ann->says(asked);
    auto page = room.ann->sees().only("history")["messages"];
    CHECK(page.size() < 17'000);
    CHECK(page.size() > 8'000);
  }
  auto bob = room.node.connect("user-bob", 1);
  bob.sees();
  bob.says(join(R"(,"history":16)"));
  auto seen = bob.sees();
  CHECK(seen.count("message") > 1);
  CHECK(seen.count("message") < 6);
}

TEST_CASE("[P-7.1] a long history costs what as many requests would") {
  auto config = calm();
  config.limits.messages_per_second = 1;
  config.limits.messages_burst = 12;
  talk room{config};
  constexpr auto all = R"({"type":"history","roomId":"a","limit":1000})";
  room.ann->says(all);
  CHECK(room.ann->sees().types() == "history");
  room.ann->says(all);
  CHECK(room.ann->sees().only("error")["code"] == "rate_limited");
}

TEST_CASE("[P-3.16] who is not in the room reads nothing of it") {
  talk room;
  auto bob = room.node.connect("user-bob", 1);
  bob.sees();
  bob.says(R"({"type":"history","roomId":"a","id":1})");
  CHECK(bob.sees().only("error")["code"] == "not_in_room");
}

TEST_CASE("[P-3.4] a message to all and one to some may have the same id") {
  talk room;
  auto bob = room.node.member("user-bob", "a", 1);
  room.ann->says(say("one", R"(,"id":1)"));
  room.ann->says(say("two", R"(,"id":1,"to":"user-bob")"));
  room.ann->says(say("two", R"(,"id":1,"to":"user-bob")"));
  CHECK(bob.sees().all("message").each("text") == "one two");
  CHECK(room.ann->sees().all("ack").each("duplicate") == "  true");
}

TEST_CASE("a quiet room lets go of what is too old") {
  settings config = calm();
  config.rooms.history_age = 60s;
  talk room{config};
  room.ann->says(say("one"));
  auto kept = [&] {
    room.ann->sees();
    room.ann->says(R"({"type":"history","roomId":"a","from":1})");
    return room.ann->sees().only("history")["messages"] != "[]";
  };
  CHECK(kept());
  room.node.advance(61s);
  CHECK_FALSE(kept());
}
