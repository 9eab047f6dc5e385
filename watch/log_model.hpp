#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "watch/event_line.hpp"
#include "watch/life.hpp"

namespace greenroom::watch {

/// What a log has told so far.
struct log_picture {
  static constexpr std::size_t nodes_max = 64;

  /// Of all nodes together: where there are more, the node that has the most
  /// forgets one.
  static constexpr std::size_t actors_max = 200'000;

  /// The present run of each node, by its id. A node that crashes again and
  /// again is another one each time, unless it is given an id: where there are
  /// too many, the one that was last heard of longest ago makes place.
  std::map<std::string, life, std::less<>> nodes;
  utc_ms last = 0; ///< The latest `ts`.
  std::uint64_t lines = 0;
  std::uint64_t malformed = 0; ///< Those of `lines` that are no events.
  std::uint64_t forgotten = 0; ///< Nodes that made place.
};

/// Which lines count. All do where nothing is said.
struct line_choice {
  std::optional<utc_ms> until;      ///< Told by then.
  std::optional<std::uint64_t> seq; ///< Of each run: up to this number.
  std::string node;                 ///< Only this one's; empty: all.

  [[nodiscard]] bool takes(const event_line& line) const;
};

/// The nodes of a log, rebuilt from its lines alone. What is no event is
/// counted and passed over. A node that starts again begins anew.
class log_model {
public:
  explicit log_model(line_choice which = {},
                     std::size_t actors_max = log_picture::actors_max)
    : which_(std::move(which)), actors_max_(actors_max) {}

  /// One line, with or without its end.
  void read(std::string_view line);

  /// A line that was too long to be kept.
  void skip() {
    ++seen_.lines;
    ++seen_.malformed;
  }

  [[nodiscard]] const log_picture& seen() const { return seen_; }

private:
  life& life_of(const event_line& line);
  void pass_over(const event_line& line);
  void forget_a_node();
  void forget_an_actor();

  line_choice which_;
  std::size_t actors_max_;
  event_reader reader_;
  log_picture seen_;
  std::size_t actors_ = 0; ///< Of all nodes.
};

} // namespace greenroom::watch
