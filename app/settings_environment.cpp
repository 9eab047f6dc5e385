#include "app/settings_environment.hpp"

#include <algorithm>

#include <unistd.h>

#include "core/nearest.hpp"

namespace greenroom::app {

namespace {

constexpr std::string_view prefix = "GREENROOM_";
constexpr std::string_view namespaces_prefix = "GREENROOM_NAMESPACES_";

char to_upper(char x) {
  return x >= 'a' && x <= 'z' ? static_cast<char>(x - 'a' + 'A') : x;
}

char to_lower(char x) {
  return x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x;
}

/// As it can stand in a variable's name.
std::string folded(std::string_view text) {
  std::string out;
  for (char x : text)
    out += x == '.' || x == '-' ? '_' : to_upper(x);
  return out;
}

/// Kubernetes describes every service to every container. A service that is
/// called `greenroom` gives GREENROOM_PORT=tcp://10.0.0.1:8080 and more like
/// it, which must not keep the node from starting.
bool is_service_link(std::string_view name, std::string_view value) {
  auto is_address = [](std::string_view text) {
    return text.starts_with("tcp://") || text.starts_with("udp://")
           || text.starts_with("sctp://");
  };
  return name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT")
         || name.find("_SERVICE_PORT_") != std::string_view::npos
         || name.find("_TCP_") != std::string_view::npos
         || name.find("_UDP_") != std::string_view::npos
         || name.find("_SCTP_") != std::string_view::npos || is_address(value);
}

/// The known namespaces that the name may mean; else itself in lower case.
std::vector<std::string> spellings_of(std::string_view name,
                                      const settings_draft& known) {
  std::vector<std::string> matches;
  for (const auto& [candidate, values] : known.namespaces()) {
    if (candidate == name)
      return {candidate};
    if (folded(candidate) == folded(name))
      matches.push_back(candidate);
  }
  if (matches.empty()) {
    matches.emplace_back(name);
    std::ranges::transform(name, matches.front().begin(), to_lower);
  }
  return matches;
}

/// `NAME_KEY`: of LOBBY_LISTED_MEMBERS, the key is the longest that there is.
setting_result<setting_ref> resolve_in_namespace(std::string_view rest,
                                                 const settings_draft& known) {
  const setting* best = nullptr;
  for (const auto& row : settings_table())
    if (row.per_namespace() && rest.ends_with('_' + folded(row.key()))
        && (best == nullptr || row.key().size() > best->key().size()))
      best = &row;
  if (best == nullptr)
    return setting_error{"ends in no setting of a namespace, such as _"
                         + folded("members")};
  rest.remove_suffix(best->key().size() + 1);
  auto names = spellings_of(rest, known);
  if (names.size() > 1)
    return setting_error{"could mean the namespaces "
                         + print_list(names, " and ") + "; set it in the file"};
  // Checks the name, too.
  return resolve_setting("namespaces." + names.front() + '.'
                         + std::string{best->key()});
}

setting_result<setting_ref> resolve_variable(std::string_view name,
                                             const settings_draft& known) {
  if (name.starts_with(namespaces_prefix))
    return resolve_in_namespace(name.substr(namespaces_prefix.size()), known);
  std::vector<std::string> variables{"GREENROOM_CONFIG"};
  for (const auto& row : settings_table()) {
    variables.push_back(variable_of(row.name));
    if (variables.back() == name)
      return setting_ref{&row, {}};
  }
  return setting_error{"unknown setting; did you mean "
                       + nearest(name, variables) + "?"};
}

} // namespace

environment process_environment() {
  environment out;
  for (auto** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view text{*entry};
    auto equals = text.find('=');
    if (text.starts_with(prefix) && equals != std::string_view::npos)
      out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

std::string variable_of(std::string_view setting_name) {
  return std::string{prefix} + folded(setting_name);
}

std::vector<std::string> read_settings_environment(const environment& from,
                                                   settings_draft& into) {
  std::vector<std::string> errors;
  for (const auto& [name, value] : from) {
    if (!name.starts_with(prefix) || name == "GREENROOM_CONFIG")
      continue;
    auto where = resolve_variable(name, into);
    if (!where) {
      if (!is_service_link(name, value))
        errors.push_back(name + ": " + where.error().text);
    } else if (auto taken = into.set(*where, value); !taken) {
      errors.push_back(name + ": " + taken.error().text);
    }
  }
  return errors;
}

} // namespace greenroom::app
