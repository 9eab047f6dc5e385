// What keys do to what `greenroom top` shows.

#include <algorithm>
#include <iterator>
#include <utility>

#include "watch/top_screen.hpp"

namespace greenroom::watch {

namespace {

using key = key_press::key;

/// A filter is typed by hand.
constexpr std::size_t filter_bytes_max = 100;

} // namespace

void top_screen::press(const key_press& what) {
  if (is_filtering_)
    return press_in_filter(what);
  if (std::exchange(shows_help_, false))
    return;
  auto page =
      static_cast<std::ptrdiff_t>(std::max<std::size_t>(here().shown, 2) - 1);
  switch (what.what) {
  case key::text:
    return press_text(what.typed.size() == 1 ? what.typed[0] : '\0');
  case key::up:
    return move(-1);
  case key::down:
    return move(1);
  case key::page_up:
    return move(-page);
  case key::page_down:
    return move(page);
  case key::home:
    return move(-static_cast<std::ptrdiff_t>(here().rows));
  case key::end:
    return move(static_cast<std::ptrdiff_t>(here().rows));
  case key::enter:
    return fold();
  case key::tab:
    return next_pane(1);
  case key::back_tab:
    return next_pane(std::size(all_panes) - 1);
  case key::escape:
    return here().how.filter.clear();
  default:
    return;
  }
}

void top_screen::press_text(char typed) {
  auto rows = static_cast<std::ptrdiff_t>(here().rows);
  switch (typed) {
  case 'q':
    is_over_ = true;
    break;
  case 'k':
    return move(-1);
  case 'j':
    return move(1);
  case 'g':
    return move(-rows);
  case 'G':
    return move(rows);
  case ' ':
    return fold();
  case 'p':
    is_paused_ = !is_paused_;
    break;
  case '/':
    is_filtering_ = true;
    break;
  case '?':
    shows_help_ = true;
    break;
  default:
    if (typed >= '1' && typed <= '5')
      focus_ = all_panes[static_cast<std::size_t>(typed - '1')];
  }
}

void top_screen::press_in_filter(const key_press& what) {
  auto& filter = here().how.filter;
  switch (what.what) {
  case key::enter:
    is_filtering_ = false;
    break;
  case key::escape:
    filter.clear();
    is_filtering_ = false;
    break;
  case key::erase:
    while (!filter.empty() && (filter.back() & '\xc0') == '\x80')
      filter.pop_back();
    if (!filter.empty())
      filter.pop_back();
    break;
  case key::text:
    if (filter.size() + what.typed.size() <= filter_bytes_max)
      filter += what.typed;
    break;
  default:
    break;
  }
}

void top_screen::move(std::ptrdiff_t by) {
  auto& its = here();
  if (its.keys.empty())
    return;
  auto last = static_cast<std::ptrdiff_t>(its.keys.size()) - 1;
  auto at = std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(its.at) + by,
                                       0, last);
  its.at = static_cast<std::size_t>(at);
  its.chosen = its.keys[its.at];
}

void top_screen::fold() {
  auto& its = here();
  if (its.keys.empty())
    return;
  const auto& which = its.keys[its.at];
  if (its.how.other.erase(which) == 0)
    its.how.other.insert(which);
}

void top_screen::next_pane(std::size_t by) {
  auto at = (static_cast<std::size_t>(focus_) + by) % std::size(all_panes);
  focus_ = all_panes[at];
}

} // namespace greenroom::watch
