// Any bytes from the bus give an envelope or an error; what is an envelope can
// be written again and then says the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cluster/envelope.hpp"

using namespace greenroom::cluster;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  auto found = decode({reinterpret_cast<const char*>(bytes), size});
  if (!found)
    return 0;
  if (auto* traffic = std::get_if<room_traffic>(&*found)) {
    auto again =
        encode(traffic->from, traffic->at, traffic->room, traffic->what);
    auto back = decode(again);
    if (!back || !std::holds_alternative<room_traffic>(*back))
      std::abort();
  }
  return 0;
}
