#include "watch/words.hpp"

#include <cstdio>

namespace greenroom::watch {

namespace {

void append(std::string& to, const std::string& part) {
  if (part.empty())
    return;
  if (!to.empty())
    to += ", ";
  to += part;
}

std::string bus_text(const life& its, utc_ms now) {
  if (its.links.empty())
    return {};
  std::size_t up = 0;
  const bus_link* worst = nullptr;
  for (const auto& [endpoint, each] : its.links) {
    if (each.is == bus_link::state::up)
      ++up;
    else if (worst == nullptr || each.is == bus_link::state::down)
      worst = &each;
  }
  if (worst == nullptr)
    return "bus up";
  std::string out = "bus ";
  out += to_string(worst->is);
  if (its.links.size() > 1)
    out += " (" + std::to_string(up) + " of " + std::to_string(its.links.size())
           + " up)";
  out += ' ' + format_span(now - worst->since);
  return worst->why.empty() ? out : out + ": " + worst->why;
}

/// As supervisors are: `loop 0`. A room's name may begin with `room`, too.
bool is_named_for_its_kind(const actor& who) {
  bool supervises =
      who.kind == "node" || who.kind == "loop" || who.kind == "supervisor";
  return supervises && who.name.starts_with(who.kind);
}

std::string peers_text(const life& its) {
  std::size_t here = 0;
  for (const auto& [name, each] : its.peers)
    here += each.is_here ? 1 : 0;
  if (its.peers.empty())
    return {};
  auto out = counted(here, "peer");
  auto gone = its.peers.size() - here;
  return gone == 0 ? out : out + " (" + std::to_string(gone) + " gone)";
}

} // namespace

std::string_view to_string(life::phase what) {
  switch (what) {
  case life::phase::seen:
    return "seen";
  case life::phase::starting:
    return "starting";
  case life::phase::ready:
    return "ready";
  case life::phase::stopping:
    return "stopping";
  case life::phase::stopped:
    return "stopped";
  }
  return "";
}

std::string_view to_string(bus_link::state what) {
  switch (what) {
  case bus_link::state::connecting:
    return "connecting";
  case bus_link::state::up:
    return "up";
  case bus_link::state::down:
    return "down";
  }
  return "";
}

std::string title_of(const actor& who) {
  auto out = who.kind.empty() ? std::string{"actor"} : who.kind;
  if (!who.name.empty()) {
    if (is_named_for_its_kind(who))
      out.clear();
    else
      out += ' ';
    out += who.name;
  }
  return out + " #" + std::to_string(who.id);
}

std::string counted(std::uint64_t count, std::string_view what) {
  auto out = grouped(count) + ' ' + std::string{what};
  return count == 1 ? out : out + (what.ends_with("sh") ? "es" : "s");
}

std::string grouped(std::uint64_t count) {
  auto out = std::to_string(count);
  for (auto at = out.size(); at > 3;)
    out.insert(at -= 3, ",");
  return out;
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr const char* units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1'024)
    return std::to_string(bytes) + " B";
  auto value = static_cast<double>(bytes) / 1'024;
  std::size_t unit = 0;
  for (; value >= 1'024 && unit + 1 < std::size(units); ++unit)
    value /= 1'024;
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", value, units[unit]);
  return text;
}

std::string summary_of(const life& its, utc_ms now) {
  auto out = its.node;
  if (!its.version.empty())
    out += ' ' + its.version;
  out += ' ';
  out += to_string(its.is);
  bool is_over = its.is == life::phase::stopped;
  out += ' ' + format_span((is_over ? its.last : now) - its.began);
  append(out, bus_text(its, now));
  append(out, peers_text(its));
  append(out, (its.knows_connections() ? "" : "~")
                  + counted(its.connections(), "connection"));
  for (auto [count, what] :
       {std::pair{its.crashed, "crash"}, std::pair{its.restarts, "restart"},
        std::pair{its.escalated, "escalation"}})
    append(out, count == 0 ? "" : counted(count, what));
  append(out,
         its.store_failure.empty() ? "" : "store failed: " + its.store_failure);
  append(out, its.lost == 0 ? "" : counted(its.lost, "line") + " lost");
  append(out, its.forgotten() == 0
                  ? ""
                  : counted(its.forgotten(), "actor") + " forgotten");
  return out;
}

std::string trouble_of(const actor& who, utc_ms now) {
  std::string out;
  if (who.state != actor_state::alive) {
    out += to_string(who.state);
    out += ' ' + format_span(now - who.since) + " ago";
    if (!who.why.empty())
      out += ": " + who.why;
  }
  append(out, who.restarts == 0 ? "" : counted(who.restarts, "restart"));
  append(out, who.mailbox == 0 ? "" : grouped(who.mailbox) + " waiting");
  return out;
}

} // namespace greenroom::watch
