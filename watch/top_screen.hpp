#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "watch/key_reader.hpp"
#include "watch/log_model.hpp"
#include "watch/panes.hpp"
#include "watch/screen_line.hpp"

namespace greenroom::watch {

struct screen_size {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// What is looked at, for the first line.
struct screen_subject {
  std::string file;
  std::string state;   ///< `live`, `reading 43 %`, `at its end`.
  std::string trouble; ///< Stands for it where there is one.
  utc_ms now = 0;
};

/// What `greenroom top` shows, and what keys do to that. Knows no terminal.
class top_screen {
public:
  /// Does what a key is for.
  void press(const key_press& what);

  [[nodiscard]] bool is_over() const { return is_over_; }

  /// What is shown is to stay as it is.
  [[nodiscard]] bool is_paused() const { return is_paused_; }

  /// As many lines as the screen has rows, none longer than it has columns.
  [[nodiscard]] std::vector<screen_line>
  draw(const log_picture& of, const screen_subject& about, screen_size size);

private:
  /// One pane's place in its rows.
  struct place {
    std::string chosen; ///< Its key; empty: the first.
    std::size_t at = 0;
    std::size_t first = 0; ///< On the screen.
    pane_choice how;
    std::size_t rows = 0;  ///< When it was drawn last,
    std::size_t shown = 1; ///< and so many of them.
    std::vector<std::string> keys;
  };

  place& here() { return places_[static_cast<std::size_t>(focus_)]; }

  // -- what keys do: top_screen_keys.cpp
  void press_in_filter(const key_press& what);
  void press_text(char typed);
  void move(std::ptrdiff_t by);
  void fold();
  void next_pane(std::size_t by);

  // -- what is shown
  std::vector<screen_line> draw_pane(pane which, const log_picture& of,
                                     utc_ms now, screen_size size);
  std::vector<screen_line> draw_body(const log_picture& of, utc_ms now,
                                     screen_size size);
  std::vector<screen_line> draw_wide(const log_picture& of, utc_ms now,
                                     screen_size size);
  [[nodiscard]] screen_line title_line(pane which);
  [[nodiscard]] screen_line foot_line();

  std::array<place, std::size(all_panes)> places_;
  pane focus_ = pane::tree;
  bool is_over_ = false;
  bool is_paused_ = false;
  bool is_filtering_ = false;
  bool shows_help_ = false;
};

/// All panes once, one under the other, as text.
[[nodiscard]] std::string top_text(const log_picture& of, utc_ms now);

} // namespace greenroom::watch
