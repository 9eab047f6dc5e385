#include "core/json_writer.hpp"

#include <cmath>
#include <limits>

#include <boost/json.hpp>

#include "tests/support/catch.hpp"

using namespace greenroom;

namespace {

std::string string_of(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string double_of(double number) {
  std::string out;
  append_json_double(out, number);
  return out;
}

} // namespace

TEST_CASE("a JSON string escapes what JSON forbids and nothing else") {
  CHECK(string_of("") == R"("")");
  CHECK(string_of("a\"b\\c/d") == R"("a\"b\\c/d")");
  CHECK(string_of("\n\r\t\x01\x1f\x7f") == "\"\\n\\r\\t\\u0001\\u001f\x7f\"");
  CHECK(string_of({"\0", 1}) == R"("\u0000")");
  CHECK(string_of("gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\xb1")
        == "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\xb1\"");
}

TEST_CASE("a JSON string is valid whatever the bytes are") {
  CHECK(string_of("a\xff z") == "\"a\xef\xbf\xbd z\"");
  CHECK(string_of("\xed\xa0\x80") // A surrogate.
        == "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
  CHECK(string_of("\xf0\x9f\x8c") // Cut off.
        == "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
  CHECK(string_of("\xff\"") == "\"\xef\xbf\xbd\\\"\"");
  std::string all;
  for (int i = 0; i < 256; ++i)
    all += static_cast<char>(i);
  CHECK_NOTHROW(boost::json::parse(string_of(all)));
}

TEST_CASE("a JSON number has the fewest digits that read back as the same") {
  CHECK(double_of(0.1) == "0.1");
  CHECK(double_of(1) == "1.0");
  CHECK(double_of(-0.0) == "-0.0");
  CHECK(double_of(1e300) == "1e+300");
  CHECK(double_of(9007199254740993) == "9007199254740992.0");
  CHECK(double_of(1e16) == "1e+16");
  CHECK(double_of(5e-324) == "5e-324");
  CHECK(double_of(123456789012345680000.0) == "1.2345678901234568e+20");
  CHECK(double_of(std::numeric_limits<double>::max())
        == "1.7976931348623157e+308");
  CHECK(double_of(std::nan("")) == "null");
  CHECK(double_of(-std::numeric_limits<double>::infinity()) == "null");
}

TEST_CASE("a JSON integer has all its digits") {
  std::string out;
  append_json_integer(out, std::numeric_limits<std::int64_t>::min());
  out += ' ';
  append_json_natural(out, std::numeric_limits<std::uint64_t>::max());
  CHECK(out == "-9223372036854775808 18446744073709551615");
}
