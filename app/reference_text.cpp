#include "app/settings_environment.hpp"
#include "app/settings_text.hpp"
#include "core/protocol/close_code.hpp"
#include "core/protocol/error_code.hpp"
#include "core/settings_table.hpp"

namespace greenroom::app {

namespace {

std::string code(std::string_view text) {
  return '`' + std::string{text} + '`';
}

std::string row_of(std::initializer_list<std::string> cells) {
  std::string out = "|";
  for (const auto& cell : cells)
    out += ' ' + cell + " |";
  return out + '\n';
}

std::string settings_part() {
  std::string out;
  std::string_view section;
  for (const auto& row : settings_table()) {
    if (row.section() != section) {
      section = row.section();
      out += "\n### " + std::string{section} + "\n\n"
             + row_of({"setting", "meaning", "values", "default"})
             + row_of({"---", "---", "---", "---"});
    }
    auto usual = text_of(settings{}, row);
    out += row_of({code(row.name), std::string{row.sentence}, domain_of(row),
                   usual.empty() ? "empty" : code(usual)});
  }
  return out;
}

std::string errors_part() {
  auto out = row_of({"code", "meaning"}) + row_of({"---", "---"});
#define GREENROOM_ERROR_CODE(name, text) out += row_of({code(#name), text});
  GREENROOM_ERROR_CODES(GREENROOM_ERROR_CODE)
#undef GREENROOM_ERROR_CODE
  return out;
}

std::string close_codes_part() {
  auto out =
      row_of({"code", "reason", "meaning"}) + row_of({"---", "---", "---"});
#define GREENROOM_CLOSE_CODE(name, number, reason, text)                       \
  out += row_of({#number, reason, text});
  GREENROOM_CLOSE_CODES(GREENROOM_CLOSE_CODE)
#undef GREENROOM_CLOSE_CODE
  return out;
}

} // namespace

std::string reference_text() {
  return
      R"(<!-- Made by `greenroom --print-reference`; a test compares the two. -->

# Reference

What the log says is in [events.md](events.md).

## Settings

The command line (`--net.port=9000`) overrules the environment
(`)" + variable_of("net.port")
      + R"(=9000`), which overrules the file (`--config FILE` or
`GREENROOM_CONFIG`; TOML), which overrules the default. In a variable's name,
dots and dashes are underscores.

- A duration is a whole number and a unit: `250ms`, `5s`, `2m`, `1h`.
- A size is a number of bytes, or one with a unit: `64KiB`, `1MiB`, `1GiB`.
- A list is separated by commas; in TOML it is an array of strings.
- An unknown setting is an error, as is a value that does not fit: the node
  prints one line for each and exits with 2.

A namespace, that is, all rooms whose id starts with `NAME:`, can have its own
`rooms.*` (but for `rooms.require-room`): `--namespaces.NAME.members=16`,
`GREENROOM_NAMESPACES_NAME_MEMBERS=16`, or `[namespaces.NAME]` in the file. What
it does not say is as in `rooms`. A variable's `NAME` is the namespace of the
file that is spelt like it but for case and `-`, else it is taken in lower case.
)" + settings_part()
      + R"(
## Error codes

`code` of an `error` message. None of them closes the connection.

)" + errors_part()
      + R"(
## Close codes

From 4000 to 4099, except 4008 and 4009, a client does not reconnect by itself.

)" + close_codes_part();
}

} // namespace greenroom::app
