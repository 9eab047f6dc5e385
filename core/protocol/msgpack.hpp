#pragma once

// The dialect `greenroom.v1.msgpack`: the maps of the JSON dialect in
// MessagePack.

#include <string>
#include <string_view>

#include "core/protocol/codec.hpp"

namespace greenroom::protocol::msgpack {

/// As json::decode: validates every byte, also of what is not used.
[[nodiscard]] decoded decode(std::string_view bytes,
                             const decode_limits& limits);

/// Writes maps and lists as MessagePack. A map counts its fields while they are
/// written: up to 15, which is more than any message has.
class writer {
public:
  static constexpr encoding dialect = encoding::msgpack;

  explicit writer(std::string& out) : out_(out) {}

  /// Gives what `end_map` wants back.
  std::size_t begin_map();
  void end_map(std::size_t outer);
  void key(std::string_view name);

  void begin_list(std::size_t entries);
  void end_list();
  void begin_entry();

  void string(std::string_view text);
  void integer(std::int64_t number);
  void natural(std::uint64_t number);
  void boolean(bool truth);
  void null();
  void any(encoding in, std::string_view bytes);

private:
  std::string& out_;
  std::size_t map_ = 0; ///< Where the header of the open map is.
};

} // namespace greenroom::protocol::msgpack
