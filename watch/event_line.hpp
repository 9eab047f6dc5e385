#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/log.hpp"
#include "watch/utc_time.hpp"

namespace greenroom::watch {

/// One line of an event log (docs/events.md). Its texts are valid until the
/// reader reads the next one.
struct event_line {
  utc_ms at = 0;
  std::uint64_t seq = 0;
  std::string_view level;
  std::string_view event;
  std::string_view node;

  // -- the actor that tells it; 0: none does
  std::uint64_t actor = 0;
  std::string_view kind;
  std::string_view name;
  std::uint64_t parent = 0;

  /// Those of the event, in their order.
  std::vector<log::field> fields;

  /// Empty or 0 where there is no such field, or of another type.
  [[nodiscard]] std::string_view text(std::string_view field) const;
  [[nodiscard]] std::uint64_t count(std::string_view field) const;
  [[nodiscard]] bool flag(std::string_view field) const;

private:
  [[nodiscard]] const log::field_value* find(std::string_view field) const;
};

/// Reads lines, and keeps the memory that it takes.
class event_reader {
public:
  event_reader();
  ~event_reader();

  /// Null where it is no event: no JSON object, no field that every line has,
  /// or of a contract that is not ours (`v`). Total.
  [[nodiscard]] const event_line* read(std::string_view line);

private:
  struct parser;
  std::unique_ptr<parser> parser_;
  event_line line_;
};

} // namespace greenroom::watch
