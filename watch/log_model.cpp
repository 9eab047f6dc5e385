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
  if (!which_.takes(*found)) {
    pass_over(*found);
    return;
  }
  seen_.last = std::max(seen_.last, found->at);
  auto& its = life_of(*found);
  auto before = its.actors().size();
  its.heard = seen_.lines;
  its.read(*found);
  its.remember(line);
  actors_ = actors_ - before + its.actors().size();
  if (actors_ > actors_max_)
    forget_an_actor();
}

life& log_model::life_of(const event_line& line) {
  auto found = seen_.nodes.find(line.node);
  if (found == seen_.nodes.end()) {
    if (seen_.nodes.size() >= log_picture::nodes_max)
      forget_a_node();
    std::string name{line.node};
    found = seen_.nodes.emplace(name, life{name}).first;
  } else if (found->second.is_over_before(line)) {
    actors_ -= found->second.actors().size();
    found->second = life{found->first};
  }
  return found->second;
}

/// Lines are made by many threads, so that one may be a bit older than the one
/// before it: behind a line that is too late there may be one that is not.
void log_model::pass_over(const event_line& line) {
  auto found = seen_.nodes.find(line.node);
  if (found != seen_.nodes.end())
    found->second.pass_over(line);
}

void log_model::forget_a_node() {
  auto longest_ago = std::ranges::min_element(
      seen_.nodes, {}, [](const auto& each) { return each.second.heard; });
  actors_ -= longest_ago->second.actors().size();
  seen_.nodes.erase(longest_ago);
  ++seen_.forgotten;
}

void log_model::forget_an_actor() {
  auto largest =
      std::ranges::max_element(seen_.nodes, {}, [](const auto& each) {
        return each.second.actors().size();
      });
  largest->second.make_place();
  --actors_;
}

} // namespace greenroom::watch
