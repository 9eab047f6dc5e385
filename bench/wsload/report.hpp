#pragma once

#include <cstdint>
#include <string>

#include "bench/wsload/options.hpp"
#include "bench/wsload/process_sample.hpp"
#include "bench/wsload/totals.hpp"

namespace greenroom::bench {

/// All that one run has measured.
struct measurement {
  totals counted;
  int answered = 0; ///< Of the pings of `--hold`.
  double connect_s = 0;
  double window_s = 0;
  process_sample server_before; ///< Before the first connection.
  process_sample server_connected;
  process_sample server_at_begin; ///< Of the window.
  process_sample server_at_end;
  double generator_cpu_s = 0; ///< In the window.
  std::uint64_t tcp_pages_before = 0;
  std::uint64_t tcp_pages_after = 0;

  [[nodiscard]] double server_cpu_s() const {
    return server_at_end.cpu_s() - server_at_begin.cpu_s();
  }
};

/// One JSON object, for programs.
std::string to_json(const options& opt, const measurement& what);

/// One line (two for `idle`), for people.
std::string to_text(const options& opt, const measurement& what);

} // namespace greenroom::bench
