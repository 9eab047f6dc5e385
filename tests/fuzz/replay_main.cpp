// Stands in for libFuzzer: replays a folder of inputs, then damaged copies of
// them, the same in every run.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/fuzz.hpp"
#include "tests/support/mutate.hpp"

namespace {

constexpr std::uint32_t seed = 7;
constexpr int rounds = 20'000;

void run(std::string_view bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                         bytes.size());
}

std::vector<std::string> read_all(const char* folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator{folder})
    paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end()); // Or the seed would mean nothing.
  std::vector<std::string> inputs;
  for (const auto& path : paths) {
    std::ifstream file{path, std::ios::binary};
    inputs.emplace_back(std::istreambuf_iterator<char>{file},
                        std::istreambuf_iterator<char>{});
  }
  return inputs;
}

} // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s CORPUS\n", arguments[0]);
    return 2;
  }
  auto inputs = read_all(arguments[1]);
  for (const auto& input : inputs)
    run(input);
  std::printf("%zu inputs, %d mutations, seed %u\n", inputs.size(), rounds,
              static_cast<unsigned int>(seed));
  std::fflush(stdout);
  std::string alphabet;
  for (int i = 0; i < 256; ++i)
    alphabet += static_cast<char>(i);
  alphabet += R"({}[]:,"\\0123456789-.eE$)";
  greenroom::test::random dice{seed};
  for (int i = 0; i < rounds && !inputs.empty(); ++i) {
    const auto& input = inputs[greenroom::test::pick(dice, inputs.size())];
    run(greenroom::test::mutated(dice, input, alphabet));
  }
  return inputs.empty() ? 1 : 0;
}
