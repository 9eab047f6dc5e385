#pragma once

namespace greenroom::app {

/// The whole program: reads the settings, starts the node, serves, stops.
/// Gives the process's exit code. What nobody catches ends the process with
/// SIGABRT, and `node.failed` as its log's last line.
int run_program(int argc, char** argv);

} // namespace greenroom::app
