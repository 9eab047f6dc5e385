#pragma once

// Reads the elements of a MessagePack array in their order; what stands behind
// the last one that is asked for is ignored. For the decoders of this folder:
// refusing is throwing, and `decode_array` ends that.

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <boost/system/result.hpp>
#include <msgpack.hpp>
#include <simdjson.h>

#include "cluster/decode_error.hpp"
#include "core/protocol/codec.hpp"

namespace greenroom::cluster {

/// What the longest id, user or event name may have; each has a tighter bound
/// where clients give it.
inline constexpr std::size_t text_bytes_max = 256;

/// Of `message_key`: a session, a mark, and an id as long as clients may have
/// them.
inline constexpr std::size_t key_bytes_max = 2 * text_bytes_max + 1;

/// A field that is missing, of another type or out of its bounds.
class bad_field {
public:
  explicit bad_field(const char* name) : name_(name) {}

  [[nodiscard]] std::string text() const {
    return std::string{"bad or missing field: "} + name_;
  }

private:
  const char* name_;
};

[[noreturn]] inline void refuse(const char* name) {
  throw bad_field{name};
}

[[nodiscard]] inline bool is_utf8(std::string_view text) {
  // simdjson loads whole registers even of nothing.
  return text.empty() || simdjson::validate_utf8(text.data(), text.size());
}

class fields {
public:
  /// `from` must outlive this. Throws `bad_field`, as do all members.
  static fields of(const msgpack::object& from, const char* name) {
    if (from.type != msgpack::type::ARRAY)
      refuse(name);
    return fields{from.via.array.ptr, from.via.array.size};
  }

  [[nodiscard]] bool at_end() const { return left_ == 0; }
  [[nodiscard]] std::size_t left() const { return left_; }

  std::uint64_t number(const char* name) {
    const auto& what = next(name);
    if (what.type != msgpack::type::POSITIVE_INTEGER)
      refuse(name);
    return what.via.u64;
  }

  std::int64_t signed_number(const char* name) {
    const auto& what = next(name);
    if (what.type == msgpack::type::NEGATIVE_INTEGER)
      return what.via.i64;
    if (what.type != msgpack::type::POSITIVE_INTEGER
        || what.via.u64 > static_cast<std::uint64_t>(INT64_MAX))
      refuse(name);
    return static_cast<std::int64_t>(what.via.u64);
  }

  bool flag(const char* name) {
    const auto& what = next(name);
    if (what.type != msgpack::type::BOOLEAN)
      refuse(name);
    return what.via.boolean;
  }

  std::string_view bytes(const char* name) {
    const auto& what = next(name);
    if (what.type != msgpack::type::BIN)
      refuse(name);
    return {what.via.bin.ptr, what.via.bin.size};
  }

  /// Valid UTF-8, maybe empty.
  std::string_view text(const char* name, std::size_t bytes_max) {
    const auto& what = next(name);
    if (what.type != msgpack::type::STR || what.via.str.size > bytes_max)
      refuse(name);
    std::string_view found{what.via.str.ptr, what.via.str.size};
    if (!is_utf8(found))
      refuse(name);
    return found;
  }

  /// Text, or nothing where it is something else or too long: not worth a
  /// refusal.
  std::string_view any_text(std::size_t bytes_max) {
    const auto& what = next("text");
    if (what.type != msgpack::type::STR || what.via.str.size > bytes_max)
      return {};
    return {what.via.str.ptr, what.via.str.size};
  }

  /// Text that names something: not empty, no control character.
  std::string_view name(const char* field, std::size_t bytes_max) {
    auto found = text(field, bytes_max);
    if (!protocol::is_name(found, bytes_max))
      refuse(field);
    return found;
  }

  /// Whatever it is; nothing where nothing is left.
  void skip() {
    if (left_ > 0)
      --left_, ++next_;
  }

  fields list(const char* name) { return of(next(name), name); }

private:
  fields(const msgpack::object* first, std::uint32_t count)
    : next_(first), left_(count) {}

  const msgpack::object& next(const char* name) {
    if (left_ == 0)
      refuse(name);
    --left_;
    return *next_++;
  }

  const msgpack::object* next_;
  std::uint32_t left_;
};

/// What a node may send at most in one array (`limits.recipients` goes up to
/// this), and far below what would cost memory before a single entry is there.
inline constexpr std::size_t array_entries_max = 4'096;
inline constexpr std::size_t array_depth_max = 16;

/// The value at `at`, which then is behind it. Lives as long as `memory` and
/// `bytes`.
inline msgpack::object take_object(std::string_view bytes, std::size_t& at,
                                   msgpack::zone& memory) {
  auto by_reference = [](msgpack::type::object_type, std::size_t, void*) {
    return true;
  };
  msgpack::unpack_limit limits{array_entries_max, array_entries_max,
                               bytes.size(),      bytes.size(),
                               bytes.size(),      array_depth_max};
  return msgpack::unpack(memory, bytes.data(), bytes.size(), at, by_reference,
                         nullptr, limits);
}

/// What `take` makes of the array that `bytes` are. Total: any bytes give a
/// value or an error. `name` says what it should be.
template <class Take>
auto decode_array(std::string_view bytes, const char* name, Take take)
    -> boost::system::result<decltype(take(std::declval<fields>())),
                             decode_error> {
  try {
    msgpack::zone memory{1'024};
    std::size_t read = 0;
    auto root = take_object(bytes, read, memory);
    if (read != bytes.size())
      return decode_error{std::string{"bytes after the "} + name};
    return take(fields::of(root, name));
  } catch (const bad_field& wrong) {
    return decode_error{wrong.text()};
  } catch (const std::exception&) {
    return decode_error{"no complete MessagePack value"};
  }
}

/// Inside of `decode_array`: `take` is given each of the arrays that `bytes`
/// are, one behind the other.
template <class Take>
void each_array(std::string_view bytes, const char* name, Take take) {
  for (std::size_t at = 0; at < bytes.size();) {
    msgpack::zone memory{256};
    take(fields::of(take_object(bytes, at, memory), name));
  }
}

} // namespace greenroom::cluster
