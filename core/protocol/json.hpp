#pragma once

// The dialect `greenroom.v1.json`.

#include <string>
#include <string_view>

#include "core/protocol/codec.hpp"

namespace greenroom::protocol::json {

/// Validates every byte, not only the fields that are used: what is passed on
/// verbatim must not break a client that reads it.
[[nodiscard]] decoded decode(std::string_view bytes,
                             const decode_limits& limits);

/// Writes maps and lists as JSON. See core/protocol/fields.hpp for who calls.
class writer {
public:
  static constexpr encoding dialect = encoding::json;

  explicit writer(std::string& out) : out_(out) {}

  /// Gives what `end_map` wants back.
  std::size_t begin_map();
  void end_map(std::size_t token);
  void key(std::string_view name); ///< Letters only, written as it is.

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
};

} // namespace greenroom::protocol::json
