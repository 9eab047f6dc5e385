#include "core/space_saving.hpp"

#include <cmath>
#include <map>
#include <random>

#include "tests/support/catch.hpp"

using namespace greenroom;

namespace {

using sketch = space_saving<16>;

/// What the sketch says against exact counts, after any stream.
void check_bounds(const sketch& of,
                  const std::map<std::string, std::uint64_t>& exact) {
  std::uint64_t total = 0;
  for (const auto& [name, count] : exact)
    total += count;
  REQUIRE(of.total() == total);
  auto top = of.top();
  CHECK(top.size() == std::min<std::size_t>(exact.size(), sketch::places));
  std::map<std::string, sketch::entry> told;
  for (std::size_t i = 0; i < top.size(); ++i) {
    const auto& each = top[i];
    CHECK(told.emplace(each.name, each).second);
    CHECK((i == 0 || top[i - 1].count >= each.count));
    auto is = exact.at(each.name);
    CHECK(each.count >= is);
    CHECK(each.count - each.error <= is);
    CHECK(each.error <= total / sketch::places);
  }
  for (const auto& [name, count] : exact)
    if (count > total / sketch::places) {
      INFO(name);
      CHECK(told.contains(name));
    }
}

/// A few are frequent, most are rare: `skew` says how much so.
std::string draw(std::mt19937_64& random, std::size_t names, double skew) {
  auto x = std::uniform_real_distribution{}(random);
  auto at =
      static_cast<std::size_t>(static_cast<double>(names) * std::pow(x, skew));
  return "room-" + std::to_string(at);
}

} // namespace

TEST_CASE("as many names as there are places are counted exactly") {
  sketch counts;
  for (int i = 0; i < 16; ++i)
    for (int n = 0; n <= i; ++n)
      counts.count("room-" + std::to_string(i), 2);
  auto top = counts.top();
  REQUIRE(top.size() == 16);
  CHECK(top[0].name == "room-15");
  CHECK(top[0].count == 32);
  CHECK(top[0].error == 0);
  CHECK(top[15].count == 2);
}

TEST_CASE("a sketch keeps its bounds, whatever comes", "[property]") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    sketch counts;
    std::map<std::string, std::uint64_t> exact;
    std::map<std::string, sketch::hint> hints;
    auto names = std::uniform_int_distribution<std::size_t>{1, 400}(random);
    auto skew = std::uniform_real_distribution{1.0, 8.0}(random);
    bool hinted = seed % 2 == 0;
    for (int i = 0; i < 4'000; ++i) {
      auto name = draw(random, names, skew);
      auto by = std::uniform_int_distribution<std::uint64_t>{1, 5}(random);
      exact[name] += hinted ? 1 : by;
      if (hinted)
        counts.count(name, hints[name]);
      else
        counts.count(name, by);
    }
    for (const auto& [name, hint] : hints) {
      CHECK(hint.held < sketch::step);
      exact[name] -= hint.held;
    }
    std::erase_if(exact, [](const auto& each) { return each.second == 0; });
    check_bounds(counts, exact);
  }
}

TEST_CASE("a sketch that was cleared knows nothing of before") {
  sketch counts;
  sketch::hint at;
  for (int i = 0; i < 100; ++i)
    counts.count("room-" + std::to_string(i), 10);
  for (int i = 0; i < 1'000; ++i)
    counts.count("kept", at);
  counts.clear();
  CHECK(counts.top().empty());
  CHECK(counts.total() == 0);
  at.held = 0;
  counts.count("kept", at);
  REQUIRE(counts.top().size() == 1);
  CHECK(counts.top()[0].count == 1);
  CHECK(counts.top()[0].error == 0);
}
