#pragma once

// Random calls to a store beside a plain model of one. The seed is printed with
// a failure.

#include <deque>
#include <map>

#include "tests/conformance/store_suite.hpp"
#include "tests/support/mutate.hpp"

namespace greenroom::test {

/// What a log should be, written down the long way.
struct model_log {
  struct message {
    std::uint64_t offset = 0;
    std::int64_t stored = 0;
    std::uint64_t bytes = 0;
    std::string text;
  };
  struct known {
    std::string key;
    std::uint64_t offset = 0;
    std::int64_t at = 0;
  };

  std::string epoch;
  std::uint64_t top = 0;
  std::deque<message> kept;
  std::deque<known> ids;

  void trim(const log_bounds& bounds, std::int64_t now) {
    auto bytes = [&] {
      std::uint64_t sum = 0;
      for (const auto& each : kept)
        sum += each.bytes;
      return sum;
    };
    while (!kept.empty()
           && (kept.size() > bounds.messages || bytes() > bounds.bytes
               || kept.front().stored + bounds.age.count() <= now))
      kept.pop_front();
  }

  appended append(const log_bounds& bounds, const std::string& text,
                  const std::string& key, std::uint64_t bytes, std::int64_t now,
                  std::optional<std::uint64_t> expected) {
    while (!ids.empty() && ids.front().at + bounds.dedupe_window.count() <= now)
      ids.pop_front();
    for (const auto& each : ids)
      if (!key.empty() && each.key == key)
        return {verdict::duplicate, each.offset};
    if (expected && *expected != top)
      return {verdict::conflict, top};
    kept.push_back({++top, now, bytes, text});
    trim(bounds, now);
    if (!key.empty())
      ids.push_back({key, top, now});
    if (ids.size() > bounds.dedupe_messages)
      ids.pop_front();
    return {verdict::accepted, top};
  }

  [[nodiscard]] std::string shown(std::uint64_t from, std::size_t limit) const {
    std::string out;
    for (const auto& each : kept) {
      if (each.offset < from)
        continue;
      if (limit-- == 0)
        break;
      out += out.empty() ? "" : " ";
      out += std::to_string(each.offset) + '=' + each.text;
    }
    return out;
  }
};

/// `fail`, where there is one, makes the store refuse what comes until it is
/// called with false.
inline void store_property(store_world& world, std::uint32_t seed, int steps,
                           const std::function<void(bool)>& fail = {}) {
  random dice{seed};
  log_bounds bounds;
  bounds.messages = 6;
  bounds.bytes = 4'000;
  bounds.age = milliseconds{1'000};
  bounds.dedupe_messages = 5;
  bounds.dedupe_window = milliseconds{700};
  const std::vector<std::string> names{"a", "b", "c"};
  std::map<std::string, std::unique_ptr<log_user>> rooms;
  std::map<std::string, model_log> model;

  auto open = [&](const std::string& name) -> log_user& {
    auto& room = rooms[name];
    if (room)
      return *room;
    room = std::make_unique<log_user>(world, name, bounds);
    auto& expected = model[name];
    if (expected.epoch.empty())
      expected.epoch = room->is->state().epoch;
    return *room;
  };
  auto close = [&](const std::string& name) {
    if (!rooms[name])
      return;
    rooms[name].reset();
    if (!world.keeps() || model[name].top == 0)
      model[name] = {};
  };

  for (int step = 0; step < steps; ++step) {
    INFO("seed " << seed << ", step " << step);
    const auto& name = names[pick(dice, names.size())];
    auto& room = open(name);
    auto& expected = model[name];
    REQUIRE(room.is->state().epoch == expected.epoch);
    REQUIRE(room.is->state().top == expected.top);
    auto what = pick(dice, 100);
    if (what < 60) {
      // Some together, so that they share a commit.
      bool any = false;
      for (auto n = 1 + pick(dice, 4); n > 0; --n) {
        auto text = std::to_string(step) + std::string(pick(dice, 1'500), '.');
        protocol::request_id id;
        if (pick(dice, 3) != 0)
          id = static_cast<std::int64_t>(pick(dice, 12));
        std::optional<std::uint64_t> top;
        if (pick(dice, 5) == 0)
          top =
              expected.top - std::min<std::size_t>(expected.top, pick(dice, 2));
        auto event = text_event(text);
        auto bytes = bytes_of({event, "s-ann", id});
        auto key = protocol::is_set(id)
                       ? std::to_string(std::get<std::int64_t>(id))
                       : std::string{};
        auto wanted = expected.append(bounds, text, key, bytes, world.now, top);
        any |= wanted.is == accepted;
        auto place = room.append(event, id, top);
        INFO("append " << static_cast<int>(wanted.is) << ' ' << wanted.offset);
        if (n == 1 || pick(dice, 2) == 0)
          REQUIRE(room.said(place) == wanted);
      }
      REQUIRE(world.until([&] { return room.all_answered(); }));
      REQUIRE(room.is->state().top == expected.top);
      // Only who accepts has to look at the clock.
      if (any)
        REQUIRE(room.is->state().first
                == expected.top + 1 - expected.kept.size());
    } else if (what < 75) {
      expected.trim(bounds, world.now);
      auto from = pick(dice, expected.top + 3);
      auto limit = pick(dice, 8);
      REQUIRE(room.shown(from, limit) == expected.shown(from, limit));
    } else if (what < 85) {
      world.now += static_cast<std::int64_t>(pick(dice, 600));
    } else if (what < 90) {
      close(name);
    } else if (what < 93) {
      for (const auto& each : names)
        close(each);
      world.stop();
      world.start();
    } else if (what < 95) {
      room.forget();
      expected = {};
      expected.epoch = room.is->state().epoch;
    } else if (what < 97) {
      expected.trim(bounds, world.now);
      room.is->trim(world.now);
      REQUIRE(room.shown(1) == expected.shown(1, 1'000));
    } else if (fail) {
      fail(true);
      auto text = std::to_string(step);
      REQUIRE(room.say(text, protocol::request_id{99}).is
              == verdict::unavailable);
      fail(false);
    }
  }
}

} // namespace greenroom::test
