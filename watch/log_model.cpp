#include "watch/log_model.hpp"

#include <algorithm>

namespace greenroom::watch {

bool line_choice::takes(const event_line& line) const {
  return (!until || line.at <= *until) && (!seq || line.seq <= *seq)
         && (node.empty() || line.node == node);
}

void log_model::read(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r'))
    line.remove_suffix(1);
  if (line.find_first_not_of(' ') == line.npos)
    return;
  ++seen_.lines;
  const auto* found = reader_.read(line);
  if (found == nullptr) {
    ++seen_.malformed;
    return;
  }
  if (!which_.takes(*found))
    return;
  auto* its = life_of(*found);
  if (its == nullptr) {
    ++seen_.strange;
    return;
  }
  seen_.last = std::max(seen_.last, found->at);
  its->read(*found);
  its->remember(line);
}

life* log_model::life_of(const event_line& line) {
  auto found = seen_.nodes.find(line.node);
  if (found == seen_.nodes.end()) {
    if (seen_.nodes.size() >= log_picture::nodes_max)
      return nullptr;
    std::string name{line.node};
    found = seen_.nodes.emplace(name, life{name}).first;
  } else if (found->second.is_over_before(line)) {
    found->second = life{found->first};
  }
  return &found->second;
}

} // namespace greenroom::watch
