#include "cluster/stored_message.hpp"

#include "cluster/posted_fields.hpp"

namespace greenroom::cluster {

namespace {

constexpr std::uint64_t version = 1;

posted take_stored(fields from) {
  if (from.number("version") != version)
    refuse("version");
  auto to = take_posted(from);
  to.trace = take_trace(from);
  return to;
}

} // namespace

std::string encode_stored(const posted& what) {
  std::string bytes;
  bytes.reserve(likely_size(what));
  string_sink sink{bytes};
  packer to{sink};
  to.pack_array(1 + posted_elements + (what.trace ? 1 : 0)).pack(version);
  put_posted(to, what);
  if (what.trace)
    put_trace(to, what);
  return bytes;
}

boost::system::result<posted, decode_error>
decode_stored(std::string_view bytes) {
  return decode_array(bytes, "message", take_stored);
}

} // namespace greenroom::cluster
