#include "cluster/slot_map.hpp"

#include "tests/fuzz/fuzz.hpp"
#include "tests/support/resp.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace greenroom;
  using cluster::slot_map;
  auto reply = test::read_resp(fuzz::view(data, size));
  if (!reply)
    return 0;
  auto map = slot_map::read(cluster::redis_reply{*reply}, {"asked", 1});
  if (!map) {
    fuzz::must(!map.error().text.empty(), "an error has a text");
    return 0;
  }
  fuzz::must(!map->masters().empty(), "a map has masters");
  fuzz::must(map->masters().size() <= slot_map::masters_max,
             "masters are bounded");
  for (const auto& each : map->masters())
    fuzz::must(!each.host.empty() && each.port > 0, "a master can be reached");
  for (std::uint16_t slot = 0; slot < cluster::hash_slots; ++slot)
    fuzz::must(map->owner(slot) == slot_map::nobody
                   || map->owner(slot) < map->masters().size(),
               "an owner is a master");
  fuzz::must(map->differences(*map) == 0, "a map is like itself");
  return 0;
}
