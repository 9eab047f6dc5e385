#include "cluster/holdings_ledger.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace greenroom::cluster {

namespace {

/// Bytes of values in one envelope, about: see `envelope_bytes_max`.
constexpr std::size_t values_bytes_max = envelope_bytes_max;

template <class T>
void append(std::vector<T>& to, std::vector<T>& more) {
  std::ranges::move(more, std::back_inserter(to));
}

/// Takes the next ones out of `from`, at most `holdings_part_max`.
template <class T>
std::vector<T> some_of(std::vector<T>& from, std::size_t& taken) {
  auto count = std::min(from.size() - taken, holdings_part_max);
  auto first = from.begin() + static_cast<std::ptrdiff_t>(taken);
  taken += count;
  return {std::make_move_iterator(first),
          std::make_move_iterator(first + static_cast<std::ptrdiff_t>(count))};
}

/// Likewise, and not many more bytes than an envelope shall have.
std::vector<holdings::key> some_keys_of(std::vector<holdings::key>& from,
                                        std::size_t& taken) {
  std::vector<holdings::key> some;
  for (std::size_t bytes = 0;
       taken < from.size() && some.size() < holdings_part_max
       && bytes < values_bytes_max;
       ++taken) {
    bytes += from[taken].now.bytes.size() + from[taken].name.size();
    some.push_back(std::move(from[taken]));
  }
  return some;
}

} // namespace

std::vector<room_holdings> holdings_ledger::tell(holdings what) {
  std::vector<room_holdings> parts;
  std::size_t joined = 0, left = 0, keys = 0;
  auto rest = [&] {
    return joined < what.joined.size() || left < what.left.size()
           || keys < what.keys.size();
  };
  // A whole stands at one version in all its parts, each difference at one
  // more.
  do {
    if (parts.empty() || !what.whole)
      ++own_.version;
    room_holdings part;
    part.at = own_;
    part.since = own_.version - 1;
    part.part = what.whole ? parts.size() : 0;
    part.what.whole = what.whole;
    part.what.joined = some_of(what.joined, joined);
    part.what.left = some_of(what.left, left);
    part.what.keys = some_keys_of(what.keys, keys);
    part.last = !what.whole || !rest();
    parts.push_back(std::move(part));
  } while (rest());
  return parts;
}

holdings_ledger::verdict holdings_ledger::hear(room_holdings what) {
  auto& of = heard_[what.from.incarnation];
  if (of.known && what.at.stream < of.at.stream)
    return {}; // Late, of a former life of the room there.
  return what.what.whole ? hear_whole(of, std::move(what))
                         : hear_difference(of, std::move(what));
}

holdings_ledger::verdict holdings_ledger::hear_whole(peer& of,
                                                     room_holdings what) {
  if (what.part == 0)
    of.parts = {};
  else if (what.part != of.next_part)
    return {}; // A part was lost; the digest will tell.
  of.next_part = what.part + 1;
  append(of.parts.joined, what.what.joined);
  append(of.parts.keys, what.what.keys);
  if (!what.last)
    return {};
  of.next_part = 0;
  auto all = std::exchange(of.parts, {});
  if (of.known && what.at < of.at)
    return {}; // Asked for before what was heard since.
  all.whole = true;
  of.at = what.at;
  of.known = true;
  return {std::move(all), false};
}

holdings_ledger::verdict holdings_ledger::hear_difference(peer& of,
                                                          room_holdings what) {
  if (of.known && what.at <= of.at)
    return {}; // Part of a whole that was heard.
  if (!of.known || of.at.stream != what.at.stream
      || of.at.version != what.since) {
    of.known = false;
    return {std::nullopt, true};
  }
  of.at = what.at;
  return {std::move(what.what), false};
}

bool holdings_ledger::misses(std::uint64_t incarnation,
                             const holdings_place& at) {
  auto found = heard_.find(incarnation);
  if (found == heard_.end())
    return at.version > 0;
  return !found->second.known || found->second.at < at;
}

bool holdings_ledger::forget(std::uint64_t incarnation) {
  return heard_.erase(incarnation) > 0;
}

} // namespace greenroom::cluster
