#include <string>
#include <vector>

#include "core/outbox.hpp"
#include "core/ws_frame.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_outbox.hpp"

using namespace greenroom;
using greenroom::test::fake_outbox;

namespace {

slice frame(std::string_view text) {
  auto to = segment::make(static_cast<std::uint32_t>(text.size()));
  to->append(text);
  return {to, 0, static_cast<std::uint32_t>(text.size())};
}

/// A source of frames of three bytes each.
class threes final : public source {
public:
  explicit threes(std::string all) : bytes(std::move(all)) {}

  void prepare() override {
    if (!pushes.empty())
      into->push(frame(std::exchange(pushes, {})));
  }

  std::size_t gather(std::span<iovec> to) override {
    std::size_t used = 0;
    for (auto from = at; from < bytes.size() && used < to.size(); from += 3)
      to[used++] = {bytes.data() + from, 3};
    return used;
  }

  slice sent(std::size_t count) override {
    auto end = at + count;
    at = (end + 2) / 3 * 3;
    return end == at ? slice{} : frame(bytes.substr(end, at - end));
  }

  [[nodiscard]] bool drained() const override { return at >= bytes.size(); }

  [[nodiscard]] std::size_t frames() const override {
    return (bytes.size() - at) / 3;
  }

  void finish() override {
    for (; at < bytes.size(); at += 3)
      into->push(frame(bytes.substr(at, 3)));
    into->forget(*this);
  }

  void blocked() override {
    ++times_blocked;
    if (ends != nullptr)
      ends->too_slow();
  }

  std::string bytes;
  std::size_t at = 0;
  int times_blocked = 0;
  std::string pushes; ///< In `prepare`, once.
  outbox* into = nullptr;
  outbox* ends = nullptr;
};

struct desk {
  run_once_queue sends;
  fake_outbox out{sends, 200}; // A frame counts 64 more than its bytes.
};

} // namespace

TEST_CASE_METHOD(desk, "frames of its own go before what rooms have") {
  threes room{"aaabbb"};
  out.mark(room);
  out.push(frame("one"));
  out.push(frame("two"));
  sends.run_all();
  CHECK(out.got == "onetwoaaabbb");
  CHECK(out.empty());
  CHECK(out.own_bytes() == 0);
}

TEST_CASE_METHOD(desk, "frames that wait are counted, wherever they are") {
  threes room{"aaabbb"};
  CHECK(out.frames() == 0);
  out.mark(room);
  out.push(frame("one"));
  CHECK(out.frames() == 3);
  sends.run_all();
  CHECK(out.frames() == 0);
}

TEST_CASE_METHOD(desk, "own frames are counted once, those of lanes are not") {
  loop_counters counts;
  counting_in here{counts};
  out.push(frame("one"));
  out.push_transport(frame("two"));
  out.pass_on(frame("lane"));
  out.push({});
  CHECK(counts.own_frames.value() == 2);
  out.hold();
  out.push(frame("waits"));
  out.pass_on(frame("lane"));
  out.release({frame("answer")});
  CHECK(counts.own_frames.value() == 4);
  out.seal();
  out.push(frame("late"));
  CHECK(counts.own_frames.value() == 4);
}

TEST_CASE_METHOD(desk, "more than one send takes goes in several, in order") {
  threes first{"aaabbbccc"};
  threes second{"dddeeefff"};
  out.mark(first);
  out.mark(second);
  for (auto text : {"1", "2", "3", "4", "5"})
    out.push(frame(text));
  sends.run_all();
  CHECK(out.got == "12345aaabbbcccdddeeefff");
  CHECK(out.sends_made > 2);
  CHECK(out.empty());
}

TEST_CASE_METHOD(desk, "whatever the socket takes, frames stay whole") {
  for (std::size_t room = 0; room < 16; ++room) {
    desk at;
    threes first{"aaabbb"};
    threes second{"ccc"};
    at.out.mark(first);
    at.out.mark(second);
    at.out.push(frame("one"));
    at.out.room = room;
    at.sends.run_all();
    at.out.push(frame("late"));
    at.out.unblock(std::string::npos);
    at.sends.run_all();
    CAPTURE(room, at.out.got);
    auto late = at.out.got.find("late");
    REQUIRE(late != std::string::npos);
    CHECK(late % 3 == 0);
    at.out.got.erase(late, 4);
    CHECK(at.out.got == "oneaaabbbccc");
    CHECK(at.out.empty());
  }
}

TEST_CASE_METHOD(desk, "a source that is forgotten is not asked any more") {
  threes stays{"aaa"};
  {
    threes goes{"bbbccc"};
    out.mark(goes);
    out.mark(stays);
    out.room = 4; // In the middle of its second frame.
    sends.run_all();
    out.forget(goes);
  }
  out.unblock(std::string::npos);
  CHECK(out.got == "bbbcccaaa");
  CHECK(out.empty());
}

TEST_CASE_METHOD(desk, "a source that is marked twice is asked once") {
  threes room{"aaa"};
  out.mark(room);
  out.mark(room);
  sends.run_all();
  CHECK(out.got == "aaa");
}

TEST_CASE_METHOD(desk, "what a source pushes when it is asked goes first") {
  threes room{"aaa"};
  room.into = &out;
  room.pushes = "gap";
  out.mark(room);
  sends.run_all();
  CHECK(out.got == "gapaaa");
}

TEST_CASE_METHOD(desk, "sources are told that the socket is full") {
  threes first{"aaa"};
  threes second{"bbb"};
  out.mark(first);
  out.mark(second);
  out.room = 1;
  sends.run_all();
  CHECK(first.times_blocked == 0); // Its only frame is the outbox's now.
  CHECK(second.times_blocked == 1);
}

