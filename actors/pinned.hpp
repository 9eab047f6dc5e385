#pragma once

#include <cassert>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>

#include "actors/caf_bridge.hpp"
#include "actors/loop.hpp"
#include "actors/neighbour.hpp"
#include "actors/shell.hpp"

namespace greenroom::actors {

/// An actor that always runs on one loop, whoever sends to it, so it may touch
/// that loop's sockets without a lock. `State` is a class with
/// `State(self, loop, args...)`, `make_behavior()`, `handle` and `name`.
///
/// The state is destroyed as soon as the actor has quit, on its loop. See
/// `shell` for what happens when it throws. Optional members of a state are
///
///   label()            which of its kind it is, for the log
///   crew()             looks after those under it, and has its id
///   describe(entry)    says what else there is to be seen of it
///   recover()          rebuilds what may be in disorder from what is sure;
///                      without it, the actor ends
///   refuse(what, why)  answers a message that crashed it twice; with it, one
///                      that did once is handled again, so its handlers leave
///                      their messages whole
///   failed(why)        it crashed, and is about to end
///   is_one_of_many     there are so many that not each one's life is told
///   mailbox_is_gauged  how much waits for it is of interest to others
template <class State>
class pinned_actor : public State::handle::base, public shell {
  using super = typename State::handle::base;

public:
  using behavior_type = typename State::handle::behavior_type;

  template <class... Args>
  pinned_actor(caf::actor_config& config, loop& home,
               std::shared_ptr<supervisor> by, Args&&... args)
    : super(config), shell(home, std::move(by)) {
    // Built on its loop's thread, by the first turn that runs it.
    build_ = [this, ... args = std::forward<Args>(args)]() mutable {
      state_.emplace(this, home_loop(), std::move(args)...);
    };
    // What handlers throw does not come here: only that it could not be built.
    this->set_exception_handler(
        [this](std::exception_ptr& thrown) { return fail(text_of(thrown)); });
  }

  // -- as CAF's actor

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    if constexpr (is_gauged)
      box_.arrives();
    super::enqueue(std::move(what), &home_loop());
  }

  void launch(caf::execution_unit*, bool lazy, bool hide) override {
    super::launch(&home_loop(), lazy, hide);
  }

  const char* name() const override { return State::name; }

  void on_exit() override {
    // Before its state, which knows its name.
    tell_end(this->fail_state() == caf::exit_reason::user_shutdown
                     || !this->fail_state()
                 ? "normal"
                 : this->system().render(this->fail_state()));
    state_.reset();
  }

  caf::resumable::resume_result resume(caf::execution_unit* unit,
                                       std::size_t most) override {
    // Held, it keeps the reference that comes with each schedule: the loop does
    // not release it after this.
    return may_run() ? super::resume(unit, most)
                     : caf::resumable::shutdown_execution_unit;
  }

  caf::invoke_message_result consume(caf::mailbox_element& what) override {
    if constexpr (is_gauged) {
      box_.handled();
      tell_depth(box_);
    }
    return consume_safely(own_id(), what);
  }

  [[nodiscard]] const mailbox_gauge* gauge() const override {
    if constexpr (is_gauged)
      return &box_;
    else
      return nullptr;
  }

  // -- as a child of its supervisor

  [[nodiscard]] std::uint64_t id() const override {
    return caf::abstract_actor::id();
  }

  [[nodiscard]] std::string_view kind() const override { return State::name; }

  [[nodiscard]] std::string_view label() const override {
    if constexpr (requires(const State& s) { s.label(); })
      if (state_)
        return state_->label();
    return {};
  }

  [[nodiscard]] bool is_one_of_many() const override {
    return requires {
      State::is_one_of_many;
    };
  }

  void describe(tree_entry& to) const override {
    if constexpr (requires(const State& s) { s.describe(to); })
      if (state_)
        state_->describe(to);
  }

  [[nodiscard]] const supervisor* crew() const override {
    if constexpr (requires(const State& s) { s.crew(); })
      if (state_)
        return &state_->crew();
    return nullptr;
  }

protected:
  behavior_type make_behavior() override {
    auto build = std::exchange(build_, nullptr);
    build();
    tell_birth();
    log::speaking as{*this};
    return state_->make_behavior();
  }

  /// As CAF runs a handler of the state, but without mail. CAF marks a mailbox
  /// as blocked when the actor waits and has none.
  template <class Message>
  bool run_at_once(Message& what) {
    assert(home_loop().is_own_thread());
    if (!is_idle() || !state_ || !this->mailbox().blocked())
      return false;
    bool taken = true;
    work_safely(
        own_id(), &typeid(Message), [&] { taken = state_->take_at_once(what); },
        [&]() -> caf::message {
          if constexpr (refuses)
            return caf::make_message(what);
          else
            return {};
        });
    if (this->getf(caf::abstract_actor::is_shutting_down_flag))
      end_if_quit(); // As CAF does after a message.
    return taken;
  }

private:
  /// CAF's `id()`, without the call.
  [[nodiscard]] std::uint64_t own_id() const {
    return caf::actor_control_block::from(this)->aid;
  }

