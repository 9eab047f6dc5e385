#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "watch/log_model.hpp"
#include "watch/screen_line.hpp"

namespace greenroom::watch {

enum class pane : std::uint8_t { tree, rooms, members, crashes, lines };

inline constexpr pane all_panes[] = {pane::tree, pane::rooms, pane::members,
                                     pane::crashes, pane::lines};

[[nodiscard]] std::string_view title_of(pane which);

/// What a viewer wants to see of a pane.
struct pane_choice {
  std::string filter;          ///< Only rows with this in them; empty: all.
  std::set<std::string> other; ///< Keys of rows that are folded where they
                               ///< would not be, or the other way round.
  bool opens_all = false;      ///< Crashes with what was done before.
};

/// The rows of a pane. They point into the picture.
struct pane_rows {
  /// Names each row from one picture to the next.
  std::vector<std::string> keys;
  std::function<screen_line(std::size_t row)> line;
};

[[nodiscard]] pane_rows rows_of(pane which, const log_picture& of,
                                const pane_choice& how, utc_ms now);

} // namespace greenroom::watch
