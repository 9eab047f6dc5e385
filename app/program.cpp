#include "app/program.hpp"

#include <csignal>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <thread>

#include "app/load_settings.hpp"
#include "app/log_sink.hpp"
#include "app/node.hpp"
#include "app/watch_commands.hpp"
#include "core/crash.hpp"
#include "core/events.hpp"
#include "core/random_id.hpp"

namespace greenroom::app {

namespace {

/// Where `node.failed` goes.
std::unique_ptr<log_sink> sink;

/// The process cannot go on: whoever started it has to begin anew, and who
/// reads the log is to know why.
[[noreturn]] void end_by_surprise() noexcept {
  auto thrown = std::current_exception();
  auto why = thrown ? text_of(thrown) : "terminated without an exception";
  std::signal(SIGALRM, SIG_DFL);
  alarm(2); // It may be the log itself that failed, with its lock held.
  std::fprintf(stderr, "greenroom: failed: %s\n", why.c_str());
  log::emit(events::node_failed, {{"reason", why}});
  if (sink)
    sink->flush();
  std::abort();
}

/// What is left to end may wait for a reader of the log that stalls, or for a
/// name lookup in Asio's resolver: not beyond `drain.timeout`.
void end_by(std::chrono::steady_clock::time_point deadline, int code) {
  std::thread{[deadline, code] {
    std::this_thread::sleep_until(deadline);
    std::_Exit(code);
  }}.detach();
}

int serve(settings config) {
  if (config.cluster.node_id.empty())
    config.cluster.node_id = random_id("n-", 8);
  sink = std::make_unique<log_sink>(config.log, config.cluster.node_id);
  log::install(sink.get(), level_of(config.log));
  auto running = std::make_unique<node>(std::move(config), sink.get());
  auto code = running->run();
  bool clean = running->stopped_clean();
  log::install(nullptr, log::level::error);
  end_by(running->stop_deadline(), code);
  sink.reset(); // Writes what waits.
  // What did not end in time must not hold the process.
  if (!clean)
    std::_Exit(code);
  return code;
}

} // namespace

int run_program(int argc, char** argv) {
  std::set_terminate(end_by_surprise);
  try {
    if (auto code = run_watch_command(argc, argv))
      return *code;
    auto loaded = load_settings(argc, argv, process_environment());
    if (auto* said = std::get_if<early_exit>(&loaded)) {
      std::fputs(said->out.c_str(), stdout);
      std::fputs(said->err.c_str(), stderr);
      return said->code;
    }
    return serve(std::get<settings>(std::move(loaded)));
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "greenroom: %s\n", failed.what());
    log::install(nullptr, log::level::error);
    sink.reset();
    return EXIT_FAILURE;
  }
}

} // namespace greenroom::app
