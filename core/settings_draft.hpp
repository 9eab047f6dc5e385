#pragma once

// Settings on their way from several sources to the final ones.

#include <map>
#include <string>
#include <string_view>

#include "core/settings_table.hpp"

namespace greenroom {

/// Where the name of a setting leads.
struct setting_ref {
  const setting* what;    ///< Never null. A row of `rooms` for namespaces.
  std::string name_space; ///< NAME of `namespaces.NAME.KEY`, else empty.
};

/// Understands `section.key` and `namespaces.NAME.KEY`. The error of an unknown
/// name tells the nearest known one.
[[nodiscard]] setting_result<setting_ref>
resolve_setting(std::string_view name);

/// Takes the sources one after the other, the weakest first: who comes later
/// overrules. A value that does not fit is refused and changes nothing.
class settings_draft {
public:
  setting_result<void> set(const setting_ref& where, std::string_view text);

  /// `resolve_setting`, then as above.
  setting_result<void> set(std::string_view name, std::string_view text);

  /// What was said, and for the rest the defaults. What a namespace does not
  /// say is as in the final `rooms`, whichever source came first.
  [[nodiscard]] settings finish() const;

  /// Makes the namespace known, though it says nothing of its own yet.
  void add_namespace(std::string_view name);

  using values_by_row = std::map<const setting*, std::string>;

  /// What the namespaces say so far, by name.
  [[nodiscard]] const std::map<std::string, values_by_row>& namespaces() const {
    return namespaces_;
  }

private:
  settings all_but_namespaces_;
  std::map<std::string, values_by_row> namespaces_;
};

/// The settings as a namespace sees them: its own rooms as `rooms`. Rows of the
/// table then read and write those.
[[nodiscard]] settings seen_by(const settings& all,
                               std::string_view name_space);

} // namespace greenroom
