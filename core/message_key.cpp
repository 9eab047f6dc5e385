#include "core/message_key.hpp"

#include <array>
#include <charconv>

namespace greenroom {

std::string message_key(std::string_view session,
                        const protocol::request_id& id) {
  std::string key;
  if (const auto* text = std::get_if<std::string>(&id)) {
    key.reserve(session.size() + 1 + text->size());
    key.append(session).append(1, '"').append(*text);
  } else if (const auto* number = std::get_if<std::int64_t>(&id)) {
    std::array<char, 20> digits; // The longest is -2^63.
    auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), *number);
    std::string_view shown{digits.data(),
                           static_cast<std::size_t>(end.ptr - digits.data())};
    key.reserve(session.size() + 1 + shown.size());
    key.append(session).append(1, '#').append(shown);
  }
  return key;
}

std::string drawn_key(std::string_view session, std::string_view mark) {
  std::string key;
  key.reserve(session.size() + 1 + mark.size());
  key.append(session).append(1, '*').append(mark);
  return key;
}

std::pair<std::string_view, protocol::request_id>
parts_of(std::string_view key) {
  auto mark = key.find_first_of("\"#*");
  if (mark == std::string_view::npos)
    return {};
  auto said = key.substr(mark + 1);
  std::pair<std::string_view, protocol::request_id> parts;
  parts.first = key.substr(0, mark);
  if (key[mark] == '"') {
    parts.second = std::string{said};
  } else if (key[mark] == '#') {
    std::int64_t number = 0;
    auto read = std::from_chars(said.data(), said.data() + said.size(), number);
    if (read.ec != std::errc{} || read.ptr != said.data() + said.size())
      return {};
    parts.second = number;
  }
  return parts;
}

} // namespace greenroom
