#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace greenroom {

/// `std::exception::what`, or what is known of another one.
[[nodiscard]] std::string text_of(const std::exception_ptr& thrown);

/// Logs `part.crashed` of the exception that is being handled: only in a catch.
/// Gives its text.
std::string tell_crash(std::string_view part);

} // namespace greenroom
