#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/sec.hpp>

#include "actors/caf_bridge.hpp"
#include "actors/loop.hpp"

namespace greenroom::actors {

/// An actor that always runs on one loop, whoever sends to it, so it may touch
/// that loop's sockets without a lock. `State` is a class with
/// `State(self, loop, args...)`, `make_behavior()`, `handle` and `name`; an
/// optional `failed(std::string_view)` hears of an exception before the end.
/// The state is destroyed as soon as the actor has quit, on its loop.
template <class State>
class pinned final : public State::handle::base {
  using super = typename State::handle::base;

public:
  using behavior_type = typename State::handle::behavior_type;

  template <class... Args>
  pinned(caf::actor_config& config, loop& home, Args&&... args)
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

} // namespace greenroom::actors
