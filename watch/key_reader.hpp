#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace greenroom::watch {

struct key_press {
  enum class key {
    text, ///< See `typed`.
    up,
    down,
    left,
    right,
    page_up,
    page_down,
    home,
    end,
    enter,
    tab,
    back_tab,
    erase,
    escape,
  };

  key what = key::text;
  std::string typed; ///< One character.

  bool operator==(const key_press&) const = default;
};

/// Makes keys of the bytes that a terminal sends: those of xterm and of what
/// behaves like it. What it does not know is no key.
class key_reader {
public:
  /// What is complete of all that came.
  std::vector<key_press> take(std::string_view bytes);

  /// A sequence that has begun and does not go on was a key by itself.
  [[nodiscard]] bool is_waiting() const { return !begun_.empty(); }
  std::vector<key_press> give_up();

private:
  /// Takes one key from the front of what came. False: more has to come.
  bool take_one(std::vector<key_press>& to);
  bool take_sequence(std::vector<key_press>& to);
  void drop(std::size_t bytes) { begun_.erase(0, bytes); }

  std::string begun_;
};

} // namespace greenroom::watch
