// Random changes against a naive model, and maps of several nodes against each
// other. The seed is fixed and printed with a failure.

#include <array>
#include <deque>
#include <map>

#include "core/protocol/codec.hpp"
#include "core/room_map.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/mutate.hpp"

using namespace greenroom;
using protocol::error_code;
using test::pick;

namespace {

constexpr std::uint32_t seed = 20261128;

steady_time at(std::uint64_t ms) {
  return steady_time{} + std::chrono::milliseconds{ms};
}

std::string name(char kind, std::size_t number) {
  return kind + std::to_string(number);
}

/// A random change by one of four users, each with two connections of `node`.
room_map::change random_change(test::random& dice, std::size_t keys,
                               const std::string& node, std::uint64_t now) {
  room_map::change what;
  what.key = name('k', pick(dice, keys));
  if (pick(dice, 5) > 0)
    what.now = {protocol::encoding::json,
                std::string(pick(dice, 12), '1') + std::to_string(dice())};
  auto user = pick(dice, 4);
  what.user_id = name('u', user);
  if (pick(dice, 3) == 0)
    what.connection_id = node + name('c', 2 * user + pick(dice, 2));
  if (pick(dice, 4) == 0)
    what.until = at(now + pick(dice, 50));
  return what;
}

/// What the map has to hold, the slow way.
class model {
public:
  struct held {
    room_map::change what;
    std::uint64_t version = 0;
    std::string origin;
  };

  explicit model(room_map::bounds most) : most_(most) {}

  /// Gives why not.
  std::optional<error_code> set(const room_map::change& what,
                                std::optional<std::uint64_t> if_version,
                                const std::string& origin) {
    auto before = keys.find(what.key);
    bool is_there = before != keys.end();
    if (if_version && *if_version != (is_there ? before->second.version : 0))
      return error_code::conflict;
    if (is_there && !before->second.what.connection_id.empty()
        && before->second.what.user_id != what.user_id)
      return error_code::conflict;
    if (what.now.empty()) {
      if (is_there)
        drop(what.key);
      return std::nullopt;
    }
    if (!is_there && keys.size() == most_.keys)
      return error_code::too_large;
    auto kept = keys;
    auto size = bytes();
    keys[what.key] = {what, version + 1, origin};
    if (bytes() > size && bytes() > most_.bytes) {
      keys = std::move(kept);
      return error_code::too_large;
    }
    ++version;
    return std::nullopt;
  }

  template <class Goes>
  std::size_t drop_if(Goes goes) {
    std::size_t dropped = 0;
    for (const auto& [key, each] : std::map{keys})
      if (goes(each)) {
        drop(key);
        ++dropped;
      }
    return dropped;
  }

  [[nodiscard]] std::size_t bytes() const {
    std::size_t sum = 0;
    for (const auto& [key, each] : keys)
      sum += key.size() + protocol::longer_size(each.what.now)
             + each.what.user_id.size();
    return sum;
  }

  std::map<std::string, held> keys;
  std::uint64_t version = 0;

private:
  void drop(const std::string& key) {
    keys.erase(key);
    ++version;
  }

  room_map::bounds most_;
};

/// A member that reads now and then: a number, and what it made of it.
class reader {
public:
  void read(const room_map& map) {
    auto changes = map.changes_since(version_);
    if (!changes) {
      ++wholes;
      seen_.clear();
      changes = map.whole();
    }
    std::uint64_t last = 0;
    std::set<std::string> told;
    for (const auto* each : *changes) {
      REQUIRE(each->version > last);
      REQUIRE(told.insert(each->key).second);
      last = each->version;
      auto& known = versions_[each->key];
      // Never an older one after a newer. The whole repeats what is known.
      REQUIRE(each->version >= known);
      known = each->version;
      if (each->now.empty())
        seen_.erase(each->key);
      else
        seen_[each->key] = each->now.bytes;
    }
    version_ = map.version();
    ++reads;
  }

  void check(const model& expected) const {
    REQUIRE(seen_.size() == expected.keys.size());
    for (const auto& [key, each] : expected.keys)
      REQUIRE(seen_.at(key) == each.what.now.bytes);
  }

  int reads = 0;
  int wholes = 0;

private:
  std::uint64_t version_ = 0;
  std::map<std::string, std::string> seen_;
  std::map<std::string, std::uint64_t> versions_;
};

} // namespace

