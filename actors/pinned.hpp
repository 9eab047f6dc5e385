#pragma once

#include <cassert>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/sec.hpp>

#include "actors/caf_bridge.hpp"
#include "actors/loop.hpp"
#include "actors/neighbour.hpp"

namespace greenroom::actors {

/// An actor that always runs on one loop, whoever sends to it, so it may touch
/// that loop's sockets without a lock. `State` is a class with
/// `State(self, loop, args...)`, `make_behavior()`, `handle` and `name`; an
/// optional `failed(std::string_view)` hears of an exception before the end.
/// The state is destroyed as soon as the actor has quit, on its loop.
template <class State>
class pinned_actor : public State::handle::base {
  using super = typename State::handle::base;

public:
  using behavior_type = typename State::handle::behavior_type;

  template <class... Args>
  pinned_actor(caf::actor_config& config, loop& home, Args&&... args)
    : super(config), home_(home) {
    // Built on its loop's thread, by the first turn that runs it.
    build_ = [this, ... args = std::forward<Args>(args)]() mutable {
      state_.emplace(this, home_, std::move(args)...);
    };
    this->set_exception_handler(
        [this](std::exception_ptr& thrown) { return fail(thrown); });
  }

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    super::enqueue(std::move(what), &home_);
  }

  void launch(caf::execution_unit*, bool lazy, bool hide) override {
    super::launch(&home_, lazy, hide);
  }

  const char* name() const override { return State::name; }

  void on_exit() override { state_.reset(); }

protected:
  behavior_type make_behavior() override {
    auto build = std::exchange(build_, nullptr);
    build();
    return state_->make_behavior();
  }

  [[nodiscard]] loop& home_loop() const { return home_; }

  /// As CAF runs a handler of the state, but without mail. CAF marks a mailbox
  /// as blocked when the actor waits and has none.
  template <class Message>
  bool run_at_once(Message& what) {
    assert(home_.is_own_thread());
    if (at_work_ || !state_ || !this->mailbox().blocked())
      return false;
    at_work_ = true;
    bool taken = true;
    try {
      taken = state_->take_at_once(what);
    } catch (...) {
      auto thrown = std::current_exception();
      this->quit(fail(thrown));
    }
    at_work_ = false;
    if (this->getf(caf::abstract_actor::is_shutting_down_flag))
      this->finalize(); // As CAF does after a message.
    return taken;
  }

private:
  caf::error fail(std::exception_ptr& thrown) {
    std::string what = "unknown exception";
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      what = e.what();
    } catch (...) {
    }
    if constexpr (requires(State & s) { s.failed(std::string_view{}); })
      if (state_)
        state_->failed(what);
    return caf::sec::runtime_error;
  }

  loop& home_;
  std::function<void()> build_;
  std::optional<State> state_;
  bool at_work_ = false; ///< On something that did not come by mail.
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

/// Spawns a pinned actor. Any thread; the state is built on the loop's own.
/// CAF 1.x: `spawn(caf::actor_from_state<State>, args...)` on that unit.
template <class State, class... Args>
typename State::handle spawn_pinned(loop& home, Args&&... args) {
  auto& system = home.system();
  caf::actor_config config{&home};
  auto spawned = caf::make_actor<pinned<State>, typename State::handle>(
      system.next_actor_id(), system.node(), &system, config, home,
      std::forward<Args>(args)...);
  auto* raw = caf::actor_cast<caf::abstract_actor*>(spawned);
  static_cast<pinned<State>*>(raw)->launch(&home, false, false);
  return spawned;
}

/// A pinned actor for those who may tell it something at once.
template <class State>
neighbour<typename State::handle, typename State::at_once>
neighbour_of(typename State::handle who) {
  auto* raw = caf::actor_cast<caf::abstract_actor*>(who);
  auto* near = static_cast<pinned<State>*>(raw);
  return {std::move(who), near};
}

} // namespace greenroom::actors
