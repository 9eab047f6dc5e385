#include "watch/panes.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <tuple>
#include <utility>
#include <variant>

#include "core/json_writer.hpp"
#include "core/top_lists.hpp"
#include "watch/tree_rows.hpp"
#include "watch/words.hpp"

namespace greenroom::watch {

namespace {

/// With more under it than this, an actor is shown without them at first.
constexpr std::size_t folded_above = 24;

/// Of rooms of which the node does not tell how busy they are.
constexpr std::size_t guessed_rooms = 64;

std::string key_of(const life& its, const actor* who) {
  return who == nullptr ? its.node : its.node + '#' + std::to_string(who->id);
}

style style_of(const actor& who) {
  switch (who.state) {
  case actor_state::crashed:
  case actor_state::escalated:
    return style::bad;
  case actor_state::exited:
    return style::dim;
  case actor_state::alive:
    break;
  }
  return who.mailbox > 0 || who.restarts > 0 ? style::warn : style::plain;
}

// -- the tree -----------------------------------------------------------------

screen_line line_of(const tree_row& row, utc_ms now) {
  screen_line out;
  if (row.who == nullptr)
    return out.add(summary_of(*row.its, now), style::bold);
  out.add_printable(row.branch, style::dim);
  out.add(title_of(*row.who), style_of(*row.who));
  if (row.is_folded)
    out.add("  + " + grouped(row.children), style::dim);
  if (auto trouble = trouble_of(*row.who, now); !trouble.empty())
    out.add("  " + trouble, style_of(*row.who));
  return out;
}

pane_rows tree_pane(const log_picture& of, const pane_choice& how, utc_ms now) {
  tree_choice choice;
  choice.filter = how.filter;
  choice.folds = [&how](const life& its, const actor* who, std::size_t under) {
    bool at_first = who != nullptr && under > folded_above;
    return at_first != how.other.contains(key_of(its, who));
  };
  auto rows = std::make_shared<std::vector<tree_row>>(tree_rows(of, choice));
  pane_rows out;
  for (const auto& each : *rows)
    out.keys.push_back(key_of(*each.its, each.who));
  out.line = [rows, now](std::size_t at) {
    return line_of((*rows)[at], now);
  };
  return out;
}

// -- the others are short -----------------------------------------------------

class short_pane {
public:
  explicit short_pane(const pane_choice& how) : how_(how) {}

  void add(std::string key, screen_line line) {
    if (!has_part(line.text(), how_.filter))
      return;
    keys_.push_back(std::move(key));
    lines_->push_back(std::move(line));
  }

  [[nodiscard]] bool is_unfolded(const std::string& key) const {
    return how_.other.contains(key);
  }

