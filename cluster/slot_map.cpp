#include "cluster/slot_map.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include <hiredis/hiredis.h>

namespace greenroom::cluster {

namespace {

using address = slot_map::address;

std::span<redisReply* const> elements_of(const redisReply* whole) {
  if (whole == nullptr || whole->type != REDIS_REPLY_ARRAY)
    return {};
  return {whole->element, whole->elements};
}

std::optional<std::uint16_t> number_of(const redisReply* from,
                                       long long below) {
  if (from == nullptr || from->type != REDIS_REPLY_INTEGER || from->integer < 0
      || from->integer >= below)
    return std::nullopt;
  return static_cast<std::uint16_t>(from->integer);
}

/// An address, a port, and what is not looked at. A node that does not know its
/// own address is where it was asked.
std::optional<address> address_of(const redisReply* node,
                                  const address& asked) {
  auto parts = elements_of(node);
  if (parts.size() < 2)
    return std::nullopt;
  auto port = number_of(parts[1], 0x1'0000);
  if (!port || *port == 0)
    return std::nullopt;
  address to{asked.host, *port};
  if (parts[0]->type == REDIS_REPLY_STRING && parts[0]->len > 0)
    to.host.assign(parts[0]->str, parts[0]->len);
  return to;
}

/// It is to be reached by a name, and has none.
bool is_hidden(const address& what) {
  return what.host == "?";
}

std::size_t place_of(std::vector<address>& all, address what) {
  auto found = std::ranges::find(all, what);
  if (found == all.end())
    found = all.insert(found, std::move(what));
  return static_cast<std::size_t>(found - all.begin());
}

} // namespace

/// First slot, last slot, master, replicas. False: it is none of these.
bool slot_map::take_range(const redisReply* told, const address& asked) {
  auto parts = elements_of(told);
  if (parts.size() < 3)
    return false;
  auto first = number_of(parts[0], hash_slots);
  auto last = number_of(parts[1], hash_slots);
  auto master = address_of(parts[2], asked);
  if (!first || !last || *last < *first || !master)
    return false;
  if (is_hidden(*master))
    return true; // Its slots are missing.
  auto owner = place_of(masters_, std::move(*master));
  if (owner >= masters_max)
    return false;
  std::fill(owners_.begin() + *first, owners_.begin() + *last + 1,
            static_cast<std::uint16_t>(owner));
  for (const auto* each : parts.subspan(3))
    if (auto replica = address_of(each, asked);
        replica && !is_hidden(*replica) && replicas_.size() < masters_max)
      place_of(replicas_, std::move(*replica));
  return true;
}

boost::system::result<slot_map, slot_map_error>
slot_map::read(const redis_reply& answer, const address& asked) {
  if (answer.is == redis_reply::kind::error)
    return slot_map_error{std::string{answer.text}};
  auto ranges = elements_of(answer.whole);
  if (ranges.empty())
    return slot_map_error{"no slot has a master"};
  slot_map to;
  for (const auto* each : ranges)
    if (!to.take_range(each, asked))
      return slot_map_error{"not a map of slots"};
  if (to.masters_.empty())
    return slot_map_error{"no master has an address"};
  return to;
}

std::size_t slot_map::missing() const {
  return static_cast<std::size_t>(std::ranges::count(owners_, nobody));
}

std::size_t slot_map::differences(const slot_map& other) const {
  std::size_t found = 0;
  for (std::uint16_t slot = 0; slot < hash_slots; ++slot) {
    auto here = owner(slot);
    auto there = other.owner(slot);
    bool same = here == nobody || there == nobody
                    ? here == there
                    : masters_[here] == other.masters_[there];
    found += same ? 0 : 1;
  }
  return found;
}

} // namespace greenroom::cluster
