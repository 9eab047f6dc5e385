#include "actors/replay.hpp"

#include "actors/lane_kind.hpp"
#include "core/protocol/codec.hpp"

namespace greenroom::actors {

namespace {

/// What a message takes on the wire at the most: it may be several times as
/// long as its sender said it.
std::size_t likely_bytes(const log_entry& entry, protocol::encoding as) {
  constexpr std::size_t fields = 160;
  constexpr std::size_t escape = 6; // \u0000
  constexpr std::size_t quote = 2;  // Names have no control characters.
  const auto& said = std::get<posted>(*entry.what);
  return fields + quote * said.user_id.size() + escape * said.event.size()
         + protocol::size_in(as, said.body.said)
         + protocol::size_in(as, said.timestamp);
}

/// Whether no offset is between the two.
bool are_neighbours(const log_entry& one, const log_entry& other) {
  return one.offset + 1 == other.offset || other.offset + 1 == one.offset;
}

/// Up to a message that could not be read, too: no jump is silent [P-4.1].
template <class Iterator>
std::size_t count_within(Iterator from, Iterator to, std::size_t bytes_max,
                         protocol::encoding as) {
  std::size_t count = 0;
  for (std::size_t bytes = 0; from != to; ++from, ++count) {
    bytes += likely_bytes(*from, as);
    if (count > 0
        && (bytes > bytes_max || !are_neighbours(*std::prev(from), *from)))
      break;
  }
  return count;
}

} // namespace

protocol::room_message seen_by(const std::string& connection_id,
                               const std::string& room_id,
                               const log_entry& entry) {
  const auto& said = std::get<posted>(*entry.what);
  bool is_own = entry.session == connection_id && protocol::is_set(entry.id);
  return {room_id,
          said.user_id,
          &said.body,
          said.event,
          said.timestamp.empty() ? nullptr : &said.timestamp,
          said.stamped,
          entry.offset,
          is_own ? &entry.id : nullptr};
}

bool replay::add(const log_entry& entry) {
  auto encoding = encoding_of(to_.lane.kind);
  auto payload = protocol::encode(
      encoding, seen_by(to_.about.connection_id, room_id_, entry));
  char header[ws::header_bytes_max];
  auto header_bytes =
      ws::write_header(header, opcode_of(encoding), payload.size());
  // One comes in any case: it is no longer than a message may be.
  if (!frames_.empty()
      && frames_.size() + header_bytes + payload.size() > bytes_max_)
    return false;
  frames_.append(header, header_bytes).append(payload);
  return true;
}

bool is_longer(const room_store::entries& of, std::size_t bytes_max) {
  std::size_t bytes = 0;
  for (const auto& each : of) {
    bytes += std::get<posted>(*each.what).body.said.bytes.size();
    if (bytes > bytes_max)
      return true;
  }
  return false;
}

std::size_t oldest_within(const room_store::entries& of, std::size_t bytes_max,
                          protocol::encoding as) {
  return count_within(of.begin(), of.end(), bytes_max, as);
}

std::size_t newest_within(const room_store::entries& of, std::size_t bytes_max,
                          protocol::encoding as) {
  return count_within(of.rbegin(), of.rend(), bytes_max, as);
}

} // namespace greenroom::actors
