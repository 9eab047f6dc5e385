// A node whose code throws where the tests of whole nodes want it to.
//
//   FAULTS='room.publish:boom:2 store.decide::1 fan_out.append::3:500'
//
// throws at these points (core/fault_point.hpp), where the text is at hand, so
// many times (`always`: without end), each time or every so many times. With a
// fifth part it does not throw, but keeps its thread for so many milliseconds.

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "app/program.hpp"
#include "core/fault_point.hpp"

namespace {

struct fault {
  std::string point;
  std::string text;
  std::uint64_t left = 0;
  std::uint64_t every = 1;
  std::chrono::milliseconds blocks{0};
  std::uint64_t passed = 0;

  bool is_due(std::string_view at, std::string_view at_hand) {
    if (left == 0 || point != at || at_hand.find(text) == std::string_view::npos
        || ++passed % every != 0)
      return false;
    --left;
    return true;
  }
};

std::mutex faults_lock; // Loops and the store's thread come here.
std::vector<fault> faults;

std::optional<std::chrono::milliseconds> due_at(std::string_view point,
                                                std::string_view at_hand) {
  std::lock_guard lock{faults_lock};
  for (auto& each : faults)
    if (each.is_due(point, at_hand))
      return each.blocks;
  return std::nullopt;
}

void fail_where_asked(std::string_view point, std::string_view at_hand) {
  auto blocks = due_at(point, at_hand);
  if (!blocks)
    return;
  if (blocks->count() == 0)
    throw std::runtime_error{"a fault that a test asked for"};
  std::this_thread::sleep_for(*blocks);
}

fault read_fault(const std::string& word) {
  std::vector<std::string> parts;
  std::istringstream all{word};
  for (std::string part; std::getline(all, part, ':');)
    parts.push_back(part);
  if (parts.size() < 3 || parts.size() > 5)
    throw std::invalid_argument{"FAULTS: not POINT:TEXT:TIMES[:EVERY[:MS]]: "
                                + word};
  return {
      parts[0], parts[1],
      parts[2] == "always" ? UINT64_MAX : std::stoull(parts[2]),
      parts.size() > 3 ? std::stoull(parts[3]) : 1,
      std::chrono::milliseconds{parts.size() > 4 ? std::stoull(parts[4]) : 0}};
}

std::vector<fault> read_faults(const std::string& text) {
  std::vector<fault> all;
  std::istringstream words{text};
  for (std::string word; words >> word;)
    all.push_back(read_fault(word));
  return all;
}

} // namespace

int main(int argc, char** argv) {
  const auto* asked = std::getenv("FAULTS");
  if (asked != nullptr)
    faults = read_faults(asked);
  greenroom::installed_fault_hook = fail_where_asked;
  return greenroom::app::run_program(argc, argv);
}
