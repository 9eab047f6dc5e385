#include "app/text_layout.hpp"

#include <algorithm>
#include <cstdio>

namespace greenroom::app {

std::string wrapped(std::string_view text, std::string_view indent) {
  constexpr std::size_t columns = 80;
  std::string out;
  std::string line;
  auto end_line = [&] {
    out += std::string{indent} + line + '\n';
    line.clear();
  };
  while (!text.empty()) {
    auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (!line.empty()
        && indent.size() + line.size() + 1 + word.size() > columns)
      end_line();
    if (!line.empty())
      line += ' ';
    line += word;
  }
  end_line();
  return out;
}

std::string plain(std::string_view text) {
  std::string out{text};
  std::erase(out, '`');
  return out;
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (char x : text) {
    if (x == '"' || x == '\\') {
      out += '\\';
      out += x;
    } else if (static_cast<unsigned char>(x) < 0x20 || x == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04X",
                    static_cast<unsigned>(static_cast<unsigned char>(x)));
      out += escape;
    } else {
      out += x;
    }
  }
  return out + '"';
}

} // namespace greenroom::app
