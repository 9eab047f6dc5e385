#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace greenroom {

/// What a client may do in a room [P-2.5].
struct rights {
  bool receive = false;    ///< r
  bool send = false;       ///< w
  bool set_state = false;  ///< s
  bool presence = false;   ///< p
  bool administer = false; ///< a

  /// Reads letters; unknown ones give nothing.
  [[nodiscard]] static rights from(std::string_view letters);

  bool operator==(const rights&) const = default;
};

/// The `rooms` claim: patterns (`*` at the end only) and their letters.
class room_rights {
public:
  void add(std::string pattern, std::string_view letters) {
    patterns_.emplace_back(std::move(pattern), rights::from(letters));
  }

  /// The rights of the longest pattern that matches; none where none does.
  [[nodiscard]] rights in(std::string_view room_id) const;

private:
  std::vector<std::pair<std::string, rights>> patterns_;
};

} // namespace greenroom
