#pragma once

// What a test of stores needs: a store with its data, a loop, a clock, and
// rooms on it that remember what they were answered.

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/store.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hand_loop.hpp"

namespace greenroom::test {

/// An implementation and the power over what is behind it.
class store_world {
public:
  virtual ~store_world() = default;

  /// Makes the store, on the data that former ones of this world left.
  virtual void start() = 0;
  /// Ends it, orderly. No room may be open.
  void stop() { is_.reset(); }

  /// Whether its logs outlive their `room_store`.
  [[nodiscard]] virtual bool keeps() const = 0;

  [[nodiscard]] store& is() { return *is_; }

  /// Turns the loop until it is so, at most 10 s.
  bool until(const std::function<bool()>& so) {
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!so()) {
      if (std::chrono::steady_clock::now() > deadline)
        return false;
      loop.turn();
    }
    return true;
  }

  hand_loop loop;
  std::int64_t now = 1'700'000'000'000;

protected:
  std::unique_ptr<store> is_;
};

/// Bounds that no test reaches by accident.
inline log_bounds wide_bounds() {
  log_bounds bounds;
  bounds.messages = 10'000;
  bounds.bytes = 100'000'000;
  bounds.dedupe_messages = 1'000;
  bounds.dedupe_window = milliseconds{120'000};
  return bounds;
}

inline room_event_ptr text_event(const std::string& text) {
  posted what;
  what.user_id = "ann";
  what.body.said = {protocol::encoding::json, '"' + text + '"'};
  what.stamped = 5;
  return std::make_shared<const room_event>(std::move(what));
}

/// The text of what `text_event` made.
inline std::string text_of(const log_entry& entry) {
  const auto& said = std::get<posted>(*entry.what).body.said.bytes;
  return said.size() < 2 ? said : said.substr(1, said.size() - 2);
}

/// A room, as far as the store sees it.
class log_user final : public room_store::listener {
public:
  explicit log_user(store_world& world, std::string id = "lounge",
                    log_bounds bounds = wide_bounds(),
                    room_space space = room_space::protocol)
    : log_user(world, world.loop, std::move(id), bounds, space) {
    REQUIRE(world_.until([this] { return is->is_open(); }));
  }

  /// On another loop; may not be open yet.
  log_user(store_world& world, hand_loop& loop, std::string id,
           log_bounds bounds = wide_bounds(),
           room_space space = room_space::protocol)
    : world_(world),
      is(world.is().open({space, std::move(id)}, bounds, world.now, loop,
                         *this)) {}

  void log_opened(store_result<void> how) override {
    opened = how;
    if (!how)
      refused_to_open = true;
  }

  void log_appended(appended what) override {
    REQUIRE(next_ < answers.size());
    while (answers[next_]) // Answered at once.
      ++next_;
    take(next_++, what);
  }

  /// Gives the place of its answer in `answers`.
  std::size_t append(const room_event_ptr& what, protocol::request_id id = {},
                     std::optional<std::uint64_t> expected = {},
                     std::string session = "s-ann") {
    auto place = answers.size();
    answers.emplace_back();
    if (auto now = is->append({what, session, id, world_.now, expected}))
      take(place, *now);
    return place;
  }

  std::size_t append(const std::string& text, protocol::request_id id = {},
                     std::optional<std::uint64_t> expected = {},
                     std::string session = "s-ann") {
    return append(text_event(text), std::move(id), expected,
                  std::move(session));
  }

  /// The answer to it.
  appended said(std::size_t place) {
    REQUIRE(world_.until([&] { return answers[place].has_value(); }));
    return *answers[place];
  }

  /// Appends and waits.
  template <class... Args>
  appended say(Args... args) {
    return said(append(std::move(args)...));
  }

  room_store::entries read(std::uint64_t from, std::size_t limit = 1'000) {
    std::optional<store_result<room_store::entries>> got;
    is->read(from, limit, world_.now,
             [&](auto found) { got = std::move(found); });
    REQUIRE(world_.until([&] { return got.has_value(); }));
    REQUIRE(got->has_value());
    return std::move(**got);
  }

  /// "1=a 2=b": all that it can read from there on.
  std::string shown(std::uint64_t from = 0, std::size_t limit = 1'000) {
    std::string out;
    for (const auto& entry : read(from, limit)) {
      out += out.empty() ? "" : " ";
      out += std::to_string(entry.offset) + '=' + text_of(entry);
    }
    return out;
  }

  void forget() {
    bool done = false;
    is->forget(world_.now, [&](store_result<void> how) {
      REQUIRE(how.has_value());
      done = true;
    });
    REQUIRE(world_.until([&] { return done; }));
  }

  [[nodiscard]] bool all_answered() const {
    return std::ranges::all_of(answers,
                               [](auto& each) { return each.has_value(); });
  }

private:
  void take(std::size_t place, appended what) {
    answers[place] = what;
    if (on_answer)
      on_answer();
  }

  store_world& world_;
  std::size_t next_ = 0;

public:
  std::vector<std::optional<appended>> answers; ///< In the order of the calls.
  std::function<void()> on_answer;
  std::optional<store_result<void>> opened;
  bool refused_to_open = false;
  std::unique_ptr<room_store> is; ///< Goes first.
};

} // namespace greenroom::test
