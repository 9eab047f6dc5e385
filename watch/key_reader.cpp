#include "watch/key_reader.hpp"

#include <algorithm>
#include <iterator>

namespace greenroom::watch {

namespace {

using key = key_press::key;

struct known {
  std::string_view sequence; ///< Behind ESC.
  key what;
};

constexpr known sequences[] = {
    {"[A", key::up},         {"OA", key::up},       {"[B", key::down},
    {"OB", key::down},       {"[C", key::right},    {"OC", key::right},
    {"[D", key::left},       {"OD", key::left},     {"[5~", key::page_up},
    {"[6~", key::page_down}, {"[H", key::home},     {"OH", key::home},
    {"[1~", key::home},      {"[F", key::end},      {"OF", key::end},
    {"[4~", key::end},       {"[Z", key::back_tab},
};

/// Longer ones are no keys: what a terminal answers, or noise.
constexpr std::size_t sequence_max = 32;

std::size_t size_of_character(unsigned char lead) {
  if (lead >= 0xf0)
    return 4;
  if (lead >= 0xe0)
    return 3;
  return lead >= 0xc0 ? 2 : 1;
}

} // namespace

std::vector<key_press> key_reader::take(std::string_view bytes) {
  begun_ += bytes;
  std::vector<key_press> out;
  while (!begun_.empty() && take_one(out))
    ;
  return out;
}

std::vector<key_press> key_reader::give_up() {
  std::vector<key_press> out;
  bool was_escape = begun_ == "\x1b";
  begun_.clear();
  if (was_escape)
    out.push_back({key::escape, {}});
  return out;
}

bool key_reader::take_one(std::vector<key_press>& to) {
  auto lead = static_cast<unsigned char>(begun_.front());
  if (lead == 0x1b)
    return take_sequence(to);
  auto size = size_of_character(lead);
  if (begun_.size() < size)
    return false;
  if (lead == '\r' || lead == '\n')
    to.push_back({key::enter, {}});
  else if (lead == '\t')
    to.push_back({key::tab, {}});
  else if (lead == 0x7f || lead == 0x08)
    to.push_back({key::erase, {}});
  else if (lead >= 0x20)
    to.push_back({key::text, begun_.substr(0, size)});
  drop(size);
  return true;
}

bool key_reader::take_sequence(std::vector<key_press>& to) {
  if (begun_.size() == 1)
    return false;
  if (begun_[1] != '[' && begun_[1] != 'O') {
    to.push_back({key::escape, {}});
    drop(1);
    return true;
  }
  // Parameters, and then a final byte.
  std::size_t end = 2;
  while (end < begun_.size() && (begun_[end] < 0x40 || begun_[end] > 0x7e)
         && end < sequence_max)
    ++end;
  if (end == begun_.size())
    return false;
  auto found = std::ranges::find(
      sequences, std::string_view{begun_}.substr(1, end), &known::sequence);
  if (found != std::end(sequences))
    to.push_back({found->what, {}});
  drop(end + 1);
  return true;
}

} // namespace greenroom::watch
