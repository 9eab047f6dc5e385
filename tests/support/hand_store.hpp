#pragma once

// Logs in memory whose reads are answered when the test says so, and which may
// be shared with a node that the test plays.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "core/memory_store.hpp"

namespace greenroom::test {

class hand_store final : public store {
public:
  /// Reads wait until `answer`.
  bool holds_reads = false;

  /// Offsets of messages that cannot be read: reads go on behind them.
  std::set<std::uint64_t> unreadable;

  explicit hand_store(bool is_shared = false) : is_shared_(is_shared) {}

  [[nodiscard]] bool is_shared() const override { return is_shared_; }

  std::unique_ptr<room_store> open(const room_key& room,
                                   const log_bounds& bounds, std::int64_t now,
                                   loop_entrance& loop,
                                   room_store::listener& to) override {
    return std::make_unique<log>(*this, room.id, to,
                                 inner_.open(room, bounds, now, loop, to));
  }

  [[nodiscard]] store_statistics statistics() const override {
    return inner_.statistics();
  }

  [[nodiscard]] std::size_t reads_waiting() const { return reads_.size(); }

  /// Answers what waits, in order, without giving anybody a turn.
  void answer() {
    for (auto& each : std::exchange(reads_, {}))
      each();
  }

  /// Somebody appends a message to a shared log, of which nothing is heard yet.
  void append(const std::string& room, posted what,
              const std::string& session = "c-peer",
              const protocol::request_id& id = {}, std::int64_t now = 1) {
    auto shared = std::make_shared<const room_event>(std::move(what));
    (void)logs_.at(room)->append({shared, session, id, now, std::nullopt});
  }

  /// A shared log tells its room what was appended.
  void tell(const std::string& room) { logs_.at(room)->tell(); }

private:
  class log final : public room_store {
  public:
    log(hand_store& owner, std::string room, listener& to,
        std::unique_ptr<room_store> inner)
      : owner_(owner),
        room_(std::move(room)),
        to_(to),
        inner_(std::move(inner)),
        state_(inner_->state()) {
      owner_.logs_.insert_or_assign(room_, this);
    }

    ~log() override {
      if (owner_.logs_.at(room_) == this)
        owner_.logs_.erase(room_);
    }

    [[nodiscard]] bool is_open() const override { return true; }
    [[nodiscard]] const log_state& state() const override {
      return owner_.is_shared_ ? state_ : inner_->state();
    }

    std::optional<appended> append(const new_entry& what) override {
      return inner_->append(what);
    }

    void read(std::uint64_t from, std::size_t limit, std::int64_t now,
              then<entries> answer) override {
      if (!owner_.holds_reads)
        return read_inner(from, limit, now, answer);
      owner_.reads_.push_back([open = std::weak_ptr{is_open_}, this, from,
                               limit, now, answer = std::move(answer)] {
        if (!open.expired())
          read_inner(from, limit, now, answer);
      });
    }

    void trim(std::int64_t now) override { inner_->trim(now); }

    void forget(std::int64_t now, then<void> answer) override {
      inner_->forget(now, std::move(answer));
    }

    void tell() {
      inner_->read(state_.top + 1, read_entries_max, 0, [this](auto found) {
        if (found->empty())
          return;
        state_ = inner_->state();
        to_.log_heard(std::move(*found));
      });
    }

  private:
    void read_inner(std::uint64_t from, std::size_t limit, std::int64_t now,
                    const then<entries>& answer) {
      inner_->read(from, limit, now, [&](auto found) {
        std::erase_if(*found, [&](const log_entry& each) {
          return owner_.unreadable.contains(each.offset);
        });
        answer(std::move(found));
      });
    }

    hand_store& owner_;
    std::string room_;
    listener& to_;
    std::unique_ptr<room_store> inner_;
    log_state state_; ///< As it was heard.
    std::shared_ptr<bool> is_open_ = std::make_shared<bool>(true);
  };

  const bool is_shared_;
  memory_store inner_;
  std::map<std::string, log*> logs_;
  std::deque<std::function<void()>> reads_;
};

} // namespace greenroom::test
