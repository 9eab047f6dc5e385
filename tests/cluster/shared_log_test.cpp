// The bounds of one room's log in Redis: what waits, and what one call carries.
// Its rules are tried on real Redises, in redis_nodes_test.cpp.

#include "cluster/msgpack_writer.hpp"
#include "cluster/shared_log.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hand_loop.hpp"

using namespace greenroom;
using namespace greenroom::cluster;

namespace {

room_event_ptr text_event(const std::string& text) {
  posted what;
  what.user_id = "ann";
  what.body.said = {protocol::encoding::json, '"' + text + '"'};
  return std::make_shared<const room_event>(std::move(what));
}

std::string entry(const std::string& key, const std::string& text) {
  return pack_entry(1, text.size(), key, text_event(text));
}

/// What a log tells, and what it is told by a Redis that the test plays.
struct one_log final : shared_log::outlet {
  explicit one_log(const shared_log_options& options) : how(options) {
    log.take({line, log_request::opening{}, {}});
    log.subscribed();
    REQUIRE(log.next());
    log.answered(read(0, 1, {}), 1);
  }

  // -- of the log
  void log_tells(log_news news) override {
    if (auto* heard = std::get_if<log_news::heard>(&news.what))
      for (const auto& each : heard->what)
        offsets.push_back(each.offset);
    if (auto* page = std::get_if<log_news::found>(&news.what))
      page->answer(std::move(page->what));
    if (auto* link = std::get_if<log_news::linked>(&news.what))
      links.push_back(link->up);
  }
  void log_answered(const appended& what, std::uint64_t) override {
    accepted += what.is == appended::verdict::accepted;
  }
  void log_answered(const key_answer&, std::uint64_t) override {}
  void log_wants(shared_log&) override {}
  void log_awaits_word(const shared_log&) override {}
  void log_repaired(const shared_log&, std::uint64_t) override {}
  void log_turned(const shared_log&, const log_turn&) override {}
  void log_rejected(const shared_log&, std::string_view) override {}
  void log_dropped(std::size_t entries) override { dropped += entries; }

  // -- of Redis
  static std::string array(std::uint32_t elements,
                           const std::function<void(packer&)>& head,
                           const std::vector<std::string>& entries) {
    std::string out;
    string_sink sink{out};
    packer to{sink};
    auto packed = static_cast<std::uint32_t>(4 * entries.size());
    to.pack_array(elements + packed);
    to.pack(1);
    put_text(to, "epoch");
    head(to);
    for (const auto& each : entries)
      out += each;
    return out;
  }

  static std::string read(std::uint64_t top, std::uint64_t start,
                          const std::vector<std::string>& entries,
                          std::uint64_t first = 1) {
    return array(
        12,
        [&](packer& to) {
          to.pack(top).pack(first);
          put_text(to, "");
          to.pack(0).pack(0).pack(false).pack(start);
          to.pack(0).pack(false);
          put_bytes(to, "");
        },
        entries);
  }

  void hears(std::uint64_t start, const std::string& text) {
    log.heard(array(4, [&](packer& to) { to.pack(start).pack(1); },
                    {entry("s#" + std::to_string(start), text)}));
  }

  void appends(const std::string& text) {
    auto key = "s#" + std::to_string(++keys);
    log_request::appending what{
        key, entry(key, text), {0, 1, "s", {}, text_event(text)}, {},
        1,   text.size()};
    log.take({line, std::move(what), {}});
  }

  /// How many messages the next call carries, which Redis then accepts.
  std::size_t call() {
    auto next = log.next();
    if (!next)
      return 0;
    auto count = (next->arguments.size() - 17) / 3;
    log.answered(array(static_cast<std::uint32_t>(4 + 2 * count),
                       [&](packer& to) {
                         to.pack(top + count).pack(1);
                         for (std::size_t i = 0; i < count; ++i)
                           to.pack(0).pack(++top);
                       },
                       {}),
                 1);
    return count;
  }

  shared_log_options how;
  test::hand_loop loop;
  std::vector<std::uint64_t> offsets; ///< Of what the room heard.
  std::vector<bool> links;            ///< What it was told of its link.
  std::size_t dropped = 0;
  std::size_t accepted = 0;
  std::size_t keys = 0;
  std::uint64_t top = 0;
  std::shared_ptr<shared_line> line = std::make_shared<shared_line>(
      shared_line{{room_space::protocol, "a"}, {}, loop, nullptr, false, {}});
  shared_log log{how, line, *this};
};

std::vector<std::uint64_t> from_to(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> all;
  for (; first <= last; ++first)
    all.push_back(first);
  return all;
}

} // namespace

