#include "core/log.hpp"

#include <atomic>

namespace greenroom::log {

namespace {

std::atomic<sink*> installed{nullptr};
std::atomic<level> threshold{level::info};

} // namespace

void install(sink* to, level least) {
  threshold.store(least, std::memory_order_relaxed);
  installed.store(to, std::memory_order_release);
}

bool wants(level importance) noexcept {
  return importance >= threshold.load(std::memory_order_relaxed)
         && installed.load(std::memory_order_acquire) != nullptr;
}

void emit(const event& what, std::initializer_list<field> fields) noexcept {
  if (!wants(what.importance))
    return;
  if (auto* to = installed.load(std::memory_order_acquire))
    to->write(what, fields);
}

} // namespace greenroom::log
