#include "cluster/resp.hpp"

#include <charconv>
#include <cstring>
#include <optional>

namespace greenroom::cluster {

namespace {

using verdict = redis_parsed::verdict;
using kind = redis_reply::kind;

/// Longer than any number, and than any status or error that Redis gives.
constexpr std::size_t line_bytes_max = 64 * 1024;

constexpr std::string_view line_end = "\r\n";

void append_head(std::string& to, char mark, std::size_t number) {
  std::array<char, 24> text;
  text[0] = mark;
  auto end =
      std::to_chars(text.data() + 1, text.data() + text.size() - 2, number).ptr;
  *end++ = '\r';
  *end++ = '\n';
  to.append(text.data(), end);
}

/// Goes over the bytes of one reply from its first on.
class parser {
public:
  parser(std::string_view bytes, std::size_t bytes_max)
    : bytes_(bytes), bytes_max_(bytes_max) {}

  verdict read(redis_reply& to) {
    if (bytes_.empty())
      return lacks(1);
    if (bytes_[0] != '*')
      return read_single(to.is, to.text);
    std::string_view line;
    if (auto found = read_line(line); found != verdict::whole)
      return found;
    auto count = number_in(line);
    if (!count || *count < 0
        || *count > static_cast<std::int64_t>(redis_reply::elements_max))
      return verdict::broken;
    to.is = kind::array;
    to.count = static_cast<std::size_t>(*count);
    for (std::size_t i = 0; i < to.count; ++i)
      if (auto found = read_single(to.elements[i].is, to.elements[i].text);
          found != verdict::whole)
        return found;
    return verdict::whole;
  }

  [[nodiscard]] std::size_t at() const { return at_; }

private:
  verdict lacks(std::size_t whole) {
    at_ = whole;
    return whole > bytes_max_ ? verdict::too_long : verdict::incomplete;
  }

  /// Anything but an array.
  verdict read_single(kind& is, std::string_view& text) {
    if (at_ == bytes_.size())
      return lacks(at_ + 1);
    auto mark = bytes_[at_];
    std::string_view line;
    if (auto found = read_line(line); found != verdict::whole)
      return found;
    text = line;
    switch (mark) {
    case '+':
      is = kind::status;
      return verdict::whole;
    case '-':
      is = kind::error;
      return verdict::whole;
    case ':':
      is = kind::integer;
      return number_in(line) ? verdict::whole : verdict::broken;
    case '$':
      return read_text(line, is, text);
    default:
      return verdict::broken;
    }
  }

  verdict read_text(std::string_view line, kind& is, std::string_view& text) {
    auto size = number_in(line);
    if (!size || *size < -1)
      return verdict::broken;
    if (*size == -1) {
      is = kind::null;
      text = {};
      return verdict::whole;
    }
    if (static_cast<std::uint64_t>(*size) > bytes_max_)
      return verdict::too_long;
    auto length = static_cast<std::size_t>(*size);
    auto end = at_ + length + line_end.size();
    if (end > bytes_max_ || bytes_.size() < end)
      return lacks(end);
    is = kind::text;
    text = bytes_.substr(at_, length);
    at_ = end;
    return bytes_.substr(end - line_end.size(), line_end.size()) == line_end
               ? verdict::whole
               : verdict::broken;
  }

  /// Without the mark at its beginning and the line's end.
  verdict read_line(std::string_view& line) {
    auto rest = bytes_.substr(at_ + 1, line_bytes_max);
    auto end = rest.find('\r');
    if (end == std::string_view::npos || end + 1 == rest.size())
      return rest.size() == line_bytes_max ? verdict::broken
                                           : lacks(bytes_.size() + 1);
    if (rest[end + 1] != '\n')
      return verdict::broken;
    line = rest.substr(0, end);
    at_ += 1 + end + line_end.size();
    return at_ > bytes_max_ ? verdict::too_long : verdict::whole;
  }

  static std::optional<std::int64_t> number_in(std::string_view line) {
    std::int64_t number = 0;
    auto [end, failed] =
        std::from_chars(line.data(), line.data() + line.size(), number);
    if (failed != std::errc{} || end != line.data() + line.size())
      return std::nullopt;
    return number;
  }

  std::string_view bytes_;
  std::size_t bytes_max_;
  std::size_t at_ = 0;
};

} // namespace

void append_command(std::string& to, std::span<const std::string_view> parts) {
  append_head(to, '*', parts.size());
  for (auto part : parts) {
    append_head(to, '$', part.size());
    to.append(part).append(line_end);
  }
}

redis_parsed parse_reply(std::string_view bytes, std::size_t bytes_max,
                         redis_reply& to) {
  parser one{bytes, bytes_max};
  auto is = one.read(to);
  return {is, one.at()};
}

} // namespace greenroom::cluster
