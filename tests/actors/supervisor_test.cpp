// Supervision after OTP: who is started anew when, and who decides otherwise.

#include <map>

#include "actors/supervisor.hpp"
#include "core/events.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/logged.hpp"

using namespace greenroom;
using namespace greenroom::test;
using namespace std::chrono_literals;
using actors::restart_when;
using actors::restart_whom;

namespace {

struct scene {
  std::string happened; ///< "a- b- a+ b+": held and rebuilt, in that order.
  timer_queue timers;
  steady_time now = steady_time{} + 1h;

  void advance(std::chrono::milliseconds by) {
    now += by;
    timers.run_due(now);
  }

  actors::supervisor::place place() {
    return {timers, [this] {
              return now;
            }};
  }

  std::string take() { return std::exchange(happened, {}); }
};

class fake_child final : public actors::supervised {
public:
  fake_child(scene& in, char name, std::uint64_t id)
    : in_(in), name_(name), id_(id) {}

  [[nodiscard]] std::uint64_t id() const override { return id_; }
  [[nodiscard]] std::string_view kind() const override { return "fake"; }
  [[nodiscard]] std::string_view label() const override { return {&name_, 1}; }
  [[nodiscard]] std::uint64_t parent() const override { return 9; }

  void hold() override { say('-'); }
  [[nodiscard]] bool is_held() const override { return false; }

  bool begin_anew() override {
    say('+');
    return fails == 0 || fails-- == 0;
  }

  void go_on() override {}

  void end(bool at_once) override {
    say(at_once ? '!' : '.');
    if (!is_stubborn && by != nullptr)
      by->ended(*this, false);
  }

  int fails = 0; ///< So many times it cannot be rebuilt.
  bool is_stubborn = false;
  actors::supervisor* by = nullptr;

private:
  void say(char what) { in_.happened += {name_, what, ' '}; }

  scene& in_;
  char name_;
  std::uint64_t id_;
};

/// Three children of one supervisor.
struct family : scene {
  explicit family(actors::supervision rules)
    : by("family", 9, 0, place(), rules,
         [this](const std::string& why) { given_up = why; }) {
    for (auto* each : {&a, &b, &c}) {
      each->by = &by;
      by.add(*each, restart_when::always, 100ms);
    }
  }

  fake_child a{*this, 'a', 1};
  fake_child b{*this, 'b', 2};
  fake_child c{*this, 'c', 3};
  std::string given_up;
  actors::supervisor by;
};

actors::supervision of(restart_whom whom) {
  actors::supervision rules;
  rules.whom = whom;
  return rules;
}

} // namespace

TEST_CASE("a crash concerns one child, those behind it, or all") {
  auto [whom, expected] = GENERATE(table<restart_whom, std::string>({
      {restart_whom::one, "b- b+ "},
      {restart_whom::rest, "c- b- b+ c+ "},
      {restart_whom::all, "c- b- a- a+ b+ c+ "},
  }));
  family its{of(whom)};
  its.by.crashed(its.b, "boom");
  CHECK(its.happened == expected);
  CHECK(its.by.restarts_of(its.b) == 1);
  CHECK(its.by.restarts_of(its.a) == 0);
  CHECK(its.given_up.empty());
}

TEST_CASE("the first crash in a while is mended at once, the next after a "
          "pause") {
  family its{of(restart_whom::one)};
  its.by.crashed(its.a, "boom");
  CHECK(its.take() == "a- a+ ");
  its.by.crashed(its.a, "boom");
  CHECK(its.take() == "a- ");
  its.advance(10ms); // The longest of the first pause.
  CHECK(its.take() == "a+ ");
  its.advance(10s); // Forgotten.
  its.by.crashed(its.a, "boom");
  CHECK(its.take() == "a- a+ ");
}

