#pragma once

// What the program says about its events; all of it comes from the table.

#include <string>

namespace greenroom::app {

/// `--print-events`: docs/events.md.
[[nodiscard]] std::string events_text();

/// `--print-events-schema`: docs/events.schema.json (JSON Schema 2020-12).
[[nodiscard]] std::string events_schema();

} // namespace greenroom::app
