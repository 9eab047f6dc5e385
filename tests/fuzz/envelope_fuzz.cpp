#include "cluster/envelope.hpp"
#include "tests/fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace greenroom;
  using namespace greenroom::cluster;
  auto found = decode(fuzz::view(data, size));
  if (!found) {
    fuzz::must(!found.error().text.empty(), "an error has a text");
    return 0;
  }
  if (auto* held = std::get_if<room_holdings>(&*found)) {
    auto again = decode(encode(*held));
    fuzz::must(again.has_value(), "holdings that came can be sent on");
    return 0;
  }
  auto* came = std::get_if<room_traffic>(&*found);
  if (came == nullptr)
    return 0;
  std::span<const room_event_ptr> rest{came->what};
  fuzz::must(!rest.empty(), "traffic has an event");
  while (!rest.empty()) {
    std::size_t taken = 0;
    auto sent = encode(came->from, came->at, came->room, rest, taken);
    auto again = decode(sent);
    fuzz::must(again.has_value(), "what came can be sent on");
    const auto& back = std::get<room_traffic>(*again);
    fuzz::must(back.what.size() == taken, "whole");
    fuzz::must(encode(back.from, back.at, back.room, back.what, taken) == sent,
               "and then says the same");
    rest = rest.subspan(taken);
  }
  return 0;
}
