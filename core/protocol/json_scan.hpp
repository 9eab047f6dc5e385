#pragma once

// How this node reads JSON with simdjson: what json.cpp, json_survey.cpp and
// transcode_json.cpp share. Of a node, nobody else parses with simdjson.

#include <cstdint>
#include <memory>
#include <string_view>

#include <simdjson.h>

namespace greenroom::protocol {

/// A parser and the padded copy that simdjson wants to read from. One for each
/// thread, kept from message to message; what a big message made it grow to is
/// given back.
class json_scratch {
public:
  class lease;

  json_scratch() = default;
  json_scratch(const json_scratch&) = delete;
  json_scratch& operator=(const json_scratch&) = delete;

private:
  /// Copies `prefix`, `bytes` and `suffix` behind each other.
  bool load(std::string_view prefix, std::string_view bytes,
            std::string_view suffix);

  static constexpr std::size_t kept_bytes_max = 256 * 1024;

  simdjson::ondemand::parser parser_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

/// The thread's scratch for the time of one document. Not to be nested.
class json_scratch::lease {
public:
  lease();
  ~lease();
  lease(const lease&) = delete;
  lease& operator=(const lease&) = delete;

  /// Starts on the document `bytes`. False: it is certainly not JSON.
  bool start(std::string_view bytes, simdjson::ondemand::document& to) {
    return start("", bytes, "", to);
  }

  /// Starts on a list whose only entry is `bytes`, so that a lone number or
  /// string is read by the same code as one inside a document.
  bool start_wrapped(std::string_view bytes, simdjson::ondemand::document& to) {
    return start("[", bytes, "]", to);
  }

private:
  bool start(std::string_view prefix, std::string_view bytes,
             std::string_view suffix, simdjson::ondemand::document& to);

  json_scratch& scratch_;
};

/// The characters of the value at hand up to the next token, without the white
/// space behind it: a whole scalar, or the bracket that opens a container.
[[nodiscard]] std::string_view token_of(simdjson::ondemand::value& from);

[[nodiscard]] std::string_view without_trailing_space(std::string_view text);

/// Whether nothing follows the document whose value was read.
[[nodiscard]] bool at_end(simdjson::ondemand::document& from);

/// Reads and consumes a string whose token is `token`. False: a bad escape.
[[nodiscard]] bool read_string(simdjson::ondemand::value& from,
                               std::string_view token, std::string_view& to);

/// Runs `each` on name and value of every field. False: the bytes are not JSON,
/// or `each` gave false, which ends the walk.
template <class Each>
bool each_field(simdjson::ondemand::object& from, Each each) {
  for (auto next : from) {
    simdjson::ondemand::field at;
    std::string_view name;
    if (std::move(next).get(at) != simdjson::SUCCESS
        || at.unescaped_key().get(name) != simdjson::SUCCESS
        || !each(name, at.value()))
      return false;
  }
  return true;
}

/// The same for the entries of a list.
template <class Each>
bool each_entry(simdjson::ondemand::array& from, Each each) {
  for (auto next : from) {
    simdjson::ondemand::value at;
    if (next.get(at) != simdjson::SUCCESS || !each(at))
      return false;
  }
  return true;
}

} // namespace greenroom::protocol
