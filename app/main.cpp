// The front door: read the settings, start the node, serve, stop.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

#include "app/load_settings.hpp"
#include "app/log_sink.hpp"
#include "app/node.hpp"
#include "core/random_id.hpp"

namespace {

using namespace greenroom;

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
  auto sink =
      std::make_unique<app::log_sink>(config.log, config.cluster.node_id);
  log::install(sink.get(), app::level_of(config.log));
  auto node = std::make_unique<app::node>(std::move(config));
  auto code = node->run();
  bool clean = node->stopped_clean();
  log::install(nullptr, log::level::error);
  end_by(node->stop_deadline(), code);
  sink.reset(); // Writes what waits.
  // What did not end in time must not hold the process.
  if (!clean)
    std::_Exit(code);
  return code;
}

} // namespace

int main(int argc, char** argv) {
  try {
    auto loaded = app::load_settings(argc, argv, app::process_environment());
    if (auto* said = std::get_if<app::early_exit>(&loaded)) {
      std::fputs(said->out.c_str(), stdout);
      std::fputs(said->err.c_str(), stderr);
      return said->code;
    }
    return serve(std::get<settings>(std::move(loaded)));
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "greenroom: %s\n", failed.what());
    return EXIT_FAILURE;
  }
}
