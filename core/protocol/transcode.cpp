// How a value looks in the other dialect [P-3.6]. docs/protocol.md repeats this
// table for those who write clients.
//
//   JSON                                MessagePack
//   ----------------------------------  ----------------------------------
//   null, true, false, string           the same
//   list, object                        array, map; order and duplicates kept
//   integer, -2^63 to 2^64 - 1          int, uint (the shortest form)
//   -0                                  float64
//   number with fraction or exponent    float64, where that number written
//                                       with as many digits is the same
//   every other number (beyond 64 bit,  ext of type 1: its JSON text
//   over 17 digits, 1e400)
//   number with fraction or exponent    float32, float64: the digits that
//                                       read back as the same double
//   {"$float":"nan"|"inf"|"-inf"}       a float that is no finite number
//   {"$bin":"<base64>"}                 bin
//   {"$ext":[type,"<base64>"]}          ext, but for numbers as above
//   {"$map":[[key,value],…]}            a map with a key that is no string, or
//                                       whose only key is one of these names
//
// The tags are read in both directions. An object with another only key, such
// as {"$gt":5}, is an object like any other. So is a tag with something else
// inside, as in {"$bin":5}; but MessagePack clients that pass it on make it
// {"$map":[["$bin",5]]}, as they would with a map of their own.

#include "core/protocol/transcode.hpp"

#include <algorithm>

#include "core/protocol/codec.hpp"

namespace greenroom::protocol {

std::string transcode(const value& from, encoding to) {
  if (from.in == to)
    return from.bytes;
  std::string out;
  out.reserve(from.bytes.size() * 5 / 4 + 16);
  if (to == encoding::json)
    append_as_json(out, from.bytes);
  else
    append_as_msgpack(out, from.bytes);
  return out;
}

std::size_t size_in(encoding as, const value& what) {
  if (what.empty() || what.in == as)
    return what.bytes.size();
  return transcode(what, as).size();
}

std::size_t longer_size(const value& what) {
  if (what.empty())
    return 0;
  return std::max(size_in(encoding::json, what),
                  size_in(encoding::msgpack, what));
}

bool is_value(const value& what) {
  return what.in == encoding::json ? is_json(what.bytes)
                                   : is_msgpack(what.bytes);
}

bool is_string_value(const value& what) {
  if (!is_value(what))
    return false;
  auto head = static_cast<unsigned char>(what.bytes.front());
  if (what.in == encoding::json)
    return head == '"';
  // fixstr, str 8, str 16, str 32
  return (head & 0xe0) == 0xa0 || (head >= 0xd9 && head <= 0xdb);
}

} // namespace greenroom::protocol
