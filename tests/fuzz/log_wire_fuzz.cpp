#include "cluster/log_wire.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace greenroom;
using namespace greenroom::cluster;

void check(const std::vector<keyed_entry>& entries, std::uint64_t first) {
  for (const auto& each : entries)
    fuzz::must(each.is.offset >= first, "offsets go up from the first");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto bytes = fuzz::view(data, size);
  if (auto found = decode_published(bytes, "epoch", 2)) {
    check(found->entries, 3);
    if (found->epoch != "epoch")
      fuzz::must(found->entries.empty(), "of another epoch nothing is kept");
  } else {
    fuzz::must(!found.error().text.empty(), "an error has a text");
  }
  if (auto found = decode_read_answer(bytes)) {
    check(found->entries, found->start);
    fuzz::must(found->first <= found->top + 1, "what is kept is in the log");
  }
  if (auto found = decode_append_answer(bytes))
    fuzz::must(!found->epoch.empty(), "an answer has an epoch");
  if (auto found = decode_tops(bytes)) {
    auto again = decode_tops(encode_tops(*found));
    fuzz::must(again.has_value(), "what was read can be said");
    fuzz::must(encode_tops(*again) == encode_tops(*found),
               "and then says the same");
  }
  return 0;
}
