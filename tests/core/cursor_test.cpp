#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/cursor.hpp"
#include "core/ws_frame.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_outbox.hpp"

using namespace greenroom;
using greenroom::test::fake_outbox;

namespace {

/// A lane, its readers, and the bookkeeping that an audience does for them.
class hall final : public cursor::owner {
public:
  struct member {
    member(hall& in, std::size_t bytes_max, slow_policy slow)
      : out(in.sends, bytes_max), place(in, in.stream, out, slow) {}

    fake_outbox out;
    cursor place;
    std::string expected; ///< Under no loss.
    std::uint64_t skipped = 0;
  };

  member& join(std::size_t bytes_max = 1 << 20,
               slow_policy slow = slow_policy::gap) {
    members.push_back(std::make_unique<member>(*this, bytes_max, slow));
    return *members.back();
  }

  void publish(std::string_view bytes, member* sender = nullptr) {
    auto begin = stream.head();
    stream.extend(writer.append("<", std::string{bytes} + '>'), ++top);
    if (sender != nullptr)
      sender->place.skip_own(begin, stream.head());
    for (auto& who : members)
      if (who.get() != sender)
        who->expected += '<' + std::string{bytes} + '>';
  }

  void turn() {
    for (auto& who : members)
      who->place.advance();
    sends.run_all();
    trim();
  }

  void trim() {
    auto keep = stream.head();
    for (auto* behind : behind_)
      keep = std::min(keep, behind->at());
    stream.trim(keep);
  }

  void lagging(cursor& who, bool on) override {
    if (on)
      behind_.push_back(&who);
    else
      std::erase(behind_, &who);
  }

  slice end_gap(cursor&, lane::offsets missed) override {
    return ws::make_frame(ws::opcode::text,
                          "gap " + std::to_string(missed.first) + "-"
                              + std::to_string(missed.last));
  }

  void skipped(cursor& who, std::uint64_t bytes) override {
    for (auto& one : members)
      if (&one->place == &who)
        one->skipped += bytes;
  }

  run_once_queue sends;
  lane_writer writer;
  lane stream;
  std::uint64_t top = 0;
  std::vector<std::unique_ptr<member>> members;

private:
  std::vector<cursor*> behind_;
};

} // namespace

TEST_CASE("what a turn brings to a member leaves in one send") {
  hall room;
  auto& ann = room.join();
  for (int i = 0; i < 100; ++i)
    room.publish("hello");
  room.turn();
  CHECK(ann.out.got == ann.expected);
  CHECK(ann.out.sends_made == 1);
}

TEST_CASE("a cursor counts the frames that it has to send") {
  hall room;
  auto& ann = room.join();
  CHECK(ann.place.frames() == 0);
  room.publish("one");
  room.publish("two");
  CHECK(ann.place.frames() == 2);
  room.turn();
  CHECK(ann.place.frames() == 0);
  room.publish("three");
  CHECK(ann.place.frames() == 1);
}

TEST_CASE("[P-3.3] a sender is not sent its own message") {
  hall room;
  auto& ann = room.join();
  auto& bob = room.join();
  room.publish("from ann", &ann);
  room.publish("from bob", &bob);
  room.turn();
  CHECK(ann.out.got == "<from bob>");
  CHECK(bob.out.got == "<from ann>");
}

TEST_CASE("a frame that the socket cuts is finished before anything else") {
  hall room;
  auto& ann = room.join();
  ann.out.room = 3;
  room.publish("one");
  room.publish("two");
  room.turn();
  CHECK(ann.out.got == "<on");
  ann.out.push(ws::make_frame(ws::opcode::text, "ack"));
  ann.out.unblock(1000);
  CHECK(ann.out.got
        == "<one>\x81\x03"
           "ack<two>");
}

TEST_CASE("segments go back once everybody has their bytes") {
  hall room;
  auto& fast = room.join();
  auto& slow = room.join();
  slow.out.room = 0;
  for (int i = 0; i < 50; ++i) {
    room.publish(std::string(100, 'x'));
    room.turn();
  }
  CHECK(fast.out.got == fast.expected);
  CHECK(room.stream.tail() == 0);
  slow.out.unblock(std::string::npos);
  room.trim();
  CHECK(slow.out.got == slow.expected);
  CHECK(room.stream.tail() == room.stream.head());
}

