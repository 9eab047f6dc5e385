#include "app/settings_text.hpp"

#include <algorithm>

#include "app/text_layout.hpp"
#include "core/settings_draft.hpp"

namespace greenroom::app {

namespace {

std::string toml_list(std::string_view elements) {
  std::string out = "[";
  for (const auto& element : parse_list(elements))
    out += (out.size() == 1 ? "" : ", ") + toml_string(element);
  return out + ']';
}

/// `text` is a value as the table prints it.
std::string toml_value(const setting& what, const std::string& text) {
  switch (what.type) {
  case setting_type::boolean:
  case setting_type::number:
    return text;
  case setting_type::bytes:
    return text.ends_with('B') ? toml_string(text) : text;
  case setting_type::list:
    return toml_list(text);
  default:
    return toml_string(text);
  }
}

std::string assignment(const settings& all, const setting& row) {
  return std::string{row.key()} + " = " + toml_value(row, shown(all, row))
         + '\n';
}

std::string domain_and_default(const setting& row) {
  auto usual = text_of(settings{}, row);
  return domain_of(row) + "; default " + (usual.empty() ? "empty" : usual);
}

} // namespace

std::string help_text() {
  std::string out =
      "usage: greenroom [--config FILE] [--section.key=value ...]\n"
      "       greenroom top --help\n"
      "       greenroom replay-log --help\n\n"
      "  --config FILE      read settings from this TOML file\n"
      "  --check-config     say whether the configuration is good\n"
      "  --print-config     print it as a complete TOML file, without secrets\n"
      "  --print-reference  print docs/reference.md\n"
      "  --print-events     print docs/events.md\n"
      "  --print-events-schema\n"
      "                     print docs/events.schema.json\n"
      "  --print-metrics    print docs/metrics.md\n"
      "  --version          print the version\n"
      "  --help, -h         print this text\n\n"
      "A setting comes from the command line, else from the environment\n"
      "(GREENROOM_NET_PORT is net.port), else from the file, else it has its\n"
      "default. --namespaces.NAME.KEY=value sets rooms.KEY for the rooms "
      "whose\n"
      "id starts with NAME: alone.\n";
  std::string_view section;
  for (const auto& row : settings_table()) {
    if (row.section() != section) {
      section = row.section();
      out += '\n' + std::string{section} + '\n';
    }
    out += "  --" + std::string{row.name} + '\n';
    out += wrapped(plain(row.sentence), "      ");
    out += wrapped('(' + domain_and_default(row) + ')', "      ");
  }
  return out;
}

std::string config_text(const settings& all) {
  std::string out;
  std::string_view section;
  for (const auto& row : settings_table()) {
    if (row.section() != section) {
      section = row.section();
      out += (out.empty() ? "[" : "\n[") + std::string{section} + "]\n";
    } else {
      out += '\n';
    }
    out += wrapped(plain(row.sentence), "# ");
    out += wrapped('(' + domain_and_default(row) + ')', "# ");
    out += assignment(all, row);
  }
  out +=
      '\n'
      + wrapped("[namespaces.NAME] holds what is different in rooms whose id "
                "starts with NAME: in place of the values of [rooms].",
                "# ");
  for (const auto& [name, own] : all.namespaces) {
    out += "\n[namespaces." + name + "]\n";
    auto seen = seen_by(all, name);
    for (const auto& row : settings_table())
      if (row.per_namespace())
        out += assignment(seen, row);
  }
  return out;
}

} // namespace greenroom::app
