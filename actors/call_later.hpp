#pragma once

#include <exception>
#include <functional>
#include <utility>

#include <caf/local_actor.hpp>

#include "actors/shell.hpp"
#include "core/run_once.hpp"

namespace greenroom::actors {

/// A `run_once` made from a function, as a member of an actor's state that
/// wants to be called. What it throws is its actor's crash.
class call_later final : public run_once {
public:
  call_later(caf::local_actor* self, std::function<void()> what)
    : self_(self), what_(std::move(what)) {}

  void run() override {
    try {
      what_();
    } catch (...) {
      // By then this may be gone with its state.
      shell_of(*self_).threw(std::current_exception(), "the end of a turn");
    }
  }

private:
  caf::local_actor* self_;
  std::function<void()> what_;
};

} // namespace greenroom::actors
