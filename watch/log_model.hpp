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

  /// The present run of each node, by its id.
  std::map<std::string, life, std::less<>> nodes;
  utc_ms last = 0; ///< The latest `ts`.
  std::uint64_t lines = 0;
  std::uint64_t malformed = 0; ///< Those of `lines` that are no events.
  std::uint64_t strange = 0;   ///< Those of nodes beyond `nodes_max`.
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
  log_model() = default;
  explicit log_model(line_choice which) : which_(std::move(which)) {}

  /// One line, with or without its end.
  void read(std::string_view line);

  /// A line that was too long to be kept.
  void skip() {
    ++seen_.lines;
    ++seen_.malformed;
  }

  [[nodiscard]] const log_picture& seen() const { return seen_; }

private:
  life* life_of(const event_line& line);

  line_choice which_;
  event_reader reader_;
  log_picture seen_;
};

} // namespace greenroom::watch
