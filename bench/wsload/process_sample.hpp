#pragma once

#include <cstdint>
#include <vector>

namespace greenroom::bench {

/// What the kernel says of other processes: CPU time and memory, summed over a
/// server and its workers.
struct process_sample {
  double user_s = 0; ///< In ticks of 10 ms.
  double system_s = 0;
  double run_s = 0; ///< Run time of all threads, to the nanosecond.
  std::vector<double> run_s_each; ///< The same, by process as asked for.
  std::uint64_t rss_kb = 0;
  std::uint64_t peak_rss_kb = 0;
  std::uint64_t pss_kb = 0; ///< Only where asked for.
  int threads = 0;
  bool ok = true; ///< All of them live.

  /// To the nanosecond where the kernel has schedstat, else in ticks.
  [[nodiscard]] double cpu_s() const {
    return run_s > 0 ? run_s : user_s + system_s;
  }
};

process_sample sample_processes(const std::vector<int>& pids,
                                bool with_pss = false);

/// Restarts the kernel's peak mark, so that it speaks of our window only.
void reset_peak_rss(const std::vector<int>& pids);

/// Pages of kernel memory in TCP socket buffers, of the whole system.
std::uint64_t tcp_buffer_pages();

/// CPU time of this process.
double own_cpu_s();

} // namespace greenroom::bench
