#pragma once

// The first of two walks over a JSON value: whether it is one, and what the
// second has to know.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/protocol/json_scan.hpp"
#include "core/protocol/tags.hpp"

namespace greenroom::protocol {

/// What the second walk has to know of a list or an object, in the order of
/// their opening brackets.
struct json_container {
  std::uint32_t entries = 0;
  tag means = tag::none; ///< Of an object that is not meant as one.
};

/// Of every list and object of the value, by opening bracket; nothing where the
/// bytes are not one JSON value, or nest deeper than `depth_max`. `from` was
/// started wrapped.
[[nodiscard]] std::optional<std::vector<json_container>>
survey_json(simdjson::ondemand::document& from);

/// Runs `each` on the only entry of the list that `from` was wrapped into.
/// False: it is not the only one, or `each` gave false.
template <class Each>
bool only_entry(simdjson::ondemand::document& from, Each each) {
  simdjson::ondemand::array wrapping;
  std::size_t entries = 0;
  if (from.get_array().get(wrapping) != simdjson::SUCCESS)
    return false;
  auto only = [&](simdjson::ondemand::value at) {
    return ++entries == 1 && each(at);
  };
  return each_entry(wrapping, only) && entries == 1 && at_end(from);
}

} // namespace greenroom::protocol
