#include <random>

#include "core/state_board.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/mutate.hpp"

using namespace greenroom;

namespace {

state_news_ptr news(std::string key, std::string value, std::uint64_t version) {
  state_news what{std::move(key), {}, version, "ann"};
  if (!value.empty())
    what.now = {protocol::encoding::json, std::move(value)};
  return std::make_shared<const state_news>(std::move(what));
}

/// "k=1@3 j=@4": what a reader of that version is told; `!` before a whole.
std::string told(const state_board& board, std::uint64_t version) {
  auto found = board.since(version);
  std::string out = found.whole ? "!" : "";
  for (const auto& each : found.changes)
    out += (out.size() > 1 ? " " : "") + std::string{each.key} + '='
           + each.now->bytes + '@' + std::to_string(each.version);
  return out;
}

} // namespace

TEST_CASE("[P-4.6] a reader is told each key once, in its newest version") {
  state_board board{10};
  board.put(std::vector{news("a", "1", 1), news("b", "1", 2)});
  board.put(std::vector{news("a", "2", 3)});
  CHECK(board.version() == 3);
  CHECK(told(board, 0) == "b=1@2 a=2@3");
  CHECK(told(board, 2) == "a=2@3");
  CHECK(told(board, 3).empty());
}

TEST_CASE("[P-4.17] deletions are told, until too many are remembered") {
  state_board board{1};
  board.put(
      std::vector{news("a", "1", 1), news("b", "1", 2), news("c", "1", 3)});
  board.put(std::vector{news("a", "", 4)});
  CHECK(told(board, 3) == "a=@4");
  board.put(std::vector{news("b", "", 5)});
  CHECK(told(board, 4) == "b=@5");
  CHECK(told(board, 3) == "!c=1@3");
  board.put(std::vector{news("a", "7", 6)});
  CHECK(told(board, 5) == "a=7@6");
  CHECK(told(board, 0) == "!c=1@3 a=7@6");
}

TEST_CASE("[P-4.6] a board that begins with a whole tells the whole") {
  state_board board{10};
  board.replace(std::vector{news("a", "1", 7)}, 9);
  CHECK(board.version() == 9);
  CHECK(told(board, 9).empty());
  CHECK(told(board, 8) == "!a=1@7");
  // What it was told before is no news.
  board.put(std::vector{news("a", "0", 5), news("b", "1", 10)});
  CHECK(told(board, 9) == "b=1@10");
}

TEST_CASE("[P-4.6] readers of any pace end with what the room has") {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    test::random dice{seed};
    state_board board{3};
    std::map<std::string, std::string> truth;
    struct reader {
      std::uint64_t seen = 0;
      std::map<std::string, std::string> has;
    };
    std::vector<reader> readers(3);
    std::uint64_t version = 0;
    auto read = [&](reader& who) {
      auto found = board.since(who.seen);
      if (found.whole)
        who.has.clear();
      auto last = who.seen;
      for (const auto& each : found.changes) {
        REQUIRE((found.whole || each.version > last));
        last = std::max(last, each.version);
        if (each.now->empty())
          who.has.erase(std::string{each.key});
        else
          who.has[std::string{each.key}] = each.now->bytes;
      }
      who.seen = board.version();
    };
    for (int step = 0; step < 300; ++step) {
      auto key = std::string(1, static_cast<char>('a' + test::pick(dice, 8)));
      auto value =
          test::pick(dice, 3) == 0 ? std::string{} : std::to_string(step);
      if (value.empty())
        truth.erase(key);
      else
        truth[key] = value;
      board.put(std::vector{news(key, value, ++version)});
      for (std::size_t i = 0; i < readers.size(); ++i)
        if (test::pick(dice, 1 + 4 * i) == 0)
          read(readers[i]);
    }
    for (auto& who : readers) {
      read(who);
      REQUIRE(who.has == truth);
    }
  }
}
