#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "watch/log_model.hpp"

namespace greenroom::watch {

/// A line of the drawn tree: a node, or an actor of it.
struct tree_row {
  const life* its = nullptr;
  const actor* who = nullptr; ///< Null: the node itself.
  std::string branch;         ///< Drawn before it: `│   ├── `.
  std::size_t children = 0;
  bool is_folded = false; ///< They are not among the rows.
};

/// How the tree is to be drawn.
struct tree_choice {
  /// Whether what is under the actor (null: the node) is left out; null: never.
  std::function<bool(const life&, const actor*, std::size_t children)> folds;
  /// Only actors with this in their title, whatever its case, and those above
  /// them; empty: all.
  std::string_view filter;
};

/// The trees of all nodes. They point into the picture.
[[nodiscard]] std::vector<tree_row> tree_rows(const log_picture& of,
                                              const tree_choice& how);

/// Whether `text` has `part` in it, whatever the case of ASCII letters.
[[nodiscard]] bool has_part(std::string_view text, std::string_view part);

/// A line that says how many nodes made place for others; empty: none did.
[[nodiscard]] std::string forgotten_text(const log_picture& of);

/// All of it as lines of text for a terminal, each node with its summary.
[[nodiscard]] std::string tree_text(const log_picture& of);

} // namespace greenroom::watch
