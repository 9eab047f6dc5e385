#include "bench/wsload/process_sample.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace greenroom::bench {

namespace {

/// Empty where the file cannot be read: processes end when they like.
std::string contents(const std::string& path) {
  std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::uint64_t field_kb(const std::string& text, const char* name) {
  const auto at = text.find(name);
  return at == std::string::npos
             ? 0
             : std::strtoull(text.c_str() + at + std::strlen(name), nullptr,
                             10);
}

/// Adds utime and stime of /proc/PID/stat; false: there is no such process.
bool add_ticks(const std::string& folder, process_sample& to) {
  const auto stat = contents(folder + "/stat");
  const auto name_end = stat.rfind(')'); // A name may hold blanks.
  if (name_end == std::string::npos)
    return false;
  // Behind the name: the state is field 3, utime and stime are 14 and 15.
  std::istringstream fields{stat.substr(name_end + 2)};
  std::string skipped;
  for (int field = 3; field < 14; ++field)
    fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  const auto per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  to.user_s += user / per_second;
  to.system_s += system / per_second;
  return true;
}

void add_threads(const std::string& folder, process_sample& to) {
  std::error_code gone;
  for (const auto& entry :
       std::filesystem::directory_iterator{folder + "/task", gone}) {
    const auto line = contents(entry.path().string() + "/schedstat");
    to.run_s +=
        static_cast<double>(std::strtoull(line.c_str(), nullptr, 10)) * 1e-9;
    ++to.threads;
  }
}

} // namespace

process_sample sample_processes(const std::vector<int>& pids, bool with_pss) {
  process_sample sum;
  for (int pid : pids) {
    const auto folder = "/proc/" + std::to_string(pid);
    const double others = sum.run_s;
    sum.run_s_each.push_back(0);
    if (!add_ticks(folder, sum)) {
      sum.ok = false;
      continue;
    }
    add_threads(folder, sum);
    sum.run_s_each.back() = sum.run_s - others;
    const auto status = contents(folder + "/status");
    sum.rss_kb += field_kb(status, "VmRSS:");
    sum.peak_rss_kb += field_kb(status, "VmHWM:");
    if (with_pss)
      sum.pss_kb += field_kb(contents(folder + "/smaps_rollup"), "Pss:");
  }
  return sum;
}

void reset_peak_rss(const std::vector<int>& pids) {
  for (int pid : pids)
    std::ofstream{"/proc/" + std::to_string(pid) + "/clear_refs"} << '5';
}

std::uint64_t tcp_buffer_pages() {
  const auto text = contents("/proc/net/sockstat");
  const auto line = text.find("TCP: ");
  return line == std::string::npos ? 0 : field_kb(text.substr(line), "mem ");
}

double own_cpu_s() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec)
           + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

} // namespace greenroom::bench
