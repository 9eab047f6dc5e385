#include "core/log.hpp"

#include <atomic>

#ifndef NDEBUG
#include <cstdio>
#include <cstdlib>

#include "core/event_fields.hpp"
#endif

namespace greenroom::log {

namespace {

std::atomic<sink*> installed{nullptr};
std::atomic<level> threshold{level::info};

#ifndef NDEBUG
/// A line that is not what is declared breaks a contract: no test that tells
/// one may pass.
void insist_on_declared(const event& what,
                        std::initializer_list<field> fields) noexcept {
  auto wrong = misfit(what, fields);
  if (wrong.empty())
    return;
  std::fprintf(stderr, "greenroom: event %.*s: %s\n",
               static_cast<int>(what.name.size()), what.name.data(),
               wrong.c_str());
  std::abort();
}
#endif

} // namespace

std::string_view to_string(level what) {
  switch (what) {
  case level::debug:
    return "debug";
  case level::info:
    return "info";
  case level::warn:
    return "warn";
  case level::error:
    return "error";
  }
  return "";
}

std::string_view to_string(sampling what) {
  switch (what) {
  case sampling::usual:
    return "usual";
  case sampling::limited:
    return "limited";
  case sampling::always:
    return "always";
  case sampling::life:
    return "life";
  }
  return "";
}

void install(sink* to, level least) {
  threshold.store(least, std::memory_order_relaxed);
  installed.store(to, std::memory_order_release);
}

bool wants(level importance) noexcept {
  return importance >= threshold.load(std::memory_order_relaxed)
         && installed.load(std::memory_order_acquire) != nullptr;
}

void emit(const event& what, std::initializer_list<field> fields) noexcept {
#ifndef NDEBUG
  insist_on_declared(what, fields);
#endif
  if (!wants(what.importance))
    return;
  if (auto* to = installed.load(std::memory_order_acquire))
    to->write(what, fields);
}

} // namespace greenroom::log