TEST_CASE("[P-4.16] what a member may not be sent yet is kept for it") {
  hall room;
  auto& ann = room.join();
  auto& bob = room.join();
  ann.out.hold();
  for (int i = 0; i < 50; ++i) {
    room.publish(std::string(100, 'x'));
    room.turn();
  }
  CHECK(ann.out.got.empty());
  CHECK(bob.out.got == bob.expected);
  ann.out.release({});
  room.turn();
  CHECK(ann.out.got == ann.expected);
  room.trim();
  CHECK(room.stream.tail() == room.stream.head());
}

TEST_CASE("[P-7] a member beyond its unsent bytes is told what it missed") {
  hall room;
  auto& slow = room.join(1000);
  slow.out.room = 0;
  for (int i = 0; i < 100; ++i) {
    room.publish(std::string(98, 'x'));
    room.turn();
  }
  CHECK(slow.skipped > 0);
  CHECK(room.stream.tail() == room.stream.head());
  slow.out.unblock(std::string::npos);
  room.publish("after");
  room.turn();
  CHECK(slow.out.got
        == "\x81\x09"
           "gap 1-100<after>");
}

TEST_CASE("[P-5.2] under the policy `close` a slow member is closed") {
  hall room;
  auto& slow = room.join(1000, slow_policy::close);
  auto& fast = room.join();
  slow.out.room = 0;
  for (int i = 0; i < 20; ++i) {
    room.publish(std::string(98, 'x'));
    room.turn();
  }
  CHECK(slow.out.closed_as_slow);
  CHECK(fast.out.got == fast.expected);
  CHECK(room.stream.tail() == room.stream.head());
}

TEST_CASE("a member whose socket is lost holds nothing") {
  hall room;
  auto& gone = room.join();
  gone.out.room = 0;
  room.publish("one");
  room.turn();
  gone.out.lose();
  room.publish("two");
  room.turn();
  room.trim();
  CHECK(room.stream.tail() == room.stream.head());
  gone.place.finish();
  CHECK(gone.out.got.empty());
}

TEST_CASE("who leaves gets what was before its farewell, and nothing after") {
  hall room;
  auto& ann = room.join();
  ann.out.room = 2;
  room.publish("one");
  room.turn();
  room.publish("two");
  ann.place.finish();
  ann.out.push(ws::make_frame(ws::opcode::text, "left"));
  ann.out.unblock(std::string::npos);
  CHECK(ann.out.got == "<one><two>\x81\x04left");
}

TEST_CASE("whatever the sockets take, every member gets every frame of the "
          "others once and in order") {
  const unsigned seed = 20'261'122;
  CAPTURE(seed);
  std::mt19937 random{seed};
  auto pick = [&](std::size_t below) {
    return std::uniform_int_distribution<std::size_t>{0, below - 1}(random);
  };
  for (int round = 0; round < 60; ++round) {
    hall room;
    for (int i = 0; i < 5; ++i)
      room.join(1 << 24);
    for (int step = 0; step < 200; ++step) {
      auto& who = *room.members[pick(room.members.size())];
      switch (pick(6)) {
      case 0:
        if (who.out.is_blocked())
          who.out.unblock(pick(3000));
        break;
      case 1:
        who.out.room = pick(500);
        break;
      case 2:
        room.turn();
        break;
      default:
        room.publish(std::string(pick(700), static_cast<char>('a' + pick(26))),
                     pick(2) == 0 ? nullptr : &who);
      }
    }
    room.turn();
    for (auto& who : room.members) {
      who->out.room = std::string::npos;
      if (who->out.is_blocked())
        who->out.unblock(std::string::npos);
      REQUIRE(who->out.got == who->expected);
    }
    room.trim();
    REQUIRE(room.stream.tail() == room.stream.head());
  }
}
