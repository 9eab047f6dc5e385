#include "watch/whole_log.hpp"

#include <cstdio>

#include <poll.h>

#include "watch/printable.hpp"
#include "watch/words.hpp"

namespace greenroom::watch {

namespace {

/// To its end, or to where it cannot be read.
void read_all(log_input& from, log_model& to) {
  auto now =
      from.error().empty() ? log_input::state::more : log_input::state::failed;
  while (now == log_input::state::more || now == log_input::state::waiting) {
    if (now == log_input::state::waiting) {
      pollfd waits{from.descriptor(), POLLIN, 0};
      ::poll(&waits, 1, -1);
    }
    now = from.read(to);
  }
}

/// What is wrong with what was read; empty: nothing is.
std::string complaint_of(const log_picture& read, const std::string& file) {
  auto name = file == "-" ? std::string{"standard input"} : file;
  if (read.lines == 0)
    return name + " has no lines";
  if (read.malformed == read.lines)
    return name
           + " has no line that is an event: a node writes them with "
             "log.format=json";
  if (read.nodes.empty())
    return name + " has no line of what was asked for";
  if (read.malformed > 0)
    return grouped(read.malformed) + " of " + counted(read.lines, "line")
           + " of " + name + " are no events, and were passed over";
  return {};
}

} // namespace

int complain(const std::string& what) {
  std::fprintf(stderr, "greenroom: %s\n", printable(what).c_str());
  return 1;
}

int print_log(const whole_log& what,
              const std::function<std::string(const log_picture&)>& text_of) {
  log_input input{what.file, false};
  log_model model{what.which};
  read_all(input, model);
  if (!input.error().empty())
    return complain(input.error());
  if (auto wrong = complaint_of(model.seen(), what.file); !wrong.empty())
    complain(wrong);
  if (model.seen().nodes.empty())
    return 1;
  auto text = text_of(model.seen());
  bool good = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return good ? 0 : 1;
}

} // namespace greenroom::watch