TEST_CASE_METHOD(desk, "a source may end the connection when it is told so") {
  threes first{"aaabbb"};
  threes second{"ccc"};
  first.ends = &out;
  out.mark(first);
  out.mark(second);
  out.room = 1;
  sends.run_all();
  CHECK(out.closed_as_slow);
  CHECK(second.times_blocked == 0);
  out.push_transport(frame("close"));
  out.unblock(std::string::npos);
  CHECK(out.got == "aaaclose"); // The frame that had begun, and the close.
}

TEST_CASE_METHOD(desk, "[P-7] a full socket's own frames beyond the limit end "
                       "the connection") {
  out.room = 0;
  out.push(frame(std::string(100, 'x')));
  sends.run_all();
  CHECK_FALSE(out.closed_as_slow);
  out.push(frame("y"));
  CHECK(out.closed_as_slow);
  CHECK(out.own_bytes() == 0);
  CHECK_FALSE(out.takes());
}

TEST_CASE_METHOD(desk, "a reader that keeps up may get more than the limit in "
                       "one turn, but not without bound") {
  for (int i = 0; i < 19; ++i)
    out.push(frame(std::string(100, 'x')));
  CHECK_FALSE(out.closed_as_slow);
  out.push(frame(std::string(100, 'y')));
  CHECK(out.closed_as_slow);
}

TEST_CASE("[P-7] many tiny frames count for what they hold, and are sent in "
          "time") {
  run_once_queue sends;
  fake_outbox out{sends, 64 * 100'000};
  out.room = 0;
  out.push(frame("x"));
  sends.run_all();
  for (int i = 1; i < 90'000; ++i)
    out.push(frame(i % 2 == 0 ? "x" : "y"));
  CHECK_FALSE(out.closed_as_slow);
  // Each flush takes four: quadratic work would not end here.
  out.unblock(std::string::npos);
  CHECK(out.got.size() == 90'000);
  CHECK(out.got.starts_with("xyxyx"));
  CHECK(out.got.ends_with("xy"));
  CHECK(out.own_bytes() == 0);
  out.room = 0;
  out.push(frame("x"));
  sends.run_all();
  for (int i = 1; i < 100'000; ++i)
    out.push(frame("x"));
  CHECK(out.closed_as_slow);
}

TEST_CASE_METHOD(desk, "the rest of a cut frame goes first, whatever was taken "
                       "before it") {
  threes room{"aaabbb"};
  out.room = 2;
  out.push(frame("one"));
  out.push(frame("two"));
  out.mark(room);
  sends.run_all();
  out.unblock(5);
  CHECK(out.got == "onetwoa");
  out.push(frame("six"));
  out.unblock(std::string::npos);
  CHECK(out.got == "onetwoaaasixbbb");
}

TEST_CASE_METHOD(desk, "of two sources the forgotten one gives nothing") {
  threes left{"aaa"};
  threes stays{"bbb"};
  out.mark(left);
  out.mark(stays);
  out.forget(left);
  sends.run_all();
  CHECK(out.got == "bbb");
  CHECK(left.at == 0);
}

TEST_CASE_METHOD(desk, "who is lost keeps nothing and takes nothing") {
  threes room{"aaa"};
  out.room = 0;
  out.mark(room);
  out.push(frame("one"));
  out.lose();
  CHECK(out.empty());
  CHECK(out.own_bytes() == 0);
  CHECK_FALSE(out.queued());
  out.push(frame("two"));
  out.mark(room);
  CHECK(out.empty());
  sends.run_all();
  CHECK(out.got.empty());
}

TEST_CASE_METHOD(desk, "[RFC 6455 5.5.1] what waits goes before the close "
                       "frame, and nothing behind it") {
  threes first{"aaabbb"};
  threes second{"ccc"};
  first.into = second.into = &out;
  out.mark(first);
  out.mark(second);
  out.push(frame("own"));
  out.seal();
  out.push_transport(frame("close"));
  CHECK_FALSE(out.takes());
  out.push(frame("late"));
  out.mark(first);
  sends.run_all();
  CHECK(out.got == "ownaaabbbcccclose");
  CHECK(out.empty());
}

TEST_CASE_METHOD(desk, "an empty frame is no frame") {
  out.push({});
  CHECK_FALSE(out.queued());
  CHECK(out.empty());
}

TEST_CASE("an outbox that goes leaves the turn's queue") {
  run_once_queue sends;
  {
    fake_outbox gone{sends};
    gone.push(frame("one"));
  }
  sends.run_all();
  CHECK(sends.empty());
}

TEST_CASE("[P-4.16] what comes while an answer is awaited goes behind it") {
  run_once_queue turn;
  fake_outbox out{turn, 1'000};
  threes lane{"abcdef"};
  out.push(frame("1"));
  out.hold();
  out.push(frame("4"));
  out.mark(lane);
  out.push_transport(frame("2"));
  turn.run_all();
  CHECK(out.got == "12");
  CHECK(out.empty());
  out.release({frame("3")});
  turn.run_all();
  CHECK(out.got == "1234abcdef");
  CHECK(out.empty());
  CHECK(out.own_bytes() == 0);
}

TEST_CASE("[P-7] what waits for an answer counts as unsent") {
  run_once_queue turn;
  fake_outbox out{turn, 100};
  out.hold();
  for (int i = 0; i < 40; ++i)
    out.push(frame(std::string(100, 'x')));
  CHECK(out.closed_as_slow);
}

TEST_CASE("an ending connection sends what waited for an answer") {
  run_once_queue turn;
  fake_outbox out{turn, 1'000};
  out.hold();
  out.push(frame("a"));
  out.seal();
  out.push_transport(frame("b"));
  turn.run_all();
  CHECK(out.got == "ab");
}
