#include "core/rights.hpp"

namespace greenroom {

namespace {

bool matches(std::string_view pattern, std::string_view room_id) {
  if (pattern.ends_with('*'))
    return room_id.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == room_id;
}

/// Of two patterns that match, the one that fixes more of the name counts.
std::size_t specificity(std::string_view pattern) {
  return pattern.ends_with('*') ? 2 * (pattern.size() - 1)
                                : 2 * pattern.size() + 1;
}

} // namespace

rights rights::from(std::string_view letters) {
  auto has = [&](char letter) {
    return letters.find(letter) != std::string_view::npos;
  };
  return {has('r'), has('w'), has('s'), has('p'), has('a')};
}

rights room_rights::in(std::string_view room_id) const {
  const std::pair<std::string, rights>* best = nullptr;
  for (const auto& candidate : patterns_) {
    if (!matches(candidate.first, room_id))
      continue;
    if (best == nullptr
        || specificity(candidate.first) > specificity(best->first))
      best = &candidate;
  }
  return best == nullptr ? rights{} : best->second;
}

} // namespace greenroom
