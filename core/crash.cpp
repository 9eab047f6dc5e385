#include "core/crash.hpp"

#include "core/events.hpp"

namespace greenroom {

std::string text_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "unknown exception";
  }
}

std::string tell_crash(std::string_view part) {
  auto text = text_of(std::current_exception());
  log::emit(events::part_crashed, {{"part", part}, {"reason", text}});
  return text;
}

} // namespace greenroom
