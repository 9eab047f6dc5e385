#include "app/log_line.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace greenroom::app {

namespace {

/// Bytes of the UTF-8 sequence that the text starts with; 0 if it is none.
std::size_t utf8_length(std::string_view text) {
  auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  auto follows = [&](std::size_t i) {
    return (byte(i) & 0xc0u) == 0x80u;
  };
  auto lead = byte(0);
  if (lead < 0x80)
    return 1;
  if (lead >= 0xc2 && lead <= 0xdf)
    return follows(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    bool too_long = lead == 0xe0 && byte(1) < 0xa0;
    bool surrogate = lead == 0xed && byte(1) > 0x9f;
    return follows(1) && follows(2) && !too_long && !surrogate ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    bool too_long = lead == 0xf0 && byte(1) < 0x90;
    bool too_high = lead == 0xf4 && byte(1) > 0x8f;
    return follows(1) && follows(2) && follows(3) && !too_long && !too_high ? 4
                                                                            : 0;
  }
  return 0;
}

void append_escape(std::string& out, unsigned code) {
  char escape[8];
  std::snprintf(escape, sizeof escape, "\\u%04x", code);
  out += escape;
}

/// As a JSON string with its quotes. Control characters of both kinds (C0, C1)
/// are escaped: the line may end on a terminal.
void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    auto length = utf8_length(text);
    auto first = static_cast<unsigned char>(text[0]);
    if (length == 0)
      out += "\xef\xbf\xbd"; // U+FFFD
    else if (first == '"' || first == '\\')
      (out += '\\') += text[0];
    else if (first < 0x20 || first == 0x7f)
      append_escape(out, first);
    else if (first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0)
      append_escape(out, static_cast<unsigned char>(text[1]));
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  out += '"';
}

template <class Number>
void append_number(std::string& out, Number number) {
  char digits[32];
  auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

/// For people: in quotes only where the value would be taken for more.
void append_plain(std::string& out, std::string_view text) {
  auto is_plain = [](char x) {
    return x > ' ' && x < 0x7f && x != '"';
  };
  if (!text.empty() && std::ranges::all_of(text, is_plain))
    out += text;
  else
    append_json_string(out, text);
}

void append_value(std::string& out, const log::field_value& what,
                  log_style style) {
  struct {
    std::string& out;
    log_style style;

    void operator()(bool x) const { out += x ? "true" : "false"; }
    void operator()(std::int64_t x) const { append_number(out, x); }
    void operator()(std::uint64_t x) const { append_number(out, x); }
    void operator()(double x) const {
      if (std::isfinite(x))
        append_number(out, x);
      else
        out += "null"; // JSON knows no other.
    }
    void operator()(std::string_view x) const {
      style == log_style::json ? append_json_string(out, x)
                               : append_plain(out, x);
    }
  } append{out, style};
  std::visit(append, what);
}

std::string_view name_of(log::level importance) {
  switch (importance) {
  case log::level::debug:
    return "debug";
  case log::level::info:
    return "info";
  case log::level::warn:
    return "warn";
  case log::level::error:
    return "error";
  }
  return "error";
}

std::string_view colour_of(log::level importance) {
  switch (importance) {
  case log::level::debug:
    return "\x1b[2m";
  case log::level::info:
    return "\x1b[32m";
  case log::level::warn:
    return "\x1b[33m";
  case log::level::error:
    return "\x1b[31m";
  }
  return "";
}

/// RFC 3339, UTC, milliseconds: `2026-11-22T12:00:00.123Z`.
std::string time_stamp(std::chrono::system_clock::time_point when) {
  using namespace std::chrono;
  auto day = floor<days>(when);
  year_month_day date{day};
  hh_mm_ss time{floor<milliseconds>(when - day)};
  char text[64];
  std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
      static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()),
      static_cast<int>(time.subseconds().count()));
  return text;
}

std::string json_line(const std::string& stamp, std::string_view node_id,
                      const log::event& what,
                      std::initializer_list<log::field> fields) {
  std::string out = R"({"ts":")" + stamp + R"(","level":")";
  out += name_of(what.importance);
  out += R"(","event":)";
  append_json_string(out, what.name);
  out += R"(,"node":)";
  append_json_string(out, node_id);
  for (const auto& field : fields) {
    out += ',';
    append_json_string(out, field.name);
    out += ':';
    append_value(out, field.what, log_style::json);
  }
  return out += "}\n";
}

std::string text_line(const std::string& stamp, bool coloured,
                      const log::event& what,
                      std::initializer_list<log::field> fields) {
  // A person reads one node at a time and needs neither its name nor the day.
  auto out = stamp.substr(stamp.find('T') + 1) + ' ';
  constexpr std::size_t level_width = 5;
  auto level = std::string{name_of(what.importance)};
  level.resize(level_width, ' ');
  if (coloured)
    (out += colour_of(what.importance)) += level + "\x1b[0m";
  else
    out += level;
  (out += ' ') += what.name;
  for (const auto& field : fields) {
    (out += ' ') += field.name;
    out += '=';
    append_value(out, field.what, log_style::text);
  }
  return out += '\n';
}

} // namespace

std::string log_line(log_style style,
                     std::chrono::system_clock::time_point when,
                     std::string_view node_id, const log::event& what,
                     std::initializer_list<log::field> fields) {
  auto stamp = time_stamp(when);
  if (style == log_style::json)
    return json_line(stamp, node_id, what, fields);
  return text_line(stamp, style == log_style::coloured_text, what, fields);
}

} // namespace greenroom::app
