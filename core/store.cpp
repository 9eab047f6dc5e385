#include "core/store.hpp"

#include <algorithm>

#include "core/protocol/codec.hpp"

namespace greenroom {

namespace {

/// What a message takes beside its texts: in memory about 290 bytes, in a file
/// about 40.
constexpr std::size_t overhead = 256;

} // namespace

std::optional<std::uint64_t>
log_state::goes_on_behind(const protocol::log_position& at) const {
  if (at.epoch == epoch && at.offset <= top)
    return at.offset;
  if (!before.empty() && at.epoch == before)
    return std::min(at.offset, base);
  return std::nullopt;
}

std::size_t bytes_of(const new_entry& what) {
  auto bytes = overhead;
  if (const auto* id = std::get_if<std::string>(&what.id))
    bytes += id->size();
  if (protocol::is_set(what.id))
    bytes += what.session.size();
  if (const auto* said = std::get_if<posted>(what.what.get()))
    bytes += said->user_id.size() + said->body.said.bytes.size()
             + said->event.size() + said->timestamp.bytes.size();
  return bytes;
}

std::size_t bytes_of(const stored_key& what) {
  return what.name.size() + protocol::longer_size(what.now)
         + what.user_id.size();
}

} // namespace greenroom
