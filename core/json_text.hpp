#pragma once

// JSON for those who read it now and then: pages, frames of a dashboard,
// pictures of a log.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/json_writer.hpp"

namespace greenroom {

/// The members of an object (`{`), or the entries of a list (`[`), one after
/// the other; an entry has no name.
class json_text {
public:
  explicit json_text(char opening) { out_ += opening; }

  json_text& text(std::string_view name, std::string_view value) {
    append_json_string(begin(name), value);
    return *this;
  }

  /// Left out where it is empty.
  json_text& text_if(std::string_view name, std::string_view value) {
    return value.empty() ? *this : text(name, value);
  }

  json_text& number(std::string_view name, std::uint64_t value) {
    append_json_natural(begin(name), value);
    return *this;
  }

  json_text& number_if(std::string_view name, std::uint64_t value) {
    return value == 0 ? *this : number(name, value);
  }

  json_text& rate(std::string_view name, double value) {
    append_json_double(begin(name), value);
    return *this;
  }

  json_text& flag(std::string_view name, bool value) {
    begin(name) += value ? "true" : "false";
    return *this;
  }

  json_text& json(std::string_view name, std::string_view value) {
    begin(name) += value;
    return *this;
  }

  /// Ends it, with what it began with. It is empty then.
  [[nodiscard]] std::string end() {
    out_ += out_.front() == '{' ? '}' : ']';
    return std::move(out_);
  }

private:
  std::string& begin(std::string_view name) {
    if (out_.size() > 1)
      out_ += ',';
    if (!name.empty()) {
      append_json_string(out_, name);
      out_ += ':';
    }
    return out_;
  }

  std::string out_;
};

/// `[…]` of what `to_json` makes of each item.
template <class Items, class ToJson>
std::string list_of(const Items& items, ToJson to_json) {
  json_text out{'['};
  for (const auto& each : items)
    out.json({}, to_json(each));
  return out.end();
}

} // namespace greenroom
