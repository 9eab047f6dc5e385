#include "cluster/posted_fields.hpp"

#include "core/protocol/codec.hpp"

namespace greenroom::cluster {

void put_value(packer& to, const protocol::value& what) {
  to.pack_array(2).pack(static_cast<std::uint8_t>(what.in));
  put_bytes(to, what.bytes);
}

namespace {

protocol::value take_value(fields from) {
  protocol::value to;
  auto in = from.number("encoding");
  if (in > static_cast<std::uint64_t>(protocol::encoding::msgpack))
    refuse("encoding");
  to.in = static_cast<protocol::encoding>(in);
  to.bytes = from.bytes("value");
  return to;
}

} // namespace

protocol::value take_optional_value(fields& from, const char* name) {
  auto to = take_value(from.list(name));
  if (!to.empty() && !protocol::is_value(to))
    refuse(name);
  return to;
}

void put_posted(packer& to, const posted& what) {
  put_text(to, what.user_id);
  to.pack(what.body.is_text);
  put_value(to, what.body.said);
  put_text(to, what.event);
  put_value(to, what.timestamp);
  to.pack(what.stamped);
}

posted take_posted(fields& from) {
  posted to;
  to.user_id = from.text("user", text_bytes_max);
  to.body.is_text = from.flag("is_text");
  to.body.said = take_value(from.list("said"));
  if (!(to.body.is_text ? protocol::is_string_value(to.body.said)
                        : protocol::is_value(to.body.said)))
    refuse("said");
  to.event = from.text("event", text_bytes_max);
  to.timestamp = take_optional_value(from, "timestamp");
  to.stamped = from.signed_number("stamped");
  return to;
}

void put_trace(packer& to, const posted& what) {
  put_text(to, what.trace->parent);
}

message_trace_ptr take_trace(fields& from) {
  return from.at_end() ? nullptr : sampled_trace(from.any_text(text_bytes_max));
}

std::size_t likely_size(const posted& what) {
  return 64 + what.user_id.size() + what.body.said.bytes.size()
         + what.event.size() + what.timestamp.bytes.size() + what.key.size()
         + (what.trace ? what.trace->parent.size() : 0);
}

} // namespace greenroom::cluster