  pane_rows end() {
    return {std::move(keys_), [lines = lines_](std::size_t at) {
              return (*lines)[at];
            }};
  }

private:
  const pane_choice& how_;
  std::vector<std::string> keys_;
  std::shared_ptr<std::vector<screen_line>> lines_ =
      std::make_shared<std::vector<screen_line>>();
};

/// Where several nodes are in a log, whose it is.
std::string of_node(const log_picture& all, const life& its) {
  return all.nodes.size() > 1 ? its.node + "  " : std::string{};
}

std::string rate_text(double per_second) {
  char text[32];
  std::snprintf(text, sizeof text, "%9.1f/s", std::clamp(per_second, 0.0, 1e9));
  return text;
}

std::uint64_t bytes_of(const told_rate& what) {
  return static_cast<std::uint64_t>(std::clamp(what.per_second, 0.0, 1e18));
}

/// Behind a rate that is none of the present: while nothing is said, nothing is
/// told either. Empty where it is one.
std::string age_of_rates(const life& its, utc_ms now) {
  constexpr std::chrono::milliseconds present = 2 * top_lists::window;
  auto age = now - its.busiest_at;
  return age <= present.count() ? "" : "  " + format_span(age) + " ago";
}

/// The node does not tell: those that have much to do, as far as lines say.
void add_guessed(short_pane& to, const log_picture& of, const life& its) {
  std::vector<const actor*> rooms;
  for (const auto& [id, who] : its.actors())
    if (who.kind == "room")
      rooms.push_back(&who);
  auto most = std::min(rooms.size(), guessed_rooms);
  auto much = [](const actor* who) {
    return std::tuple{who->mailbox, who->restarts, who->lines};
  };
  std::ranges::partial_sort(rooms,
                            rooms.begin() + static_cast<std::ptrdiff_t>(most),
                            std::greater<>{}, much);
  rooms.resize(most);
  for (const auto* who : rooms) {
    screen_line line;
    line.add(of_node(of, its) + who->name, style_of(*who));
    if (who->mailbox > 0)
      line.add("  " + grouped(who->mailbox) + " waiting", style::warn);
    line.add("  " + counted(who->lines, "line"), style::dim);
    to.add(key_of(its, who), std::move(line));
  }
}

pane_rows rooms_pane(const log_picture& of, const pane_choice& how,
                     utc_ms now) {
  short_pane out{how};
  for (const auto& [node, its] : of.nodes) {
    if (its.busiest_at == 0)
      add_guessed(out, of, its);
    for (const auto& each : its.busiest)
      out.add(node + '/' + each.name,
              screen_line{}
                  .add(rate_text(each.per_second) + "  ")
                  .add(of_node(of, its) + each.name)
                  .add(age_of_rates(its, now), style::dim));
  }
  return out.end();
}

pane_rows members_pane(const log_picture& of, const pane_choice& how,
                       utc_ms now) {
  struct entry {
    const life* its;
    const slow_member* who;
  };
  std::vector<entry> all;
  for (const auto& [node, its] : of.nodes)
    for (const auto& each : its.slow)
      all.push_back({&its, &each});
  std::ranges::stable_sort(all, std::greater<>{},
                           [](const entry& each) { return each.who->last; });
  short_pane out{how};
  for (const auto& [node, its] : of.nodes)
    for (const auto& each : its.slowest)
      out.add(node + '/' + each.name,
              screen_line{}
                  .add(of_node(of, its) + each.name)
                  .add("  " + bytes_text(bytes_of(each)) + "/s not sent",
                       style::warn)
                  .add(age_of_rates(its, now), style::dim));
  for (const auto& [its, who] : all)
    out.add(its->node + '/' + who->room + '/' + who->connection,
            screen_line{}
                .add(of_node(of, *its) + who->room + "  " + who->connection)
                .add("  " + bytes_text(who->dropped_bytes) + " dropped, "
                         + counted(who->times, "time") + ", "
                         + format_span(now - who->last) + " ago",
                     style::warn));
  return out.end();
}

/// Behind the crash, once it is unfolded.
void add_flight(short_pane& to, const std::string& key, const crash& what) {
  for (std::size_t i = 0; i < what.flight.size(); ++i) {
    const auto& each = what.flight[i];
    char age[32];
    std::snprintf(age, sizeof age, "    %10.3f ms before  ",
                  static_cast<double>(each.age_us) / 1'000);
    to.add(key + '/' + std::to_string(i),
           screen_line{}.add(age, style::dim).add(each.what));
  }
  if (what.flight.empty())
    to.add(key + "/-", screen_line{}.add("    nothing is known of what it did "
                                         "before",
                                         style::dim));
}

pane_rows crashes_pane(const log_picture& of, const pane_choice& how,
                       utc_ms now) {
  short_pane out{how};
  for (const auto& [node, its] : of.nodes)
    for (auto at = its.crashes.rbegin(); at != its.crashes.rend(); ++at) {
      actor who;
      who.id = at->id;
      who.kind = at->kind;
      who.name = at->name;
      auto key =
          node + '@' + std::to_string(at->at) + '#' + std::to_string(at->id);
      bool is_open = how.opens_all || out.is_unfolded(key);
      out.add(key, screen_line{}
                       .add(is_open ? "- " : "+ ", style::dim)
                       .add(format_span(now - at->at) + " ago  ", style::dim)
                       .add(of_node(of, its) + title_of(who), style::bad)
                       .add("  " + at->message + ": " + at->reason));
      if (is_open)
        add_flight(out, key, *at);
    }
  return out.end();
}

void append_value(std::string& out, const log::field_value& what) {
  struct {
    std::string& out;

    void operator()(bool x) const { out += x ? "true" : "false"; }
    void operator()(std::int64_t x) const { out += std::to_string(x); }
    void operator()(std::uint64_t x) const { out += std::to_string(x); }
    void operator()(double x) const { append_json_double(out, x); }
    void operator()(std::string_view x) const { out += x; }
  } append{out};
  std::visit(append, what);
}

style style_of_level(std::string_view level) {
  if (level == "error")
    return style::bad;
  return level == "warn" ? style::warn : style::plain;
}

/// For people, as a node's own text lines are.
screen_line line_of(const event_line& what) {
  screen_line out;
  auto stamp = format_time(what.at);
  out.add(stamp.substr(stamp.find('T') + 1) + ' ', style::dim);
  out.add(std::string{what.event} + ' ', style_of_level(what.level));
  std::string rest;
  if (what.actor != 0) {
    actor who;
    who.id = what.actor;
    who.kind = what.kind;
    who.name = what.name;
    rest = title_of(who) + ' ';
  }
  for (const auto& each : what.fields) {
    (rest += ' ') += each.name;
    rest += '=';
    append_value(rest, each.what);
  }
  return out.add(rest);
}

pane_rows lines_pane(const log_picture& of, const pane_choice& how, utc_ms) {
  short_pane out{how};
  event_reader reader;
  for (const auto& [node, its] : of.nodes)
    for (auto at = its.last_lines.rbegin(); at != its.last_lines.rend(); ++at) {
      // One that is longer than what is kept of it cannot be read any more.
      if (const auto* line = reader.read(*at))
        out.add(node + ':' + std::to_string(line->seq),
                screen_line{}.add(of_node(of, its)).append(line_of(*line)));
      else
        out.add(node + ':', screen_line{}.add(of_node(of, its) + *at));
    }
  return out.end();
}

} // namespace

std::string_view title_of(pane which) {
  switch (which) {
  case pane::tree:
    return "actors";
  case pane::rooms:
    return "busiest rooms";
  case pane::members:
    return "slow members";
  case pane::crashes:
    return "crashes";
  case pane::lines:
    return "last lines";
  }
  return "";
}

pane_rows rows_of(pane which, const log_picture& of, const pane_choice& how,
                  utc_ms now) {
  switch (which) {
  case pane::tree:
    return tree_pane(of, how, now);
  case pane::rooms:
    return rooms_pane(of, how, now);
  case pane::members:
    return members_pane(of, how, now);
  case pane::crashes:
    return crashes_pane(of, how, now);
  case pane::lines:
    return lines_pane(of, how, now);
  }
  return {};
}

} // namespace greenroom::watch
