#include "app/event_texts.hpp"

#include <string_view>

#include "core/event_fields.hpp"
#include "core/events.hpp"
#include "core/json_writer.hpp"

namespace greenroom::app {

namespace {

// -- docs/events.md -----------------------------------------------------------

std::string fields_of(const log::event& what) {
  std::string out;
  log::declared_fields fields{what.fields};
  for (const auto& each : fields.all()) {
    out += (out.empty() ? "`" : ", `") + std::string{each.name} + '`';
    if (each.type != log::field_type::text)
      out += ' ' + std::string{to_string(each.type)};
    if (each.is_optional)
      out += '?';
  }
  return out;
}

std::string events_table() {
  std::string out = "| event | level | sampling | fields | meaning |\n"
                    "| --- | --- | --- | --- | --- |\n";
  for (const auto* each : events::all) {
    out += "| `";
    out += each->name;
    out += "` | ";
    out += to_string(each->importance);
    out += " | ";
    out += to_string(each->how_often);
    out += " | ";
    out += fields_of(*each);
    out += " | ";
    out += each->meaning;
    out += " |\n";
  }
  return out;
}

// -- docs/events.schema.json --------------------------------------------------

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string constant(std::string_view text) {
  return R"({ "const": )" + quoted(text) + " }";
}

constexpr std::string_view count_from_0 =
    R"({ "type": "integer", "minimum": 0 })";
constexpr std::string_view count_from_1 =
    R"({ "type": "integer", "minimum": 1 })";
constexpr std::string_view any_text = R"({ "type": "string" })";

std::string_view schema_of(log::field_type what) {
  switch (what) {
  case log::field_type::text:
    return any_text;
  case log::field_type::count:
    return count_from_0;
  case log::field_type::number: // What is no number, JSON cannot say.
    return R"({ "type": ["number", "null"] })";
  case log::field_type::flag:
    return R"({ "type": "boolean" })";
  }
  return "";
}

std::string schema_of(const log::event& what) {
  std::string out = "    " + quoted(what.name) + ": {\n";
  auto add = [&](std::string_view name, std::string_view value) {
    out += "      " + quoted(name) + ": " + std::string{value} + ",\n";
  };
  add("description", quoted(what.meaning));
  add("$comment",
      quoted("sampling: " + std::string{to_string(what.how_often)}));
  add("type", quoted("object"));
  std::string properties;
  std::string required;
  auto property = [&](std::string_view name, std::string_view value,
                      bool is_required) {
    properties += (properties.empty() ? "\n        " : ",\n        ")
                  + quoted(name) + ": " + std::string{value};
    if (is_required)
      required += (required.empty() ? "" : ", ") + quoted(name);
  };
  property("v", R"({ "const": )" + std::to_string(log::schema_version) + " }",
           true);
  property("ts", R"({ "$ref": "#/$defs/ts" })", true);
  property("seq", count_from_1, true);
  property("level", constant(to_string(what.importance)), true);
  property("event", constant(what.name), true);
  property("node", any_text, true);
  property("actor", count_from_1, false);
  property("kind", any_text, false);
  property("name", any_text, false);
  property("parent", count_from_1, false);
  log::declared_fields fields{what.fields};
  for (const auto& each : fields.all())
    property(each.name, schema_of(each.type), !each.is_optional);
  add("properties", '{' + properties + "\n      }");
  add("required", '[' + required + ']');
  add("dependentRequired",
      R"({ "actor": ["kind"], "kind": ["actor"], "name": ["actor"], )"
      R"("parent": ["actor"] })");
  out += "      \"additionalProperties\": false\n    }";
  return out;
}

} // namespace

std::string events_text() {
  return R"(<!-- Made by `greenroom --print-events`; a test compares the two. -->

# Events

With `log.format=json` every line of the log is one JSON object, an event:

```json
{"v":1,"ts":"2026-11-22T13:56:09.858Z","seq":412,"level":"warn","event":"auth.failed","node":"n-1","actor":97,"kind":"connection","name":"c-p4q52askj0mbd7gm","parent":12,"connection":"c-p4q52askj0mbd7gm","peer":"127.0.0.1:42888","reason":"for another audience"}
```

| field | type | |
| --- | --- | --- |
| `v` | count | version of this contract: )"
         + std::to_string(log::schema_version) + R"( |
| `ts` | text | when it was told: RFC 3339, UTC, with milliseconds |
| `seq` | count | number of the line in this run of the node, from 1, in the order of the lines; numbers that are left out are lines that were lost |
| `level` | text | `debug`, `info`, `warn` or `error`; an event has always the same |
| `event` | text | its name |
| `node` | text | `cluster.node-id` |
| `actor`, `kind` | count, text | id (unique in this run) and kind of the actor that tells it; left out where no actor does |
| `name` | text | the actor's, if it has one: of a room its id |
| `parent` | count | id of the actor that looks after it, if one does |

Then come the fields of the event. [events.schema.json](events.schema.json) says all of
this as a JSON Schema (2020-12); every line that a node prints in the tests is checked
against it.

## The contract

- The name of an event, and names, types and meanings of its fields, never change. An event
  that is no longer told keeps its name: it does not come back with another meaning.
- Events and fields are added. Readers pass over what they do not know. A reader that
  checks lines takes the schema of its node's version.
- A field without `?` is in every line of its event; one with `?` may be left out.
- Should this contract ever have to be broken, `v` grows, and this page says what changed.
- `connection` ties the lines of one client together, `room` those of one room. (Who is
  refused for `net.connections` is no connection yet: there it is the client's address.)
- What one actor tells comes in its order. Lines of actors on different loops that are told
  at the same moment may stand in either order, whatever their `ts`.

## Types

A field without a type is a text. What clients chose, user ids and room ids
for instance, is valid UTF-8 without control characters here, whatever it was.

| type | JSON | |
| --- | --- | --- |
| text | string | |
| count | integer, from 0 | `…_ms` counts milliseconds, `…_us` microseconds; an `incarnation` has up to 64 bits, more than a JavaScript number or `jq` keep |
| number | number, or null where it is none | |
| flag | true, false | |

## Sampling

| sampling | when there are many |
| --- | --- |
| usual | dropped while `log.queue` lines wait to be written |
| limited | besides, `log.limited-per-second` lines of the event a second; of the others `log.limited` says how many, once a second |
| always | never held back; written also when the queue is full, as long as no more than 32 MiB of such lines wait beyond it |
| life | `always`; `limited` for connections, of which there are many |

Lines that were dropped leave a hole in `seq`, and `log.dropped` says how many they were.
What was held back has no number.

## All events

)" + events_table();
}

std::string events_schema() {
  std::string one_of;
  std::string defs = "    \"ts\": {\n"
                     "      \"type\": \"string\",\n"
                     "      \"format\": \"date-time\",\n"
                     "      \"pattern\": "
                     "\"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
                     "[.][0-9]{3}Z$\"\n"
                     "    }";
  for (const auto* each : events::all) {
    one_of += (one_of.empty() ? "\n    " : ",\n    ")
              + (R"({ "$ref": )" + quoted("#/$defs/" + std::string{each->name})
                 + " }");
    defs += ",\n" + schema_of(*each);
  }
  return R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "urn:greenroom:events:)"
         + std::to_string(log::schema_version) + R"(",
  "title": "A line of Greenroom's event log",
  "$comment": "Made by `greenroom --print-events-schema`; a test compares the two.",
  "oneOf": [)"
         + one_of + R"(
  ],
  "$defs": {
)" + defs + R"(
  }
}
)";
}

} // namespace greenroom::app