  static constexpr bool is_gauged = requires { State::mailbox_is_gauged; };
  struct no_gauge {};

  static constexpr bool recovers = requires(State & s) { s.recover(); };
  static constexpr bool refuses =
      requires(State & s, const caf::message& what, std::string_view why) {
    s.refuse(what, why);
  };

  bool recover() override {
    if constexpr (recovers)
      if (state_) // Else it was never used.
        state_->recover();
    return recovers;
  }

  [[nodiscard]] bool can_refuse() const override { return refuses; }

  void refuse(const caf::message& what, std::string_view why) override {
    if constexpr (refuses)
      state_->refuse(what, why);
  }

  caf::invoke_message_result handle(caf::mailbox_element& what) override {
    return super::consume(what);
  }

  [[nodiscard]] bool is_alive() const override {
    return (state_ || build_)
           && !this->getf(caf::abstract_actor::is_shutting_down_flag);
  }

  void quit_after(const std::string& crash) override {
    this->quit(fail(crash));
  }

  void quit_by_mail() override {
    caf::anon_send_exit(this->address(), caf::exit_reason::user_shutdown);
  }

  void end_if_quit() override {
    if (!is_at_work() && this->getf(caf::abstract_actor::is_shutting_down_flag))
      this->finalize();
  }

  void run_soon() override {
    home_loop().exec_later(this); // With the reference that it kept.
  }

  caf::error fail(const std::string& why) {
    if constexpr (requires(State & s) { s.failed(std::string_view{}); })
      if (state_)
        state_->failed(why);
    return caf::sec::runtime_error;
  }

  std::function<void()> build_;
  std::optional<State> state_;
  [[no_unique_address]] std::conditional_t<is_gauged, mailbox_gauge, no_gauge>
      box_;
};

template <class State>
class pinned final : public pinned_actor<State> {
public:
  using pinned_actor<State>::pinned_actor;
};

/// With `using at_once = Message` and `bool take_at_once(Message&)` the state
/// has a way past the mailbox; false declines, and leaves the message whole.
template <class State>
requires requires {
  typename State::at_once;
}
class pinned<State> final : public pinned_actor<State>,
                            public takes_at_once<typename State::at_once> {
public:
  using pinned_actor<State>::pinned_actor;

  bool take_at_once(typename State::at_once& what) override {
    return this->run_at_once(what);
  }

  [[nodiscard]] const loop& home() const override { return this->home_loop(); }
};

/// Spawns a pinned actor under a supervisor, which is on the same loop; null:
/// it ends when it crashes. Any thread; the state is built on the loop's own.
/// CAF 1.x: `spawn(caf::actor_from_state<State>, args...)` on that unit.
template <class State, class... Args>
typename State::handle
spawn_supervised(loop& home, std::shared_ptr<supervisor> by, Args&&... args) {
  auto& system = home.system();
  caf::actor_config config{&home};
  auto spawned = caf::make_actor<pinned<State>, typename State::handle>(
      system.next_actor_id(), system.node(), &system, config, home,
      std::move(by), std::forward<Args>(args)...);
  auto* raw = caf::actor_cast<caf::abstract_actor*>(spawned);
  static_cast<pinned<State>*>(raw)->launch(&home, false, false);
  return spawned;
}

/// The same without a supervisor.
template <class State, class... Args>
typename State::handle spawn_pinned(loop& home, Args&&... args) {
  return spawn_supervised<State>(home, nullptr, std::forward<Args>(args)...);
}

/// A pinned actor as its supervisor knows it.
template <class State>
supervised& supervised_of(const typename State::handle& who) {
  auto* raw = caf::actor_cast<caf::abstract_actor*>(who);
  return *static_cast<pinned<State>*>(raw);
}

/// How much waits for it; null: nobody asks. Lives as long as `who`.
template <class State>
const mailbox_gauge* gauge_of(const typename State::handle& who) {
  auto* raw = caf::actor_cast<caf::abstract_actor*>(who);
  return static_cast<pinned<State>*>(raw)->gauge();
}

/// A pinned actor for those who may tell it something at once.
template <class State>
neighbour<typename State::handle, typename State::at_once>
neighbour_of(typename State::handle who) {
  auto* raw = caf::actor_cast<caf::abstract_actor*>(who);
  auto* near = static_cast<pinned<State>*>(raw);
  return {std::move(who), near, near->gauge()};
}

} // namespace greenroom::actors
