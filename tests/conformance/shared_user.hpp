#pragma once

// A room of one node on a log that it shares, which remembers what it was told
// and checks that it was told in order.

#include <optional>
#include <string>
#include <vector>

#include "tests/conformance/store_world.hpp"

namespace greenroom::test {

class shared_user final : public room_store::listener {
public:
  shared_user(store& in, hand_loop& loop, std::string id = "lounge",
              log_bounds bounds = wide_bounds())
    : is(in.open({room_space::protocol, std::move(id)}, bounds, now, loop,
                 *this)) {}

  void log_opened(store_result<void> how) override {
    REQUIRE_FALSE(opened.has_value());
    opened = how.has_value();
    top_ = is->state().top;
  }

  void log_appended(appended what) override {
    REQUIRE(answers.size() < waiting_.size());
    answers.push_back(what);
  }

  void log_heard(room_store::entries what) override {
    REQUIRE_FALSE(what.empty());
    REQUIRE(is->state().top == what.back().offset);
    for (const auto& each : what) {
      REQUIRE(each.offset == ++top_);
      auto text = text_of(each);
      // Of an own one the answer comes first.
      for (auto i = answers.size(); i < waiting_.size(); ++i)
        REQUIRE(waiting_[i] != text);
      REQUIRE_FALSE(each.session.empty());
      tell(std::to_string(each.offset) + '=' + text);
      ++messages;
    }
  }

  void log_skipped(std::uint64_t first, std::uint64_t last) override {
    REQUIRE(first == top_ + 1);
    REQUIRE(last >= first);
    top_ = last;
    tell("skipped " + std::to_string(first) + '-' + std::to_string(last));
  }

  void log_turned(const log_turn& to) override {
    REQUIRE(to.from <= (to.known ? top_ : to.from));
    REQUIRE(is->state().epoch == to.epoch);
    top_ = to.from;
    ++turns;
    turned = to;
    tell("turned");
  }

  void log_linked(bool up) override {
    REQUIRE(linked != up);
    linked = up;
    ++(up ? ups : downs);
  }

  /// The place of its answer.
  std::size_t append(const std::string& text, protocol::request_id id = {},
                     std::string session = "s-ann") {
    waiting_.push_back(text);
    // What is refused at once is answered, too.
    if (auto at_once = is->append({text_event(text), session, id, now}))
      refused.push_back(*at_once), waiting_.pop_back();
    return waiting_.size() - 1;
  }

  [[nodiscard]] bool all_answered() const {
    return answers.size() == waiting_.size();
  }

  std::int64_t now = 1'700'000'000'000;
  std::optional<bool> opened;
  std::vector<appended> answers; ///< In the order of the calls.
  std::vector<appended> refused; ///< At once.
  std::string told;              ///< "1=a 2=b turned 1=c"
  std::uint64_t messages = 0;
  int turns = 0;
  log_turn turned;
  bool linked = true;
  int ups = 0;
  int downs = 0;

private:
  void tell(const std::string& what) {
    told += (told.empty() ? "" : " ") + what;
  }

  std::uint64_t top_ = 0;
  std::vector<std::string> waiting_; ///< All texts that were appended.

public:
  std::unique_ptr<room_store> is; ///< Goes first.
};

} // namespace greenroom::test
