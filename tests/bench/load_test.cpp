#include <set>

#include "bench/wsload/load.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom::bench;

namespace {

client nth(const load& shared, std::uint32_t id) {
  const auto rooms = static_cast<std::uint32_t>(shared.opt.rooms);
  client who;
  who.id = id;
  who.room = id % rooms;
  who.seat = id / rooms;
  return who;
}

options rooms_of(int connections, int rooms, int rooms_each) {
  options opt;
  opt.mode = run_mode::rooms;
  opt.connections = opt.senders = connections;
  opt.rooms = rooms;
  opt.rooms_each = rooms_each;
  return opt;
}

/// Who hears `who`, counted from the receivers' side.
std::uint64_t hearers(const load& shared, std::uint32_t who) {
  std::uint64_t count = 0;
  for (std::uint32_t id = 0; id < shared.clients.size(); ++id) {
    const auto receiver = nth(shared, id);
    if (id != who
        && shared.place_of(receiver, who) < shared.senders_near(receiver))
      ++count;
  }
  return count;
}

} // namespace

TEST_CASE("a message is expected by as many as take it for theirs") {
  for (auto [connections, rooms, each] :
       {std::tuple{12, 3, 1}, {10, 4, 1}, {8, 8, 4}, {24, 8, 3}}) {
    const auto opt = rooms_of(connections, rooms, each);
    const load shared{opt};
    for (std::uint32_t id = 0; id < shared.clients.size(); ++id)
      CHECK(shared.deliveries_of(nth(shared, id)) == hearers(shared, id));
  }
}

TEST_CASE("every sender near a receiver has a place of its own") {
  const auto opt = rooms_of(24, 8, 3);
  const load shared{opt};
  const auto receiver = nth(shared, 7); // Its rooms: 7, 0 and 1.
  std::set<std::size_t> places;
  for (std::uint32_t sender : {7U, 15U, 23U, 0U, 8U, 16U, 1U, 9U, 17U})
    places.insert(shared.place_of(receiver, sender));
  CHECK(places.size() == 9);
  CHECK(*places.rbegin() < shared.senders_near(receiver));
  CHECK(shared.place_of(receiver, 2) >= shared.senders_near(receiver));
}
