#pragma once

// A store whose messages are in memory, and whose shared keys the test answers:
// as another node, or a disk that takes its time, would.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/memory_store.hpp"
#include "tests/support/catch.hpp"

namespace greenroom::test {

class keeping_store final : public store {
public:
  /// A change that waits for its answer.
  struct asked {
    stored_key what;
    std::optional<std::uint64_t> expected;
  };

  std::unique_ptr<room_store> open(const room_key& room,
                                   const log_bounds& bounds, std::int64_t now,
                                   loop_entrance& loop,
                                   room_store::listener& heard_by) override {
    return std::make_unique<kept_room>(
        *this, heard_by, messages_.open(room, bounds, now, loop, heard_by));
  }

  [[nodiscard]] store_statistics statistics() const override {
    return messages_.statistics();
  }

  /// Makes the oldest change and answers it. The number that it has got.
  std::uint64_t accept() {
    auto next = take();
    next.what.number = ++number;
    to->state_heard({next.what}, false);
    to->state_answered({key_answer::verdict::accepted, number});
    return number;
  }

  void refuse(key_answer::verdict how) {
    take();
    to->state_answered({how, number});
  }

  /// What another node has set, or deleted.
  std::uint64_t elsewhere(const std::string& name, const std::string& value,
                          std::int64_t until = 0) {
    to->state_heard({key(name, value, ++number, until)}, false);
    return number;
  }

  static stored_key key(const std::string& name, const std::string& value,
                        std::uint64_t number, std::int64_t until = 0) {
    return {name, {protocol::encoding::json, value}, "eve", until, number};
  }

  std::vector<asked> waiting;
  std::uint64_t number = 0;
  room_store::listener* to = nullptr; ///< The room that was opened last.
  bool is_full = false;               ///< Nothing may wait.

private:
  asked take() {
    REQUIRE_FALSE(waiting.empty());
    auto next = waiting.front();
    waiting.erase(waiting.begin());
    return next;
  }

  class kept_room final : public room_store {
  public:
    kept_room(keeping_store& in, listener& heard_by,
              std::unique_ptr<room_store> log)
      : in_(in), log_(std::move(log)) {
      in_.to = &heard_by;
    }

    [[nodiscard]] bool is_open() const override { return log_->is_open(); }
    [[nodiscard]] const log_state& state() const override {
      return log_->state();
    }
    std::optional<appended> append(const new_entry& what) override {
      return log_->append(what);
    }
    void read(std::uint64_t from, std::size_t limit, std::int64_t now,
              then<entries> answer) override {
      log_->read(from, limit, now, std::move(answer));
    }
    [[nodiscard]] bool keeps_state() const override { return true; }
    std::optional<key_answer> set(const new_key& what) override {
      if (in_.is_full)
        return key_answer{key_answer::verdict::unavailable};
      in_.waiting.push_back({what.what, what.expected});
      return std::nullopt;
    }
    void trim(std::int64_t now) override { log_->trim(now); }
    void forget(std::int64_t now, then<void> answer) override {
      log_->forget(now, std::move(answer));
    }

  private:
    keeping_store& in_;
    std::unique_ptr<room_store> log_;
  };

  memory_store messages_;
};

} // namespace greenroom::test
