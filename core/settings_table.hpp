#pragma once

// The one table of settings: everything that is said about a setting beside its
// default (core/settings.hpp). The command line, the environment, files,
// `--help`, `--print-config` and docs/reference.md are made from it.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/setting_value.hpp"
#include "core/settings.hpp"

namespace greenroom {

enum class setting_type : std::uint8_t {
  boolean,
  number,
  bytes,
  duration,
  text,
  choice,
  list,
};

/// What a text, or each element of a list, has to look like.
struct setting_shape {
  std::string_view words; ///< "letters and digits", for errors and documents.
  bool (*fits)(std::string_view text);
};

template <class T>
using member_of_settings = T& (*)(settings&);

/// The member that a setting fills.
using setting_member = std::variant<
    member_of_settings<bool>, member_of_settings<std::uint16_t>,
    member_of_settings<std::uint32_t>, member_of_settings<milliseconds>,
    member_of_settings<std::string>,
    member_of_settings<std::vector<std::string>>,
    member_of_settings<slow_policy>, member_of_settings<room_order>>;

struct setting {
  std::string_view name; ///< `section.key`
  setting_type type;
  setting_member member;
  std::string_view sentence; ///< May use Markdown's `code`.

  std::uint64_t least = 0; ///< Of numbers and sizes; of durations in ms.
  std::uint64_t most = 0;
  std::span<const std::string_view> choices = {};
  const setting_shape* shape = nullptr;
  bool secret = false; ///< Never printed or logged as it is.

  [[nodiscard]] std::string_view section() const;
  [[nodiscard]] std::string_view key() const;

  /// Whether a namespace may have its own, as `namespaces.NAME.KEY`.
  [[nodiscard]] bool per_namespace() const;
};

/// All settings, section by section, in the order in which people read them.
[[nodiscard]] std::span<const setting> settings_table();

/// Their names, in the same order.
[[nodiscard]] std::span<const std::string> setting_names();

/// Null where the table has no such name.
[[nodiscard]] const setting* find_setting(std::string_view name);

/// Gives the setting the value that the text says, if it is a good one.
[[nodiscard]] setting_result<void> assign(settings& to, const setting& what,
                                          std::string_view text);

/// The value, as a text that `assign` reads as the same value.
[[nodiscard]] std::string text_of(const settings& from, const setting& what);

/// The value as anyone may see it: secrets are masked.
[[nodiscard]] std::string shown(const settings& from, const setting& what);

/// What may be written, in a few words: "0 to 65535", "10ms to 1h", "gap,
/// close".
[[nodiscard]] std::string domain_of(const setting& what);

/// What `--print-config` shows in place of a secret.
inline constexpr std::string_view secret_mask = "***";

} // namespace greenroom
