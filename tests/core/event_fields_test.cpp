#include "core/event_fields.hpp"

#include "core/events.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom;
using log::declared_fields;
using log::field_type;

namespace {

constexpr log::event sample{"sample.told", log::level::info,
                            log::sampling::usual,
                            "room:text size:count load:number on:flag "
                            "cause:text?",
                            "A sample."};

log::event with_fields(std::string_view fields) {
  auto out = sample;
  out.fields = fields;
  return out;
}

log::event with_name(std::string_view name) {
  auto out = sample;
  out.name = name;
  return out;
}

} // namespace

TEST_CASE("fields are declared by name and type, perhaps as optional") {
  constexpr declared_fields fields{sample.fields};
  static_assert(fields.good());
  REQUIRE(fields.all().size() == 5);
  CHECK(fields.all()[0].name == "room");
  CHECK(fields.all()[0].type == field_type::text);
  CHECK_FALSE(fields.all()[0].is_optional);
  CHECK(fields.all()[1].type == field_type::count);
  CHECK(fields.all()[2].type == field_type::number);
  CHECK(fields.all()[3].type == field_type::flag);
  CHECK(fields.all()[4].name == "cause");
  CHECK(fields.all()[4].is_optional);
  CHECK(declared_fields{""}.good());
  CHECK(declared_fields{""}.all().empty());
}

TEST_CASE("a declaration that breaks a rule is refused") {
  for (auto text :
       {"room", "room:", ":text", "room:txt", "room:text ", " room:text",
        "room:text  size:count", "room:text room:count", "Room:text",
        "1room:text", "ro-om:text", "room:text??", "took_ms:number",
        "took_us:text", "seq:count", "name:text", "actor:text", "node:text",
        "a:text b:text c:text d:text e:text f:text g:text h:text i:text "
        "j:text k:text l:text m:text"}) {
    INFO(text);
    CHECK_FALSE(is_well_declared(with_fields(text)));
  }
  for (auto name : {"", "told", "sample.", ".told", "Sample.told", "a..b",
                    "a.b.c", "sample.told!", "sample told"}) {
    INFO(name);
    CHECK_FALSE(is_well_declared(with_name(name)));
  }
  auto quiet = sample;
  quiet.meaning = "No sentence";
  CHECK_FALSE(is_well_declared(quiet));
  CHECK(is_well_declared(sample));
}

TEST_CASE("the fields given have to be those declared") {
  using fields = std::initializer_list<log::field>;
  auto wrong = [](fields given) {
    return misfit(sample, given);
  };
  CHECK(wrong({{"room", "a"}, {"size", 1u}, {"load", 0.5}, {"on", true}})
        == "");
  CHECK(wrong({{"on", false},
               {"cause", "b"},
               {"load", 1},
               {"size", 7},
               {"room", std::string{"a"}}})
        == "");
  CHECK(wrong({{"room", "a"}, {"size", 1}, {"load", 1}}) == "`on` is missing");
  CHECK(
      wrong(
          {{"room", "a"}, {"size", 1}, {"load", 1}, {"on", true}, {"more", 1}})
      == "`more` is not declared");
  CHECK(wrong({{"room", 1}}) == "`room` is no text");
  CHECK(wrong({{"room", true}}) == "`room` is no text");
  CHECK(wrong({{"size", -1}}) == "`size` is no count");
  CHECK(wrong({{"size", 1.0}}) == "`size` is no count");
  CHECK(wrong({{"size", "1"}}) == "`size` is no count");
  CHECK(wrong({{"load", "1"}}) == "`load` is no number");
  CHECK(wrong({{"load", true}}) == "`load` is no number");
  CHECK(wrong({{"on", 1}}) == "`on` is no flag");
  CHECK(wrong({{"room", "a"}, {"room", "b"}}) == "`room` is given twice");
}