TEST_CASE("pauses grow, up to a bound") {
  auto rules = of(restart_whom::one);
  rules.intensity = {1'000, 1h};
  rules.pause_least = 10ms;
  rules.pause_most = 80ms;
  family its{rules};
  its.by.crashed(its.a, "boom");
  for (auto most : {10ms, 20ms, 40ms, 80ms, 80ms, 80ms}) {
    its.take();
    its.by.crashed(its.a, "boom");
    its.advance(most);
    CHECK(its.take() == "a- a+ ");
  }
}

TEST_CASE("too many crashes of a family are its supervisor's own") {
  auto rules = of(restart_whom::one);
  rules.intensity = {3, 10s};
  family its{rules};
  logged escalated{events::actor_escalated};
  for (auto* each : {&its.a, &its.b, &its.c}) {
    its.by.crashed(*each, "boom");
    its.advance(1s);
  }
  CHECK(its.given_up.empty());
  its.take();
  its.by.crashed(its.b, "boom");
  CHECK(its.given_up == "family: fake: boom");
  CHECK(its.take() == "c- b- a- ");
  CHECK(escalated.lines == 1);
  // Whoever is above may begin anew with it.
  CHECK(its.by.rebuild());
  CHECK(its.take() == "a+ b+ c+ ");
  its.by.crashed(its.b, "boom");
  CHECK(its.take() == "b- b+ ");
}

TEST_CASE("in a crowd, one that goes on crashing ends alone") {
  auto rules = of(restart_whom::one);
  rules.intensity = {2, 10s};
  rules.counts_each = true;
  scene in;
  std::string given_up;
  actors::supervisor by{
      "crowd", 9, 0, in.place(), rules, [&](const std::string& why) {
        given_up = why;
      }};
  by.take_in_crowd(restart_when::crashed);
  fake_child a{in, 'a', 1};
  fake_child b{in, 'b', 2};
  a.by = b.by = &by;
  for (int i = 0; i < 2; ++i) {
    by.crashed(a, "boom");
    by.crashed(b, "boom");
    in.advance(1s);
  }
  CHECK(in.take() == "a- a+ b- b+ a- b- a+ b+ ");
  by.crashed(a, "boom");
  CHECK(in.take() == "a! ");
  CHECK(given_up.empty());
  CHECK(by.restarts_of(a) == 0); // It is gone.
  CHECK(by.restarts_of(b) == 2);
  CHECK(by.restarts() == 4);
}

TEST_CASE("who is not to be started anew ends") {
  scene in;
  actors::supervisor by{"crowd", 9, 0, in.place(), {}, nullptr};
  by.take_in_crowd(restart_when::never);
  fake_child a{in, 'a', 1};
  by.crashed(a, "boom");
  CHECK(in.happened == "a! ");
}

TEST_CASE("a child that cannot be rebuilt has crashed again") {
  auto rules = of(restart_whom::one);
  rules.intensity = {3, 10s};
  family its{rules};
  its.a.fails = 1;
  its.by.crashed(its.a, "boom");
  CHECK(its.take() == "a- a+ a- ");
  its.advance(1s);
  CHECK(its.take() == "a+ ");
  its.a.fails = 99;
  its.by.crashed(its.a, "boom");
  its.advance(1s);
  CHECK(its.given_up
        == "family: fake: its state could not be rebuilt, after: boom");
}

TEST_CASE("a child that is gone for good is its supervisor's crash, unless it "
          "may go") {
  family its{of(restart_whom::one)};
  fake_child once{its, 'd', 4};
  its.by.add(once, restart_when::crashed, 100ms);
  its.by.ended(once, false);
  CHECK(its.given_up.empty());
  its.by.ended(its.b, false);
  CHECK(its.given_up == "family: fake is gone");
}

TEST_CASE("what was told of restarts is what is counted") {
  auto rules = of(restart_whom::one);
  rules.intensity = {2, 10s};
  family its{rules};
  logged restarted{events::actor_restarted};
  its.by.crashed(its.a, "boom");
  its.by.crashed(its.a, "boom"); // It is to wait for its second.
  CHECK(restarted.number("restarts") == 1);
  CHECK(its.by.restarts_of(its.a) == 1);
  its.by.crashed(its.b, "boom"); // Which is for the one above to decide.
  CHECK(its.by.is_held());
  CHECK(its.by.rebuild());
  CHECK_FALSE(its.by.is_held());
  its.advance(1s);
  CHECK(restarted.lines == 1);
  CHECK(its.by.restarts_of(its.a) == 1);
}

TEST_CASE("a supervisor is told of as its children are") {
  family its{of(restart_whom::one)};
  logged born{events::actor_spawned};
  logged gone{events::actor_exited};
  its.by.tell_birth();
  CHECK(born.who->actor == 9);
  CHECK(born.who->kind == "supervisor");
  CHECK(born.who->name == "family");
  its.advance(2s);
  its.by.tell_end();
  CHECK(gone.who->actor == 9);
  CHECK(gone.number("lived_ms") == 2'000);
}

TEST_CASE("those that wait for one that ended go on") {
  auto rules = of(restart_whom::all);
  family its{rules};
  fake_child once{its, 'd', 4};
  its.by.add(once, restart_when::crashed, 100ms);
  its.by.crashed(once, "boom");
  its.by.crashed(once, "boom");
  its.take();
  its.by.ended(once, false);
  CHECK(its.take() == "a+ b+ c+ ");
  its.advance(1s);
  CHECK(its.take().empty());
}

TEST_CASE("children end in reverse order, each in its time") {
  family its{of(restart_whom::one)};
  its.b.is_stubborn = true;
  bool done = false;
  its.by.stop([&] { done = true; });
  CHECK(its.take() == "c. b. ");
  its.advance(99ms);
  CHECK(its.take().empty());
  its.advance(1ms);
  CHECK(its.take() == "b! a. ");
  CHECK(done);
  CHECK(its.given_up.empty());
}

TEST_CASE("who crashes while all end is not started anew") {
  family its{of(restart_whom::one)};
  its.c.is_stubborn = true;
  its.by.stop(nullptr);
  its.take();
  its.by.crashed(its.a, "boom");
  CHECK(its.take() == "a! ");
}

TEST_CASE("a supervisor is a child like any other") {
  auto few = of(restart_whom::one);
  few.intensity = {1, 10s};
  scene in;
  std::string given_up;
  actors::supervisor top{"top",
                         1,
                         0,
                         in.place(),
                         of(restart_whom::one),
                         [&](const std::string& why) {
                           given_up = why;
                         }};
  std::unique_ptr<actors::supervisor> below;
  below = std::make_unique<actors::supervisor>(
      "below", 2, 1, in.place(), few,
      [&](const std::string& why) { top.crashed(*below, why); });
  fake_child a{in, 'a', 3};
  fake_child b{in, 'b', 4};
  below->add(a, restart_when::always, 100ms);
  below->add(b, restart_when::always, 100ms);
  top.add(*below, restart_when::always, 1s);
  below->crashed(a, "boom");
  CHECK(in.take() == "a- a+ ");
  below->crashed(a, "boom");
  // Below gives up; above, all of it begins anew.
  CHECK(in.take() == "b- a- b- a- a+ b+ ");
  CHECK(top.restarts_of(*below) == 1);
  CHECK(given_up.empty());
}
