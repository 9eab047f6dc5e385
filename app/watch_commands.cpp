#include "app/watch_commands.hpp"

#include <cstdio>
#include <string>
#include <string_view>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "watch/printable.hpp"
#include "watch/replay_log.hpp"
#include "watch/top.hpp"
#include "watch/utc_time.hpp"

namespace greenroom::app {

namespace {

constexpr const char* file_help =
    "the log, one JSON object a line (log.format=json); - is standard input";
constexpr const char* node_help = "look at this node alone (cluster.node-id)";

int refuse(std::string_view verb, std::string_view why) {
  std::fprintf(stderr, "greenroom: %s: %s; %s --help tells more\n",
               std::string{verb}.c_str(), watch::printable(why).c_str(),
               std::string{verb}.c_str());
  return 2;
}

/// Nothing where the arguments are good and do not ask for help.
std::optional<int> parse(CLI::App& app, std::string_view verb, int argc,
                         const char* const* argv) {
  try {
    app.parse(argc - 1, const_cast<char**>(argv + 1));
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return 0;
  } catch (const CLI::ParseError& failed) {
    return refuse(verb, failed.what());
  }
  return {};
}

int replay_log(int argc, const char* const* argv) {
  constexpr std::string_view verb = "replay-log";
  watch::replay_request what;
  std::string at;
  std::uint64_t seq = 0;
  CLI::App app{"Prints the tree of actors that a log tells of, as it was at "
               "its end or at a time.",
               "greenroom replay-log"};
  app.add_option("FILE", what.file, file_help)->required();
  auto* at_option =
      app.add_option("--at", at, "as of this time, as `ts` has it (RFC 3339)");
  auto* seq_option = app.add_option(
      "--seq", seq, "as of the line of this number, of each node's last run");
  app.add_option("--node", what.which.node, node_help);
  app.add_flag("--json", what.as_json,
               "print all that is known, as JSON in one line");
  if (auto code = parse(app, verb, argc, argv))
    return *code;
  if (at_option->count() > 0) {
    what.which.until = watch::parse_time(at);
    if (!what.which.until)
      return refuse(verb, "--at: '" + at
                              + "' is no time as 2026-11-22T13:56:09.858Z is");
  }
  if (seq_option->count() > 0)
    what.which.seq = seq;
  return watch::replay_log(what);
}

int top(int argc, const char* const* argv) {
  constexpr std::string_view verb = "top";
  watch::top_request what;
  CLI::App app{"Shows what a log tells of its nodes: the tree of actors, busy "
               "rooms, slow members, crashes. Where standard output is no "
               "terminal, prints that once.",
               "greenroom top"};
  app.add_option("FILE", what.file,
                 std::string{file_help} + ", and the default");
  app.add_flag("-f,--follow", what.follows, "read on as the file grows");
  app.add_flag("--once", what.once, "print it once, as text, and end");
  app.add_option("--node", what.node, node_help);
  if (auto code = parse(app, verb, argc, argv))
    return *code;
  if (what.file.empty())
    what.file = "-";
  // It has keys, and cannot have lines as well.
  if (what.file == "-" && ::isatty(STDIN_FILENO) == 1)
    return refuse(verb, "the name of a log is missing");
  return watch::top(what);
}

} // namespace

std::optional<int> run_watch_command(int argc, const char* const* argv) {
  std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "top")
    return top(argc, argv);
  if (verb == "replay-log")
    return replay_log(argc, argv);
  return {};
}

} // namespace greenroom::app
