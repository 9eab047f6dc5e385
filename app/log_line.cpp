#include "app/log_line.hpp"

#include <algorithm>
#include <cstdio>

#include "core/json_writer.hpp"
#include "core/time_stamp.hpp"

namespace greenroom::app {

namespace {

/// As a JSON string with its quotes. DEL and C1 control characters (U+0080 to
/// U+009F) are escaped, too: the line may end on a terminal.
void append_string(std::string& out, std::string_view text) {
  auto begin = out.size();
  append_json_string(out, text);
  for (auto i = begin; i < out.size(); ++i) {
    auto byte = static_cast<unsigned char>(out[i]);
    bool is_c1 = byte == 0xc2 && static_cast<unsigned char>(out[i + 1]) < 0xa0;
    if (byte != 0x7f && !is_c1)
      continue;
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\u%04x",
                  is_c1 ? static_cast<unsigned char>(out[i + 1]) : byte);
    out.replace(i, is_c1 ? 2 : 1, escape);
  }
}

/// For people: in quotes only where the value would be taken for more.
void append_plain(std::string& out, std::string_view text) {
  auto is_plain = [](char x) {
    return x > ' ' && x < 0x7f && x != '"';
  };
  if (!text.empty() && std::ranges::all_of(text, is_plain))
    out += text;
  else
    append_string(out, text);
}

void append_value(std::string& out, const log::field_value& what,
                  log_style style) {
  struct {
    std::string& out;
    log_style style;

    void operator()(bool x) const { out += x ? "true" : "false"; }
    void operator()(std::int64_t x) const { append_json_integer(out, x); }
    void operator()(std::uint64_t x) const { append_json_natural(out, x); }
    void operator()(double x) const { append_json_double(out, x); }
    void operator()(std::string_view x) const {
      style == log_style::json ? append_string(out, x) : append_plain(out, x);
    }
  } append{out, style};
  std::visit(append, what);
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

// The length of the rest of the head's beginning is always the same.
constexpr std::string_view before_stamp = R"({"v":1,"ts":")";
constexpr std::string_view before_seq = R"(,"seq":)";
constexpr std::size_t stamp_size = 24;
constexpr std::size_t number_at = before_stamp.size() + stamp_size + 1;
static_assert(log::schema_version == 1);

void append_speaker(std::string& out, const log::speaker& who) {
  out += R"(,"actor":)";
  append_json_natural(out, who.actor);
  out += R"(,"kind":)";
  append_string(out, who.kind);
  if (!who.name.empty()) {
    out += R"(,"name":)";
    append_string(out, who.name);
  }
  if (who.parent != 0) {
    out += R"(,"parent":)";
    append_json_natural(out, who.parent);
  }
}

std::string json_line(const line_head& head, const log::event& what,
                      std::initializer_list<log::field> fields) {
  std::string out{before_stamp};
  out += time_stamp(std::chrono::floor<std::chrono::milliseconds>(head.when));
  out += R"(","level":")";
  out += to_string(what.importance);
  out += R"(","event":)";
  append_string(out, what.name);
  out += R"(,"node":)";
  append_string(out, head.node_id);
  if (head.who != nullptr)
    append_speaker(out, *head.who);
  for (const auto& field : fields) {
    out += ',';
    append_string(out, field.name);
    out += ':';
    append_value(out, field.what, log_style::json);
  }
  return out += "}\n";
}

void append_field(std::string& out, std::string_view name,
                  const log::field_value& what) {
  (out += ' ') += name;
  out += '=';
  append_value(out, what, log_style::text);
}

std::string text_line(const line_head& head, bool coloured,
                      const log::event& what,
                      std::initializer_list<log::field> fields) {
  // A person reads one node at a time and needs neither its name nor the day.
  auto stamp =
      time_stamp(std::chrono::floor<std::chrono::milliseconds>(head.when));
  auto out = stamp.substr(stamp.find('T') + 1) + ' ';
  constexpr std::size_t level_width = 5;
  auto level = std::string{to_string(what.importance)};
  level.resize(level_width, ' ');
  if (coloured)
    (out += colour_of(what.importance)) += level + "\x1b[0m";
  else
    out += level;
  (out += ' ') += what.name;
  for (const auto& field : fields)
    append_field(out, field.name, field.what);
  if (head.who != nullptr) {
    append_field(out, "actor",
                 std::string{head.who->kind} + '#'
                     + std::to_string(head.who->actor));
    if (!head.who->name.empty())
      append_field(out, "name", head.who->name);
  }
  return out += '\n';
}

} // namespace

std::string log_line(log_style style, const line_head& head,
                     const log::event& what,
                     std::initializer_list<log::field> fields) {
  if (style == log_style::json)
    return json_line(head, what, fields);
  return text_line(head, style == log_style::coloured_text, what, fields);
}

void number_line(std::string& line, log_style style,
                 std::optional<std::uint64_t> seq) {
  if (style == log_style::json && seq)
    line.insert(number_at, std::string{before_seq} + std::to_string(*seq));
}

} // namespace greenroom::app
