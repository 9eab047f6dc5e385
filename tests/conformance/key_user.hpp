#pragma once

// A room of one node with shared keys in a store: keeps what it hears, and
// checks that it hears it in order.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/conformance/store_world.hpp"

namespace greenroom::test {

class key_user final : public room_store::listener {
public:
  explicit key_user(store& in, hand_loop& loop, std::string id = "lounge",
                    log_bounds bounds = with_state())
    : is(in.open({room_space::protocol, std::move(id)}, bounds, now, loop,
                 *this)) {}

  static log_bounds with_state() {
    auto bounds = wide_bounds();
    bounds.state_keys = 1'000;
    bounds.state_bytes = 1'000'000;
    return bounds;
  }

  void log_opened(store_result<void> how) override { opened = how.has_value(); }
  void log_appended(appended) override { ++appends; }
  void log_turned(const log_turn&) override {
    // The whole comes next.
    ++turns;
    newest_ = 0;
  }

  void state_heard(std::vector<stored_key> what, bool whole) override {
    if (whole) {
      keys.clear();
      newest_ = 0;
      ++wholes;
    }
    newest_is_of_whole_ = whole;
    for (auto& each : what) {
      REQUIRE(each.number > newest_);
      newest_ = each.number;
      ++changes;
      if (each.now.empty())
        keys.erase(each.name);
      else
        keys[each.name] = std::move(each);
    }
  }

  void state_answered(key_answer what) override {
    REQUIRE(answers.size() < asked);
    // What it tells of has been heard. (A whole does not tell its number.)
    if (what.is == key_answer::verdict::accepted && !newest_is_of_whole_)
      REQUIRE(what.number <= newest_);
    answers.push_back(what);
  }

  /// The place of its answer. No value: deletes it.
  std::size_t set(const std::string& name, const std::string& value,
                  std::optional<std::uint64_t> expected = {},
                  std::int64_t until = 0) {
    return set({name, {protocol::encoding::json, value}, "ann", until},
               expected);
  }

  std::size_t set(const stored_key& what,
                  std::optional<std::uint64_t> expected = {}) {
    auto place = asked++;
    if (auto at_once = is->set({what, now, expected}))
      answers.push_back(*at_once);
    return place;
  }

  /// "x=1 y=2", as it was told.
  [[nodiscard]] std::string shown() const {
    std::string out;
    for (const auto& [name, key] : keys)
      out += (out.empty() ? "" : " ") + name + '=' + key.now.bytes;
    return out;
  }

  [[nodiscard]] std::uint64_t number(const std::string& name) const {
    auto found = keys.find(name);
    return found == keys.end() ? 0 : found->second.number;
  }

  [[nodiscard]] bool all_answered() const { return answers.size() == asked; }

  std::int64_t now = 1'700'000'000'000;
  std::optional<bool> opened;
  std::map<std::string, stored_key> keys;
  std::vector<key_answer> answers; ///< In the order of the calls.
  std::size_t asked = 0;
  std::uint64_t changes = 0;
  int wholes = 0;
  int turns = 0;
  int appends = 0;

private:
  std::uint64_t newest_ = 0;
  bool newest_is_of_whole_ = false;

public:
  std::unique_ptr<room_store> is; ///< Goes first.
};

} // namespace greenroom::test
