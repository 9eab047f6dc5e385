#pragma once

// A message to all as elements of a MessagePack array:
//
//   user, is_text, said, event, timestamp, stamped
//
// and, where its client asked for its way to be told, at the very end, trace.
// said and timestamp, which a client gave, are [encoding, bytes]. So it
// stands in envelopes and in what is stored. Places are never reused.

#include <cstdint>

#include "cluster/envelope_fields.hpp"
#include "cluster/msgpack_writer.hpp"
#include "core/room_event.hpp"

namespace greenroom::cluster {

inline constexpr std::uint32_t posted_elements = 6;

void put_value(packer& to, const protocol::value& what);

/// A value, or nothing. Throws `bad_field`.
[[nodiscard]] protocol::value take_optional_value(fields& from,
                                                  const char* name);

void put_posted(packer& to, const posted& what);

/// Checks values as a client's own are. Throws `bad_field`.
[[nodiscard]] posted take_posted(fields& from);

/// The trace of a message, as an element behind all that it had before; where
/// none is left, or it is none, it has none.
void put_trace(packer& to, const posted& what);
[[nodiscard]] message_trace_ptr take_trace(fields& from);

/// About what it takes.
[[nodiscard]] std::size_t likely_size(const posted& what);

} // namespace greenroom::cluster
