#include "watch/utc_time.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "core/time_stamp.hpp"

namespace greenroom::watch {

namespace {

using namespace std::chrono;

/// Takes a text from its front; what does not fit makes it bad for good.
class scanner {
public:
  explicit scanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  unsigned digits(std::size_t count) {
    unsigned value = 0;
    for (std::size_t i = 0; i < count; ++i)
      value = value * 10 + digit();
    return value;
  }

  bool next_is(std::string_view any) {
    return !rest_.empty() && any.find(rest_.front()) != any.npos;
  }

  char one_of(std::string_view any) {
    if (!next_is(any)) {
      good_ = false;
      return '\0';
    }
    char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }

private:
  unsigned digit() {
    auto found = one_of("0123456789");
    return good_ ? static_cast<unsigned>(found - '0') : 0;
  }

  std::string_view rest_;
  bool good_ = true;
};

/// Behind the dot, in milliseconds.
unsigned fraction(scanner& from) {
  constexpr std::string_view digits = "0123456789";
  unsigned value = from.digits(1) * 100;
  for (unsigned unit = 10; from.good() && from.next_is(digits); unit /= 10)
    value += from.digits(1) * unit;
  return value;
}

minutes offset(scanner& from) {
  auto sign = from.one_of("Zz+-");
  if (sign != '+' && sign != '-')
    return minutes{0};
  auto ahead = hours{from.digits(2)};
  from.one_of(":");
  auto all = ahead + minutes{from.digits(2)};
  return sign == '-' ? -all : minutes{all};
}

} // namespace

std::optional<utc_ms> parse_time(std::string_view text) {
  scanner from{text};
  auto number = [&](std::size_t count, std::string_view behind) {
    auto value = from.digits(count);
    from.one_of(behind);
    return value;
  };
  auto y = static_cast<int>(number(4, "-"));
  auto m = number(2, "-");
  auto d = number(2, "Tt ");
  auto h = number(2, ":");
  auto min = number(2, ":");
  auto s = from.digits(2);
  unsigned ms = 0;
  if (from.next_is(".")) {
    from.one_of(".");
    ms = fraction(from);
  }
  auto ahead = offset(from);
  year_month_day day{year{y}, month{m}, std::chrono::day{d}};
  // A leap second is the next minute's first.
  if (!from.good() || !from.at_end() || !day.ok() || h > 23 || min > 59
      || s > 60)
    return {};
  auto when = sys_days{day} + hours{h} + minutes{min} + seconds{s}
              + milliseconds{ms} - ahead;
  return duration_cast<milliseconds>(when.time_since_epoch()).count();
}

std::string format_time(utc_ms when) {
  // What a line can say: years of four digits.
  constexpr auto latest = sys_days{year{9999} / 12 / 31} + days{1};
  constexpr auto earliest = sys_days{year{0} / 1 / 1};
  auto at = std::clamp(sys_time<milliseconds>{milliseconds{when}},
                       sys_time<milliseconds>{earliest},
                       sys_time<milliseconds>{latest - milliseconds{1}});
  return time_stamp(at);
}

std::string format_span(utc_ms span) {
  span = std::max<utc_ms>(span, 0);
  auto seconds = span / 1'000;
  char text[48];
  auto two = [&](std::int64_t large, const char* unit, std::int64_t small,
                 const char* lesser) {
    std::snprintf(text, sizeof text, "%lld%s%02lld%s",
                  static_cast<long long>(large), unit,
                  static_cast<long long>(small), lesser);
  };
  if (span < 1'000)
    std::snprintf(text, sizeof text, "%dms", static_cast<int>(span));
  else if (seconds < 60)
    std::snprintf(text, sizeof text, "%d.%ds", static_cast<int>(seconds),
                  static_cast<int>(span % 1'000 / 100));
  else if (seconds < 3'600)
    two(seconds / 60, "m", seconds % 60, "s");
  else if (seconds < 86'400)
    two(seconds / 3'600, "h", seconds / 60 % 60, "m");
  else
    two(seconds / 86'400, "d", seconds / 3'600 % 24, "h");
  return text;
}

} // namespace greenroom::watch
