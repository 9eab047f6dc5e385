#include "watch/printable.hpp"

#include <clocale>
#include <cstdio>
#include <cwchar>

#include <algorithm>
#include <iterator>

namespace greenroom::watch {

namespace {

struct character {
  char32_t code = 0;
  std::size_t bytes = 1;
  bool is_valid = false;
};

/// The first one of a text that is not empty.
character first_of(std::string_view text) {
  auto byte = [&](std::size_t at) {
    return static_cast<unsigned char>(text[at]);
  };
  auto lead = byte(0);
  if (lead < 0x80)
    return {lead, 1, true};
  std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size)
    return {lead, 1, false};
  char32_t code = lead & (0x7f >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80)
      return {lead, 1, false};
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < least[size] || code > 0x10ffff || is_surrogate)
    return {lead, 1, false};
  return {code, size, true};
}

struct range {
  char32_t first;
  char32_t last;
};

/// Unicode's format characters, and what else shows nothing or moves others:
/// soft hyphen, marks and overrides of direction, joiners, fillers, selectors,
/// separators of lines, tags, what is for private use.
constexpr range formatting[] = {
    {0x00ad, 0x00ad},   {0x034f, 0x034f},   {0x0600, 0x0605},
    {0x061c, 0x061c},   {0x06dd, 0x06dd},   {0x070f, 0x070f},
    {0x08e2, 0x08e2},   {0x115f, 0x1160},   {0x17b4, 0x17b5},
    {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f},   {0x3164, 0x3164},   {0xe000, 0xf8ff},
    {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
    {0xfff0, 0xfffb},   {0x110bd, 0x110bd}, {0x13430, 0x1343f},
    {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff},
};

bool is_formatting(char32_t code) {
  const auto* at = std::ranges::lower_bound(formatting, code, {}, &range::last);
  return at != std::end(formatting) && code >= at->first;
}

/// The C library's tables, whatever the locale of the process.
class unicode_widths {
public:
  unicode_widths() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {}

  /// -1: it is not known as something that shows itself.
  [[nodiscard]] int of(char32_t code) const {
    if (code < 0x7f)
      return code < 0x20 ? -1 : 1;
    if (code < 0xa0 || is_formatting(code) || locale_ == nullptr)
      return -1;
    auto before = uselocale(locale_);
    auto width = wcwidth(static_cast<wchar_t>(code));
    uselocale(before);
    return width;
  }

private:
  locale_t locale_;
};

int width_of(char32_t code) {
  static const unicode_widths widths;
  return widths.of(code);
}

std::string escaped(const character& what) {
  char text[16];
  const char* form = what.code < 0x80 || !what.is_valid ? "\\x%02x" : "\\u{%x}";
  std::snprintf(text, sizeof text, form, static_cast<unsigned>(what.code));
  return text;
}

std::string escaped_in_json(const character& what) {
  constexpr char32_t replacement = 0xfffd;
  auto code = static_cast<unsigned>(what.is_valid ? what.code : replacement);
  char text[16];
  if (code < 0x10000)
    std::snprintf(text, sizeof text, "\\u%04x", code);
  else
    std::snprintf(text, sizeof text, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10),
                  0xdc00 + (code & 0x3ff));
  return text;
}

/// Marks that pile up on one character reach into other lines.
constexpr int marks_max = 2;

/// Gives `take` each character as it is shown, with its columns, until it says
/// no.
template <class Take, class Escape = decltype(&escaped)>
void show(std::string_view text, Take take, Escape escape = escaped) {
  int marks = marks_max; // None has a character to stand on yet.
  while (!text.empty()) {
    auto next = first_of(text);
    auto bytes = text.substr(0, next.bytes);
    text.remove_prefix(next.bytes);
    auto width = next.is_valid ? width_of(next.code) : -1;
    if (width == 0 && marks++ >= marks_max)
      width = -1;
    if (width > 0)
      marks = 0;
    bool goes_on = false;
    if (width >= 0) {
      goes_on = take(bytes, static_cast<std::size_t>(width));
    } else {
      auto shown = escape(next);
      marks = marks_max;
      goes_on = take(std::string_view{shown}, shown.size());
    }
    if (!goes_on)
      return;
  }
}

} // namespace

std::string printable(std::string_view text) {
  std::string out;
  show(text, [&](std::string_view next, std::size_t) {
    out += next;
    return true;
  });
  return out;
}

std::string printable(std::string_view text, std::size_t columns_max) {
  std::string out;
  std::size_t used = 0;
  std::size_t cut = 0; // Where `…` has room.
  bool whole = true;
  show(text, [&](std::string_view next, std::size_t columns) {
    if (used < columns_max)
      cut = out.size();
    if (used + columns > columns_max)
      return whole = false;
    used += columns;
    out += next;
    return true;
  });
  if (whole)
    return out;
  out.resize(cut);
  return columns_max == 0 ? out : out += "…";
}

std::string printable_json(std::string_view json) {
  std::string out;
  auto take = [&](std::string_view next, std::size_t) {
    out += next;
    return true;
  };
  show(json, take, escaped_in_json);
  return out;
}

std::size_t columns_of(std::string_view printable) {
  std::size_t used = 0;
  show(printable, [&](std::string_view, std::size_t columns) {
    used += columns;
    return true;
  });
  return used;
}

} // namespace greenroom::watch
