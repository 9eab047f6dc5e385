#include "cluster/holdings_ledger.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/protocol/codec.hpp"

namespace greenroom::cluster {

namespace {

/// What an envelope shall not be much longer than.
constexpr std::size_t part_bytes_max = envelope_bytes_max;

/// Who holds more than is gathered may hold less after a minute.
constexpr std::uint64_t beats_when_too_long = 60;

/// An answer takes a beat or two: who is in the room gives one.
constexpr std::uint64_t beats_to_answer = 2;

/// What a peer's words came to is looked at once in so many: nothing is ever
/// wrong with it, if the rules are right.
constexpr std::uint64_t beats_between_checks = 5;

std::size_t bytes_of(const holdings::arrival& what) {
  return protocol::likely_size(what.who);
}

std::size_t bytes_of(const std::string& connection_id) {
  return connection_id.size();
}

std::size_t bytes_of(const holdings::key& what) {
  return what.name.size() + what.now.bytes.size() + what.user_id.size()
         + what.connection_id.size();
}

std::size_t bytes_of(const holdings& what) {
  std::size_t bytes = 0;
  auto add = [&](const auto& all) {
    for (const auto& each : all)
      bytes += bytes_of(each) + sizeof(each);
  };
  add(what.joined);
  add(what.left);
  add(what.keys);
  return bytes;
}

template <class T>
void append(std::vector<T>& to, std::vector<T>& more) {
  std::ranges::move(more, std::back_inserter(to));
}

/// Takes the next ones out of `from`: at most `holdings_part_max`, and none
/// once the part has all the bytes that it may have.
template <class T>
std::vector<T> some_of(std::vector<T>& from, std::size_t& taken,
                       std::size_t& bytes) {
  std::vector<T> some;
  for (; taken < from.size() && some.size() < holdings_part_max
         && bytes < part_bytes_max;
       ++taken) {
    bytes += bytes_of(from[taken]);
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
    std::size_t bytes = 0;
    part.what.joined = some_of(what.joined, joined, bytes);
    part.what.left = some_of(what.left, left, bytes);
    part.what.keys = some_of(what.keys, keys, bytes);
    part.last = !what.whole || !rest();
    parts.push_back(std::move(part));
  } while (rest());
  return parts;
}

holdings_ledger::verdict holdings_ledger::hear(room_holdings what) {
  auto& of = heard_[what.from.incarnation];
  if (what.at.stream < of.at.stream)
    return {}; // Late, of a former life of the room there.
  return what.what.whole ? hear_whole(of, std::move(what))
                         : hear_difference(of, std::move(what));
}

holdings_ledger::verdict holdings_ledger::hear_whole(peer& of,
                                                     room_holdings what) {
  if (what.part == 0) {
    of.parts = {};
    of.parts_at = what.at;
    of.parts_bytes = 0;
    of.is_too_long = false;
  } else if (of.is_too_long || what.part != of.next_part
             || what.at != of.parts_at) {
    return {}; // A part was lost; the digest will tell.
  }
  of.parts_bytes += bytes_of(what.what);
  if (of.parts_bytes > staged_bytes_max_) {
    of.parts = {};
    of.is_too_long = true;
    of.asked_in = beat_;
    return {std::nullopt, false, true};
  }
  of.next_part = what.part + 1;
  append(of.parts.joined, what.what.joined);
  append(of.parts.keys, what.what.keys);
  if (!what.last)
    return {};
  of.next_part = 0;
  auto all = std::exchange(of.parts, {});
  if (what.at < of.at)
    return {}; // Asked for before what was heard since.
  all.whole = true;
  of.at = what.at;
  of.known = true;
  of.is_doubted = false;
  return {std::move(all), false, false};
}

holdings_ledger::verdict holdings_ledger::hear_difference(peer& of,
                                                          room_holdings what) {
  if (of.known && what.at <= of.at)
    return {}; // Part of a whole that was heard.
  if (!of.known || of.at.stream != what.at.stream
      || of.at.version != what.since) {
    of.known = false;
    return {std::nullopt, asks(of), false};
  }
  of.at = what.at;
  of.is_doubted = false;
  return {std::move(what.what), false, false};
}

bool holdings_ledger::asks(peer& of) const {
  auto pause = of.is_too_long ? beats_when_too_long : 1;
  if (of.asked_in != 0 && beat_ - of.asked_in < pause)
    return false;
  of.asked_in = beat_;
  return true;
}

bool holdings_ledger::asks_behind(std::uint64_t incarnation,
                                  const holdings_place& at) {
  if (misses(incarnation, at))
    return asks(heard_[incarnation]);
  if (auto& of = heard_[incarnation]; of.at == at)
    of.is_doubted = false;
  return false;
}

bool holdings_ledger::is_to_be_checked(std::uint64_t incarnation,
                                       const holdings_place& at) {
  auto found = heard_.find(incarnation);
  if (found == heard_.end() || !found->second.known || found->second.at != at)
    return false;
  auto& of = found->second;
  if (of.checked_in != 0 && beat_ - of.checked_in < beats_between_checks)
    return false;
  of.checked_in = beat_;
  return true;
}

void holdings_ledger::doubt_all() {
  for (auto& [incarnation, of] : heard_) {
    of.is_doubted = true;
    of.asked_in = beat_;
  }
}

void holdings_ledger::doubt(std::uint64_t incarnation) {
  auto found = heard_.find(incarnation);
  if (found == heard_.end())
    return;
  found->second.known = false;
  found->second.asked_in = beat_;
}

std::vector<std::uint64_t> holdings_ledger::silent(std::size_t most) {
  std::vector<std::uint64_t> all;
  for (auto& [incarnation, of] : heard_)
    if (all.size() < most && (of.is_doubted || !of.known)
        && beat_ - of.asked_in >= beats_to_answer && asks(of))
      all.push_back(incarnation);
  return all;
}

bool holdings_ledger::misses(std::uint64_t incarnation,
                             const holdings_place& at) const {
  auto found = heard_.find(incarnation);
  if (found == heard_.end())
    return at.version > 0;
  return !found->second.known || found->second.at < at;
}

bool holdings_ledger::forget(std::uint64_t incarnation) {
  return heard_.erase(incarnation) > 0;
}

} // namespace greenroom::cluster
