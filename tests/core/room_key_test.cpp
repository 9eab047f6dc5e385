#include "core/room_key.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "tests/support/catch.hpp"

using namespace greenroom;

TEST_CASE("rooms of either space even out over any number of loops") {
  constexpr std::size_t rooms = 1'000;
  for (auto space : {room_space::protocol, room_space::relay}) {
    for (std::size_t loops : {2, 3, 4, 6, 8}) {
      std::vector<std::size_t> homes(loops);
      for (std::size_t i = 0; i < rooms; ++i) {
        const room_key key{space, std::to_string(i)};
        ++homes[std::hash<room_key>{}(key) % loops];
      }
      CAPTURE(space, loops, homes);
      auto [fewest, most] = std::minmax_element(homes.begin(), homes.end());
      CHECK(*fewest > rooms / loops * 3 / 4);
      CHECK(*most < rooms / loops * 5 / 4);
    }
  }
}

TEST_CASE("a name lives elsewhere in the other space") {
  for (std::size_t loops : {2, 3, 4}) {
    CHECK(std::hash<room_key>{}({room_space::protocol, "lounge"}) % loops
          != std::hash<room_key>{}({room_space::relay, "lounge"}) % loops);
  }
}
