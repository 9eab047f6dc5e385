#include "watch/top_screen.hpp"

#include <algorithm>
#include <utility>

#include "watch/tree_rows.hpp"
#include "watch/words.hpp"

namespace greenroom::watch {

namespace {

/// From here on the tree has the left half to itself.
constexpr std::size_t wide_columns = 100;
constexpr std::size_t wide_rows = 16;

constexpr std::size_t least_columns = 20;
constexpr std::size_t least_rows = 5;

/// Of a pane, in `top_text`.
constexpr std::size_t told_rows = 50;

constexpr std::string_view help[] = {
    "up, down, k, j    the row above or below",
    "page up, down     a screen further",
    "home, end, g, G   the first or the last row",
    "enter, space      fold or unfold what is under the row",
    "tab, 1 to 5       the next pane, or that one",
    "/                 only rows with a text in them; escape: all again",
    "p                 pause: what is shown stays as it is",
    "q                 quit",
};

screen_line head_line(const log_picture& of, const screen_subject& about,
                      bool is_paused) {
  screen_line out;
  out.add("greenroom top", style::bold).add("  " + about.file + "  ");
  if (is_paused)
    out.add("paused", style::warn);
  else if (about.trouble.empty())
    out.add(about.state, style::good);
  else
    out.add(about.trouble, style::bad);
  out.add("  " + counted(of.lines, "line"));
  if (of.malformed > 0)
    out.add(", " + grouped(of.malformed) + " no events", style::warn);
  if (of.forgotten > 0)
    out.add(", " + counted(of.forgotten, "node") + " forgotten", style::warn);
  if (of.last != 0)
    out.add("  " + format_time(of.last), style::dim);
  return out;
}

/// Those that the head has room for.
constexpr std::size_t told_nodes = 3;

std::vector<screen_line> node_lines(const log_picture& of, utc_ms now) {
  std::vector<screen_line> out;
  for (const auto& [name, its] : of.nodes) {
    if (out.size() == told_nodes) {
      out.back().add("  and " + counted(of.nodes.size() - told_nodes, "node")
                         + " more",
                     style::dim);
      break;
    }
    bool is_well = its.lost == 0 && its.escalated == 0;
    out.push_back(screen_line{}.add(summary_of(its, now),
                                    is_well ? style::plain : style::warn));
  }
  return out;
}

std::vector<screen_line> help_lines(screen_size size) {
  std::vector<screen_line> out;
  for (auto line : help)
    out.push_back(screen_line{}.add(line));
  out.resize(size.rows);
  return out;
}

} // namespace

std::vector<screen_line> top_screen::draw(const log_picture& of,
                                          const screen_subject& about,
                                          screen_size size) {
  std::vector<screen_line> out;
  if (size.columns < least_columns || size.rows < least_rows) {
    out.push_back(screen_line{}.add("too small"));
  } else {
    out.push_back(head_line(of, about, is_paused_));
    for (auto& line : node_lines(of, about.now))
      if (out.size() + least_rows <= size.rows)
        out.push_back(std::move(line));
    screen_size left{size.columns, size.rows - out.size() - 1};
    for (auto& line :
         shows_help_ ? help_lines(left) : draw_body(of, about.now, left))
      out.push_back(std::move(line));
    out.push_back(foot_line());
  }
  out.resize(size.rows);
  for (auto& line : out)
    line.fit(size.columns);
  return out;
}

std::vector<screen_line> top_screen::draw_body(const log_picture& of,
                                               utc_ms now, screen_size size) {
  if (size.columns >= wide_columns && size.rows >= wide_rows)
    return draw_wide(of, now, size);
  std::vector<screen_line> out{screen_line{}};
  for (auto each : all_panes)
    out[0].append(title_line(each));
  for (auto& line : draw_pane(focus_, of, now, {size.columns, size.rows - 1}))
    out.push_back(std::move(line));
  return out;
}

/// The tree on the left; the others on the right, one under the other.
std::vector<screen_line> top_screen::draw_wide(const log_picture& of,
                                               utc_ms now, screen_size size) {
  auto left_columns = size.columns * 11 / 20;
  std::vector<screen_line> left{title_line(pane::tree)};
  for (auto& line :
       draw_pane(pane::tree, of, now, {left_columns, size.rows - 1}))
    left.push_back(std::move(line));
  std::vector<screen_line> right;
  constexpr auto others = std::size(all_panes) - 1;
  auto right_columns = size.columns - left_columns - 1;
  for (std::size_t i = 1; i <= others; ++i) {
    right.push_back(title_line(all_panes[i]));
    auto end = size.rows * i / others;
    for (auto& line :
         draw_pane(all_panes[i], of, now, {right_columns, end - right.size()}))
      right.push_back(std::move(line));
  }
  for (std::size_t i = 0; i < size.rows; ++i) {
    left[i].fit(left_columns);
    left[i].add(" ").append(std::move(right[i]));
  }
  return left;
}

/// Exactly so many lines.
std::vector<screen_line> top_screen::draw_pane(pane which,
                                               const log_picture& of,
                                               utc_ms now, screen_size size) {
  auto& its = places_[static_cast<std::size_t>(which)];
  auto rows = rows_of(which, of, its.how, now);
  its.keys = std::move(rows.keys);
  its.rows = its.keys.size();
  its.shown = size.rows;
  // The row stays chosen, wherever it has gone; else what is in its place.
  auto found = std::ranges::find(its.keys, its.chosen);
  if (found != its.keys.end())
    its.at = static_cast<std::size_t>(found - its.keys.begin());
  its.at = std::min(its.at, std::max<std::size_t>(its.rows, 1) - 1);
  its.first = std::min(its.first, its.at);
  if (size.rows > 0 && its.at >= its.first + size.rows)
    its.first = its.at - size.rows + 1;
  std::vector<screen_line> out;
  for (auto i = its.first; i < its.rows && out.size() < size.rows; ++i) {
    out.push_back(rows.line(i));
    out.back().fit(size.columns);
    if (i == its.at && which == focus_)
      out.back().paint(style::chosen);
  }
  if (its.rows == 0 && size.rows > 0)
    out.push_back(screen_line{}.add("none", style::dim));
  out.resize(size.rows);
  return out;
}

screen_line top_screen::title_line(pane which) {
  const auto& its = places_[static_cast<std::size_t>(which)];
  auto number = std::to_string(static_cast<std::size_t>(which) + 1);
  screen_line out;
  out.add(number + ' ' + std::string{title_of(which)},
          which == focus_ ? style::bold : style::dim);
  if (!its.how.filter.empty())
    out.add(" /" + its.how.filter, style::warn);
  return out.add("  ");
}

screen_line top_screen::foot_line() {
  screen_line out;
  if (is_filtering_)
    return out.add("only rows with: " + here().how.filter + "_", style::bold);
  if (shows_help_)
    return out.add("any key goes back", style::dim);
  return out.add("q quit  ? help  tab next pane  enter fold  / filter  p pause",
                 style::dim);
}

std::string top_text(const log_picture& of, utc_ms now) {
  std::string out;
  pane_choice how;
  how.opens_all = true;
  for (auto each : all_panes) {
    auto rows = rows_of(each, of, how, now);
    if (each != pane::tree)
      (out += '\n') += std::string{title_of(each)} + ":\n";
    auto most = each == pane::tree ? rows.keys.size() : told_rows;
    for (std::size_t i = 0; i < std::min(rows.keys.size(), most); ++i)
      out += rows.line(i).text() + '\n';
    if (rows.keys.size() > most)
      out += "and " + grouped(rows.keys.size() - most) + " more\n";
    if (rows.keys.empty())
      out += "none\n";
    if (each == pane::tree)
      out += forgotten_text(of);
  }
  return out;
}

} // namespace greenroom::watch