TEST_CASE(
    "what is heard behind a hole waits up to a number, the rest is read") {
  shared_log_options how;
  how.ahead_max = 4;
  one_log is{how};
  for (std::uint64_t offset = 2; offset <= 11; ++offset)
    is.hears(offset, "x");
  CHECK(is.offsets.empty());
  CHECK(is.dropped == 6);
  REQUIRE(is.log.next());
  is.log.answered(is.read(11, 1, {entry("s#1", "x")}), 1);
  CHECK(is.offsets == from_to(1, 5));
  // It asks for what it dropped, without another hint.
  REQUIRE(is.log.next());
  std::vector<std::string> rest;
  for (std::uint64_t offset = 6; offset <= 11; ++offset)
    rest.push_back(entry("s#" + std::to_string(offset), "x"));
  is.log.answered(is.read(11, 6, rest), 1);
  CHECK(is.offsets == from_to(1, 11));
  // What comes in order never waits, however small the place is.
  for (std::uint64_t offset = 12; offset <= 30; ++offset)
    is.hears(offset, "x");
  CHECK(is.offsets == from_to(1, 30));
  CHECK(is.dropped == 6);
}

TEST_CASE("what is heard behind a hole waits up to a number of bytes") {
  shared_log_options how;
  how.ahead_bytes_max = 10'000;
  one_log is{how};
  for (std::uint64_t offset = 2; offset <= 11; ++offset)
    is.hears(offset, std::string(2'000, 'x'));
  CHECK(is.dropped >= 6);
  CHECK(is.dropped <= 7);
  // One that is next is told even if it is larger than the place.
  is.hears(1, std::string(20'000, 'x'));
  CHECK(is.offsets == from_to(1, 11 - is.dropped));
}

TEST_CASE("one call carries so many messages, and so many bytes") {
  shared_log_options how;
  how.call_messages_max = 3;
  how.call_bytes_max = 1'000;
  one_log is{how};
  for (int i = 0; i < 7; ++i)
    is.appends("x");
  CHECK(is.call() == 3);
  CHECK(is.call() == 3);
  CHECK(is.call() == 1);
  CHECK(is.call() == 0);
  for (auto size : {400, 400, 400, 5'000, 10})
    is.appends(std::string(static_cast<std::size_t>(size), 'x'));
  CHECK(is.call() == 2);
  CHECK(is.call() == 1);
  CHECK(is.call() == 1); // Longer than a call, it goes alone.
  CHECK(is.call() == 1);
  CHECK(is.accepted == 12);
  CHECK(is.offsets == from_to(1, 12));
}

TEST_CASE(
    "[P-9.7] a room is told that its link is back behind what it missed") {
  one_log is{{}};
  is.log.unlinked();
  is.log.subscribed();
  REQUIRE(is.log.next());
  SECTION("all of it is in the log") {
    is.log.answered(is.read(2, 1, {entry("s#1", "x"), entry("s#2", "x")}), 1);
    CHECK(is.offsets == from_to(1, 2));
  }
  SECTION("the first of it was trimmed, and may be on its way") {
    is.log.answered(is.read(2, 2, {entry("s#2", "x")}, 2), 7);
    CHECK(is.offsets.empty());
    CHECK(is.links == std::vector{false});
    SECTION("it does not come") {}
    SECTION("it comes") {
      is.hears(1, "x");
    }
    CHECK_FALSE(is.log.word_came(6));
    CHECK(is.links == std::vector{false});
    CHECK(is.log.word_came(7));
    CHECK(is.offsets.back() == 2);
    REQUIRE(is.log.next());
    is.log.answered(is.read(2, 3, {}, 2), 8);
  }
  CHECK(is.links == std::vector{false, true});
}

TEST_CASE("[P-3.16] a read brings nothing from before what it asks for") {
  one_log is{{}};
  is.hears(1, "x");
  std::size_t found = 99;
  log_request::reading what{10, 5, 1, [&](auto page) {
                              found = page->size();
                            }};
  is.log.take({is.line, std::move(what), {}});
  REQUIRE(is.log.next());
  // Said while it was asked.
  is.hears(2, "x");
  is.log.answered(is.read(2, 2, {entry("s#2", "x")}), 1);
  CHECK(found == 0);
}