TEST_CASE("[P-4.6] whatever happens to a map, readers end with what it holds, "
          "and never see an older value after a newer") {
  constexpr room_map::bounds most{8, 150};
  test::random dice{seed};
  int wholes = 0;
  int reads = 0;
  int refused = 0;
  for (int round = 0; round < 200; ++round) {
    INFO("seed " << seed << ", round " << round);
    room_map map{most, "n"};
    model expected{most};
    std::array<reader, 3> readers;
    std::uint64_t now = 0;
    for (int step = 0; step < 200; ++step) {
      INFO("step " << step);
      now += pick(dice, 5);
      auto due = [&](const model::held& each) {
        return each.what.until && *each.what.until <= at(now);
      };
      switch (pick(dice, 12)) {
      case 0: {
        auto gone = "n" + name('c', pick(dice, 8));
        REQUIRE(map.drop_connection(gone)
                == expected.drop_if([&](const model::held& each) {
                     return each.origin == "n"
                            && each.what.connection_id == gone;
                   }));
        break;
      }
      case 1:
        REQUIRE(map.drop_overdue(at(now)) == expected.drop_if(due));
        break;
      case 2: // A peer's change, later than all before, within the bounds.
        if (auto what = random_change(dice, 12, "p", now);
            !what.now.empty()
            && !expected.set(what, std::nullopt, "p").has_value())
          REQUIRE(map.apply(what, "p", map.version() + 1));
        break;
      case 3:
        REQUIRE(map.drop_node("p")
                == expected.drop_if([&](const model::held& each) {
                     return each.origin == "p"
                            && !each.what.connection_id.empty();
                   }));
        break;
      default: {
        auto what = random_change(dice, 12, "n", now);
        std::optional<std::uint64_t> if_version;
        if (pick(dice, 3) == 0)
          if_version = pick(dice, 2) == 0 ? 0 : pick(dice, map.version() + 1);
        const auto* present = map.find(what.key);
        if (present != nullptr && pick(dice, 4) == 0)
          if_version = present->version;
        auto why = expected.set(what, if_version, "n");
        auto done = map.set(what, if_version);
        REQUIRE(done.has_error() == why.has_value());
        if (why) {
          REQUIRE(done.error().code == *why);
          REQUIRE(done.error().present.has_value()
                  == (*why == error_code::conflict));
          ++refused;
        } else {
          REQUIRE(*done == map.version());
        }
      }
      }
      REQUIRE(map.version() == expected.version);
      REQUIRE(map.size() == expected.keys.size());
      REQUIRE(map.living_bytes() == expected.bytes());
      REQUIRE(map.bytes() <= most.bytes);
      for (const auto& [key, each] : expected.keys) {
        const auto* found = map.find(key);
        REQUIRE(found != nullptr);
        REQUIRE(found->now.bytes == each.what.now.bytes);
        REQUIRE(found->user_id == each.what.user_id);
      }
      auto& one = readers[pick(dice, readers.size())];
      if (pick(dice, 4) == 0) {
        one.read(map);
        one.check(expected);
      }
    }
    for (auto& each : readers) {
      each.read(map);
      each.check(expected);
      reads += each.reads;
      wholes += each.wholes;
    }
  }
  // Each way of reading and refusing was taken.
  CHECK(refused > 1'000);
  CHECK(wholes > 500);
  CHECK(reads - wholes > 500);
}

TEST_CASE("[P-4.6] the maps of several nodes hold the same when all that was "
          "changed has come to all") {
  constexpr room_map::bounds most{100, 100'000};
  constexpr std::size_t nodes = 3;
  struct sent {
    room_map::change what;
    std::string origin;
    std::uint64_t number = 0;
  };
  test::random dice{seed};
  for (int round = 0; round < 200; ++round) {
    INFO("seed " << seed << ", round " << round);
    std::deque<room_map> maps;
    std::array<std::uint64_t, nodes> told{};
    // Each node's changes arrive in their order, at each peer when they like.
    std::map<std::pair<std::size_t, std::size_t>, std::deque<sent>> ways;
    for (std::size_t i = 0; i < nodes; ++i)
      maps.emplace_back(most, name('n', i));
    auto tell = [&](std::size_t from) {
      auto changes = maps[from].changes_since(told[from]);
      REQUIRE(changes.has_value());
      for (const auto* each : *changes)
        if (each->origin == name('n', from))
          for (std::size_t to = 0; to < nodes; ++to)
            if (to != from)
              ways[{from, to}].push_back({*each, each->origin, each->number});
      told[from] = maps[from].version();
    };
    auto hear = [&](std::size_t from, std::size_t to) {
      auto& way = ways[{from, to}];
      if (way.empty())
        return;
      maps[to].apply(way.front().what, way.front().origin, way.front().number);
      way.pop_front();
    };
    for (int step = 0; step < 100; ++step) {
      auto one = pick(dice, nodes);
      switch (pick(dice, 6)) {
      case 0:
        tell(one);
        break;
      case 1:
      case 2:
        hear(one, pick(dice, nodes));
        break;
      case 3:
        maps[one].drop_connection(name('n', one) + name('c', pick(dice, 8)));
        break;
      default: {
        auto what = random_change(dice, 6, name('n', one), 0);
        what.until.reset();
        (void)maps[one].set(what);
      }
      }
    }
    for (std::size_t from = 0; from < nodes; ++from) {
      tell(from);
      for (std::size_t to = 0; to < nodes; ++to)
        while (!ways[{from, to}].empty())
          hear(from, to);
    }
    for (const auto* each : maps[0].whole())
      for (const auto& other : maps) {
        const auto* same = other.find(each->key);
        REQUIRE(same != nullptr);
        REQUIRE(same->now.bytes == each->now.bytes);
        REQUIRE(same->connection_id == each->connection_id);
        REQUIRE(same->number == each->number);
        REQUIRE(same->origin == each->origin);
        REQUIRE(other.size() == maps[0].size());
      }
    // One of them dies: the others lose the same, and tell a newcomer the rest.
    std::vector<std::size_t> left;
    for (auto i : {1, 2})
      left.push_back((maps[i].drop_node("n0"), maps[i].size()));
    REQUIRE(left[0] == left[1]);
    room_map late{most, "n3"};
    for (auto i : {1, 2}) {
      (void)maps[i].inherit("n0");
      for (const auto* each : maps[i].whole())
        if (each->origin == name('n', i))
          late.apply(*each, each->origin, each->number);
    }
    REQUIRE(late.size() == left[0]);
    for (const auto* each : maps[1].whole())
      REQUIRE(late.find(each->key)->now.bytes == each->now.bytes);
  }
}
