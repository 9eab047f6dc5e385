#include "cluster/resp.hpp"
#include "tests/fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace greenroom;
  using namespace greenroom::cluster;
  using verdict = redis_parsed::verdict;
  constexpr std::size_t bytes_max = 4'096;
  auto bytes = fuzz::view(data, size);
  redis_reply reply;
  auto found = parse_reply(bytes, bytes_max, reply);
  if (found.is == verdict::incomplete) {
    fuzz::must(found.used > bytes.size(), "more is needed than is there");
    fuzz::must(found.used <= bytes_max, "and no more than there may be");
  }
  if (found.is != verdict::whole)
    return 0;
  fuzz::must(found.used <= bytes.size(), "a whole reply is there");
  // Cut short, it is the beginning of the same.
  for (std::size_t n = 0; n < found.used; ++n) {
    redis_reply part;
    auto begun = parse_reply(bytes.substr(0, n), bytes_max, part);
    fuzz::must(begun.is == verdict::incomplete, "not whole before its end");
    fuzz::must(begun.used <= found.used, "and told no more than it has");
  }
  return 0;
}
