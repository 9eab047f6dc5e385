#include "cluster/stored_key.hpp"

#include "cluster/posted_fields.hpp"
#include "core/protocol/codec.hpp"

namespace greenroom::cluster {

namespace {

constexpr std::uint64_t version = 1;

struct holding {
  std::string user_id;
  protocol::value now;
};

holding take_holding(fields from) {
  if (from.number("version") != version)
    refuse("version");
  holding to;
  to.user_id = from.text("user", text_bytes_max);
  to.now = take_optional_value(from, "value");
  if (to.now.bytes.size() > protocol::state_value_bytes_max)
    refuse("value");
  return to;
}

} // namespace

std::string encode_stored(const stored_key& what) {
  std::string bytes;
  string_sink sink{bytes};
  packer to{sink};
  to.pack_array(3).pack(version);
  put_text(to, what.user_id);
  put_value(to, what.now);
  return bytes;
}

boost::system::result<void, decode_error> decode_stored(std::string_view bytes,
                                                        stored_key& to) {
  auto found = decode_array(bytes, "key", take_holding);
  if (!found)
    return found.error();
  to.user_id = std::move(found->user_id);
  to.now = std::move(found->now);
  return {};
}

} // namespace greenroom::cluster
