#pragma once

#include <functional>
#include <utility>

#include "core/run_once.hpp"

namespace greenroom::actors {

/// A `run_once` made from a function, as a member of whoever wants to be
/// called.
class call_later final : public run_once {
public:
  explicit call_later(std::function<void()> what) : what_(std::move(what)) {}

  void run() override { what_(); }

private:
  std::function<void()> what_;
};

} // namespace greenroom::actors
