#include "bench/wsload/stamp.hpp"

#include <string>

#include "tests/support/catch.hpp"

using greenroom::bench::stamp;

namespace {

std::string text_of(const stamp& what) {
  std::string text(stamp::bytes, '\0');
  what.write(text.data());
  return text;
}

} // namespace

TEST_CASE("a stamp is found inside of what a server puts around it") {
  const auto text =
      R"({"type":"message","text":")" + text_of({7, 123'456, 42, 99}) + R"("})";
  std::string_view rest = text;
  stamp found;
  REQUIRE(found.take_from(rest));
  CHECK(found.run == 7);
  CHECK(found.time == 123'456);
  CHECK(found.sender == 42);
  CHECK(found.number == 99);
  CHECK(rest == R"("})");
  CHECK_FALSE(found.take_from(rest));
}

TEST_CASE("several stamps in one text are taken one after the other") {
  const auto text = text_of({1, 1, 1, 1}) + "," + text_of({1, 1, 1, 2});
  std::string_view rest = text;
  stamp found;
  REQUIRE(found.take_from(rest));
  CHECK(found.number == 1);
  REQUIRE(found.take_from(rest));
  CHECK(found.number == 2);
}

TEST_CASE("what only looks like a stamp is none") {
  auto broken = text_of({1, 2, 3, 4});
  broken[10] = 'x';
  for (const auto& text :
       {std::string{}, std::string{"~WL"}, std::string(80, '~'), broken,
        text_of({}).substr(0, stamp::bytes - 1)}) {
    std::string_view rest = text;
    stamp found;
    CHECK_FALSE(found.take_from(rest));
  }
}
