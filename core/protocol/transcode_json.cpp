// JSON to MessagePack. Two walks: the first counts, because MessagePack wants
// to know how many entries follow, and finds the tags; the second writes.

#include <limits>
#include <optional>
#include <vector>

#include "core/base64.hpp"
#include "core/protocol/json_number.hpp"
#include "core/protocol/json_survey.hpp"
#include "core/protocol/msgpack_pack.hpp"
#include "core/protocol/transcode.hpp"

namespace greenroom::protocol {

namespace {

using simdjson::ondemand::array;
using simdjson::ondemand::document;
using simdjson::ondemand::object;
using json_value = simdjson::ondemand::value;

constexpr auto ok = simdjson::SUCCESS;

/// The second walk, over what the first found valid.
class msgpack_writer {
public:
  msgpack_writer(std::string& out,
                 const std::vector<json_container>& containers)
    : out_(out), next_(containers.begin()) {}

  void write(json_value from) {
    auto token = token_of(from);
    switch (token.front()) {
    case '{':
      return write_object(from);
    case '[':
      return write_list(from);
    case '"':
      return pack_text(out_, text_of(from));
    case 'n':
      out_ += '\xc0';
      return;
    case 't':
      out_ += '\xc3';
      return;
    case 'f':
      out_ += '\xc2';
      return;
    default:
      write_number(token);
    }
  }

private:
  static std::string_view text_of(json_value from) {
    std::string_view text;
    return read_string(from, token_of(from), text) ? text : "";
  }

  void write_number(std::string_view token) {
    auto number = place_number(token);
    if (number.in == number_home::real)
      return pack_real(out_, number.real);
    pack(out_, [&](auto& to) {
      if (number.in == number_home::natural)
        to.pack_uint64(number.natural);
      else if (number.in == number_home::negative)
        to.pack_int64(number.negative);
      else
        to.pack_ext(token.size(), number_ext);
    });
    if (number.in == number_home::ext)
      out_ += token;
  }

  void write_list(json_value from) {
    pack(out_, [&](auto& to) { to.pack_array(next_->entries); });
    ++next_;
    each_of(from, [this](json_value at) { write(at); });
  }

  void write_object(json_value from) {
    auto [entries, means] = *next_++;
    if (means == tag::none)
      pack(out_, [size = entries](auto& to) { to.pack_map(size); });
    object inside;
    if (from.get_object().get(inside) != ok)
      return;
    each_field(inside, [&, kind = means](std::string_view key, json_value at) {
      if (kind == tag::none)
        pack_text(out_, key);
      write_inside(kind, at);
      return true;
    });
  }

  void write_inside(tag means, json_value from) {
    switch (means) {
    case tag::none:
      return write(from);
    case tag::bin:
      return write_bin(text_of(from));
    case tag::ext:
      return write_ext(from);
    case tag::float_name:
      return write_float(text_of(from));
    case tag::map:
      return write_pairs(from);
    }
  }

  void write_bin(std::string_view base64) {
    auto bytes = from_base64(base64).value_or("");
    auto size = static_cast<std::uint32_t>(bytes.size());
    pack(out_, [&](auto& to) { to.pack_bin(size); });
    out_ += bytes;
  }

  void write_ext(json_value from) {
    ++next_; // The list of type and bytes.
    std::int8_t type = 0;
    each_of(from, [&](json_value at) {
      auto token = token_of(at);
      if (token.front() != '"') {
        type = converts(token, type) ? type : std::int8_t{0};
        return;
      }
      auto bytes = from_base64(text_of(at)).value_or("");
      pack(out_, [&](auto& to) { to.pack_ext(bytes.size(), type); });
      out_ += bytes;
    });
  }

  void write_float(std::string_view name) {
    using limits = std::numeric_limits<double>;
    auto number = name == "nan"   ? limits::quiet_NaN()
                  : name == "inf" ? limits::infinity()
                                  : -limits::infinity();
    pack_real(out_, number);
  }

  void write_pairs(json_value from) {
    pack(out_, [&](auto& to) { to.pack_map(next_->entries); });
    ++next_; // The list of pairs.
    each_of(from, [this](json_value pair) {
      ++next_; // The pair.
      each_of(pair, [this](json_value at) { write(at); });
    });
  }

  template <class Each>
  static void each_of(json_value from, Each each) {
    array inside;
    if (from.get_array().get(inside) == ok)
      each_entry(inside, [&](json_value at) {
        each(at);
        return true;
      });
  }

  std::string& out_;
  std::vector<json_container>::const_iterator next_;
};

} // namespace

void append_as_msgpack(std::string& out, std::string_view bytes) {
  json_scratch::lease scratch;
  document from;
  auto found =
      scratch.start_wrapped(bytes, from) ? survey_json(from) : std::nullopt;
  if (!found) {
    out += '\xc0';
    return;
  }
  from.rewind();
  msgpack_writer writer{out, *found};
  only_entry(from, [&](json_value at) {
    writer.write(at);
    return true;
  });
}

} // namespace greenroom::protocol
