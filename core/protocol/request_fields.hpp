#pragma once

// Between the bytes and the request: a dialect fills `client_fields` with what
// it found, `to_request` applies the rules. So the rules are written once, and
// both dialects refuse the same things in the same words.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/protocol/codec.hpp"

namespace greenroom::protocol {

/// One value as its dialect read it. Views into the dialect's buffers.
struct field {
  enum class kind : std::uint8_t {
    absent,
    null,
    boolean,
    natural,  ///< An integer from 0 to 2^64 - 1.
    negative, ///< An integer from -2^63 to -1.
    number,   ///< Any other number that is finite.
    string,
    list,
    map,
    other,
  };

  kind is = kind::absent;
  bool truth = false;
  std::uint64_t natural = 0;
  std::int64_t negative = 0;
  std::string_view text;  ///< Of a string, unescaped.
  std::string_view slice; ///< The whole value, verbatim.
};

/// The entries of `to` where it is a list.
struct name_list {
  std::vector<std::string_view> names;
  std::size_t entries = 0;
  bool only_strings = true;

  /// Keeps no more than `names_max`; the rest is only counted.
  void add(const field& entry, std::size_t names_max);
};

/// The inside of `since`, and of each room of a `resume`.
struct position_fields {
  field epoch;
  field offset;

  [[nodiscard]] field* find(std::string_view name);
};

/// The entries of `rooms` where it is a map.
struct room_list {
  struct entry {
    std::string_view room_id;
    field what;
    position_fields inside;
  };

  std::vector<entry> rooms;
  std::size_t entries = 0;

  /// Where to put the next one; null: there are `rooms_max` already, the rest
  /// is only counted.
  [[nodiscard]] entry* add(std::string_view room_id, std::size_t rooms_max);
};

/// Fields that only rare requests have.
struct rare_fields {
  field key;
  field value;
  field if_version;
  field ttl;
  field bound;
  field history;
  field from;
  field limit;
  field session;
  field by;
  field rooms;
  field traceparent;
  room_list rooms_list;
};

/// The top-level fields that this version knows. Of a name that comes twice,
/// the last one counts.
struct client_fields {
  field type;
  field id;
  field room_id;
  field user_id;
  field token;
  field text;
  field data;
  field event;
  field timestamp;
  field is_typing;
  field to;
  field since;
  name_list to_names;
  position_fields since_fields;
  /// Made when the first of them comes: clearing them all would cost every
  /// message.
  std::optional<rare_fields> rare;

  /// Where to put the field `name`; null: not known, to be ignored.
  [[nodiscard]] field* find(std::string_view name);
};

[[nodiscard]] decoded to_request(const client_fields& from, encoding as,
                                 const decode_limits& limits);

/// A refusal that carries `id` and `roomId` where they could be read.
[[nodiscard]] refusal refuse(const client_fields& from, error_code code,
                             std::string text);

/// The same words in both dialects.
[[nodiscard]] refusal refuse_depth(const client_fields& from,
                                   std::uint32_t levels_max);

} // namespace greenroom::protocol
