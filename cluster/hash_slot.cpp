#include "cluster/hash_slot.hpp"

#include <boost/crc.hpp>

namespace greenroom::cluster {

namespace {

/// CRC-16 as XMODEM has it.
std::uint16_t slot_of(std::string_view bytes) {
  boost::crc_optimal<16, 0x1021, 0, 0, false, false> sum;
  sum.process_bytes(bytes.data(), bytes.size());
  return static_cast<std::uint16_t>(sum.checksum() % hash_slots);
}

} // namespace

std::uint16_t hash_slot(std::string_view name) {
  auto open = name.find('{');
  if (open == std::string_view::npos)
    return slot_of(name);
  auto end = name.find('}', open + 1);
  if (end == std::string_view::npos || end == open + 1)
    return slot_of(name);
  return slot_of(name.substr(open + 1, end - open - 1));
}

std::uint16_t hash_slot_of_tag(std::string_view tag) {
  return slot_of(tag.substr(0, tag.find('}')));
}

} // namespace greenroom::cluster
