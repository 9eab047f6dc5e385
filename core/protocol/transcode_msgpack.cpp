// MessagePack to JSON. Two walks: the first finds the maps that are no JSON
// objects, which only their last key may tell; the second writes.

#include <cmath>
#include <vector>

#include "core/base64.hpp"
#include "core/json_writer.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/json_number.hpp"
#include "core/protocol/msgpack_scan.hpp"
#include "core/protocol/tags.hpp"
#include "core/protocol/transcode.hpp"

namespace greenroom::protocol {

namespace {

/// Says of each map, in the order of their headers, whether it needs `$map`.
class survey_visitor : public checking_visitor {
public:
  explicit survey_visitor(std::vector<bool>& needs_tag)
    : checking_visitor(1, depth_max), needs_tag_(needs_tag) {}

  bool start_map(std::uint32_t entries) {
    key_is_no_string();
    open_.push_back({needs_tag_.size(), entries});
    needs_tag_.push_back(false);
    return checking_visitor::start_map(entries);
  }

  bool start_map_key() {
    at_key_ = true;
    return true;
  }

  bool end_map() {
    open_.pop_back();
    return checking_visitor::end_map();
  }

  bool start_array(std::uint32_t entries) {
    key_is_no_string();
    return checking_visitor::start_array(entries);
  }

  bool visit_str(const char* text, std::uint32_t size) {
    if (at_key_ && open_.back().entries == 1 && size > 0
        && tag_named({text, size}) != tag::none)
      needs_tag_[open_.back().index] = true;
    at_key_ = false;
    return checking_visitor::visit_str(text, size);
  }

  bool visit_nil() { return key_is_no_string(); }
  bool visit_boolean(bool) { return key_is_no_string(); }
  bool visit_positive_integer(std::uint64_t) { return key_is_no_string(); }
  bool visit_negative_integer(std::int64_t) { return key_is_no_string(); }
  bool visit_float32(float) { return key_is_no_string(); }
  bool visit_float64(double) { return key_is_no_string(); }
  bool visit_bin(const char*, std::uint32_t) { return key_is_no_string(); }
  bool visit_ext(const char*, std::uint32_t) { return key_is_no_string(); }

private:
  struct map {
    std::size_t index;
    std::uint32_t entries;
  };

  /// Called by everything that is no string, in case it is a key.
  bool key_is_no_string() {
    if (at_key_)
      needs_tag_[open_.back().index] = true;
    at_key_ = false;
    return true;
  }

  std::vector<bool>& needs_tag_;
  std::vector<map> open_;
  bool at_key_ = false;
};

/// Writes. The bytes have passed the survey, so nothing is checked again. No
/// value ends in an opening bracket: the last character tells whether a comma
/// is due.
class json_visitor : public ::msgpack::null_visitor {
public:
  json_visitor(std::string& out, const std::vector<bool>& needs_tag)
    : out_(out), needs_tag_(needs_tag) {}

  bool visit_nil() { return put("null"); }

  bool visit_boolean(bool truth) { return put(truth ? "true" : "false"); }

  bool visit_positive_integer(std::uint64_t number) {
    append_json_natural(out_, number);
    return true;
  }

  bool visit_negative_integer(std::int64_t number) {
    append_json_integer(out_, number);
    return true;
  }

  bool visit_float32(float number) { return visit_float64(number); }

  bool visit_float64(double number) {
    if (std::isnan(number))
      return put(R"({"$float":"nan"})");
    if (std::isinf(number))
      return put(number > 0 ? R"({"$float":"inf"})" : R"({"$float":"-inf"})");
    append_json_double(out_, number);
    return true;
  }

  bool visit_str(const char* text, std::uint32_t size) {
    append_json_string(out_, view(text, size));
    return true;
  }

  bool visit_bin(const char* bytes, std::uint32_t size) {
    out_ += R"({"$bin":")";
    append_base64(out_, view(bytes, size));
    return put(R"("})");
  }

  bool visit_ext(const char* bytes, std::uint32_t size) {
    auto type = static_cast<std::int8_t>(bytes[0]);
    std::string_view inside{bytes + 1, size - 1};
    if (type == number_ext && place_number(inside).in == number_home::ext)
      return put(inside);
    out_ += R"({"$ext":[)";
    append_json_integer(out_, type);
    out_ += ",\"";
    append_base64(out_, inside);
    return put(R"("]})");
  }

  bool start_array(std::uint32_t) { return put("["); }
  bool start_array_item() { return put(out_.back() == '[' ? "" : ","); }
  bool end_array() { return put("]"); }

  bool start_map(std::uint32_t) {
    tagged_.push_back(needs_tag_[next_map_++]);
    return put(tagged_.back() ? R"({"$map":[)" : "{");
  }

  bool start_map_key() {
    bool first = out_.back() == '{' || out_.back() == '[';
    put(first ? "" : ",");
    return put(tagged_.back() ? "[" : "");
  }

  bool end_map_key() { return put(tagged_.back() ? "," : ":"); }

  bool end_map_value() { return put(tagged_.back() ? "]" : ""); }

  bool end_map() {
    put(tagged_.back() ? "]}" : "}");
    tagged_.pop_back();
    return true;
  }

private:
  bool put(std::string_view text) {
    out_ += text;
    return true;
  }

  /// msgpack-c gives no address for what is empty.
  static std::string_view view(const char* bytes, std::uint32_t size) {
    return size == 0 ? std::string_view{} : std::string_view{bytes, size};
  }

  std::string& out_;
  const std::vector<bool>& needs_tag_;
  std::size_t next_map_ = 0;
  std::vector<bool> tagged_;
};

template <class Visitor>
bool parse_whole(std::string_view bytes, Visitor& visitor) {
  std::size_t at = 0;
  return !bytes.empty()
         && ::msgpack::parse(bytes.data(), bytes.size(), at, visitor)
         && at == bytes.size();
}

} // namespace

bool is_msgpack(std::string_view bytes) {
  checking_visitor visitor{1, depth_max};
  return parse_whole(bytes, visitor);
}

void append_as_json(std::string& out, std::string_view bytes) {
  std::vector<bool> needs_tag;
  survey_visitor survey{needs_tag};
  if (!parse_whole(bytes, survey)) {
    out += "null";
    return;
  }
  json_visitor visitor{out, needs_tag};
  parse_whole(bytes, visitor);
}

} // namespace greenroom::protocol
