#include "app/command_line.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include <CLI/CLI.hpp>

#include "core/nearest.hpp"
#include "core/settings_draft.hpp"

namespace greenroom::app {

namespace {

using verb = command_line::verb;

constexpr std::pair<std::string_view, verb> flags[] = {
    {"--help", verb::help},
    {"--version", verb::version},
    {"--print-config", verb::print_config},
    {"--check-config", verb::check_config},
    {"--print-reference", verb::print_reference},
    {"--print-events", verb::print_events},
    {"--print-events-schema", verb::print_events_schema},
    {"--print-metrics", verb::print_metrics},
};

std::string_view name_of(std::string_view argument) {
  return argument.substr(0, argument.find('='));
}

/// The arguments behind the program's name. `--name=` becomes two: CLI11 would
/// take the next option for its value.
std::vector<std::string> arguments_of(int argc, const char* const* argv) {
  std::vector<std::string> out;
  for (int i = 1; i < argc; ++i) {
    std::string_view argument{argv[i]};
    auto name = name_of(argument);
    if (argument.starts_with("--") && argument.size() == name.size() + 1)
      out.insert(out.end(), {std::string{name}, ""});
    else
      out.emplace_back(argument);
  }
  return out;
}

/// `--namespaces.NAME.KEY`, whose names no table can know beforehand.
std::set<std::string>
namespace_options(const std::vector<std::string>& arguments) {
  std::set<std::string> found;
  for (const auto& argument : arguments) {
    auto name = name_of(argument);
    if (name.starts_with("--namespaces.")
        && resolve_setting(name.substr(2)).has_value())
      found.emplace(name);
  }
  return found;
}

/// The nearest of the settings and of our own options.
std::string unknown_option(std::string_view argument) {
  auto name = std::string{name_of(argument)};
  // A setting, perhaps of a namespace, or one whose section was forgotten.
  auto key_of_one = std::ranges::any_of(settings_table(), [&](const auto& row) {
    return row.key() == name.substr(2);
  });
  auto found = resolve_setting(name.substr(2));
  if (!found && (key_of_one || name.find('.') != std::string::npos))
    return name + ": " + found.error().text;
  std::vector<std::string> known{"--config"};
  for (const auto& [flag, what] : flags)
    known.emplace_back(flag);
  return name + ": unknown option; did you mean " + nearest(name, known) + "?";
}

/// Arguments that no option took. Values of unknown options are among them and
/// are not repeated: they may be secrets.
void complain(const std::vector<std::string>& strangers,
              std::vector<std::string>& errors) {
  bool after_unknown = false;
  for (const auto& argument : strangers) {
    if (argument.starts_with("--") && argument.size() > 2) {
      errors.push_back(unknown_option(argument));
      after_unknown = argument.find('=') == std::string::npos;
    } else {
      if (!after_unknown)
        errors.push_back(in_quotes(argument)
                         + ": a setting is --section.key=value; --help lists "
                           "all");
      after_unknown = false;
    }
  }
}

class parser {
public:
  explicit parser(std::vector<std::string> arguments)
    : arguments_(std::move(arguments)) {
    app_.set_help_flag();
    app_.allow_extras();
    for (const auto& [name, what] : flags)
      app_.add_flag(std::string{name} + (what == verb::help ? ",-h" : ""));
    add("config");
    for (const auto& name : setting_names())
      add(name);
    for (const auto& name : namespace_options(arguments_))
      add(name.substr(2));
  }

  command_line parse() {
    command_line out;
    try {
      // From the last to the first, as CLI11 wants them.
      app_.parse(
          std::vector<std::string>{arguments_.rbegin(), arguments_.rend()});
    } catch (const CLI::ArgumentMismatch& failed) {
      auto text = std::string_view{failed.what()};
      auto name = text.substr(0, text.find(':'));
      out.errors.push_back(std::string{name} + ": needs a value");
      return out;
    } catch (const CLI::ParseError& failed) {
      out.errors.push_back(in_quotes(failed.what()));
      return out;
    }
    complain(app_.remaining(), out.errors);
    for (const auto& [name, what] : flags)
      if (app_.count(std::string{name}) > 0 && out.what == verb::run)
        out.what = what;
    for (const auto* option : values_)
      take(*option, out);
    return out;
  }

private:
  void add(const std::string& name) {
    auto* option = app_.add_option("--" + name);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    values_.push_back(option);
  }

  static void take(const CLI::Option& option, command_line& out) {
    if (option.count() == 0)
      return;
    auto name = option.get_name().substr(2);
    const auto& text = option.results().back(); // said twice: the last counts
    if (name == "config")
      out.config = text;
    else
      out.settings.emplace_back(name, text);
  }

  std::vector<std::string> arguments_;
  CLI::App app_;
  std::vector<const CLI::Option*> values_;
};

} // namespace

command_line read_command_line(int argc, const char* const* argv) {
  return parser{arguments_of(argc, argv)}.parse();
}

} // namespace greenroom::app
