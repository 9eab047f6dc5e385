#include <algorithm>

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
    if (const auto* said = std::get_if<published_entries>(&*found)) {
      check(said->entries, 3);
      if (said->epoch != "epoch")
        fuzz::must(said->entries.empty(), "of another epoch nothing is kept");
    } else {
      const auto& keys = std::get<published_keys>(*found);
      auto number = keys.before;
      for (const auto& each : keys.changes)
        fuzz::must(each.number == ++number, "changes have no hole");
    }
  } else {
    fuzz::must(!found.error().text.empty(), "an error has a text");
  }
  if (auto found = decode_keys_answer(bytes))
    fuzz::must(!found->epoch.empty(), "an answer has an epoch");
  if (auto found = decode_read_answer(bytes)) {
    check(found->entries, found->start);
    fuzz::must(found->first <= found->top + 1, "what is kept is in the log");
    if (found->keys)
      fuzz::must(std::ranges::is_sorted(*found->keys, {}, &stored_key::number),
                 "keys come by their numbers");
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
