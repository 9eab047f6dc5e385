#pragma once

// Messages for tests of both dialects, written as JSON.

#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "core/protocol/codec.hpp"
#include "core/protocol/transcode.hpp"

namespace greenroom::test {

inline constexpr auto dialects = {protocol::encoding::json,
                                  protocol::encoding::msgpack};

/// `json` in the dialect `as`.
inline std::string in(protocol::encoding as, std::string_view json) {
  if (as == protocol::encoding::json)
    return std::string{json};
  std::string out;
  protocol::append_as_msgpack(out, json);
  return out;
}

/// What `bytes` of the dialect `as` say, for comparing.
inline boost::json::value meaning(protocol::encoding as,
                                  std::string_view bytes) {
  std::string json{bytes};
  if (as == protocol::encoding::msgpack) {
    json.clear();
    protocol::append_as_json(json, bytes);
  }
  return boost::json::parse(json);
}

} // namespace greenroom::test
