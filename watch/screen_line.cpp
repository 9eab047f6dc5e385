#include "watch/screen_line.hpp"

#include <utility>

namespace greenroom::watch {

void screen_line::fit(std::size_t columns) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    auto width = columns_of(parts_[i].text);
    if (used + width > columns) {
      parts_[i].text = printable(parts_[i].text, columns - used);
      parts_.resize(i + 1);
      used += columns_of(parts_[i].text);
      break;
    }
    used += width;
  }
  add_printable(std::string(columns - used, ' '));
}

void screen_line::paint(style how) {
  for (auto& each : parts_)
    each.how = how;
}

screen_line& screen_line::append(screen_line other) {
  for (auto& each : other.parts_)
    parts_.push_back(std::move(each));
  return *this;
}

std::string screen_line::text() const {
  std::string out;
  for (const auto& each : parts_)
    out += each.text;
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

} // namespace greenroom::watch
