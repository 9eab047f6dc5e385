// What others chose must not do anything to the terminal of who looks.

#include "watch/printable.hpp"

#include "tests/support/catch.hpp"

using namespace greenroom::watch;

TEST_CASE("what only shows itself stays as it is") {
  for (const auto* text :
       {"", "lobby", "Zoë & Jürgen", "客厅", "комната", "caf\u00e9 \U0001f3ae",
        "e\u0301", "└── │", "back\\slash"})
    CHECK(printable(text) == text);
}

TEST_CASE("what does something to a terminal stands as its number") {
  CHECK(printable("\x1b[2Jgone") == "\\x1b[2Jgone");
  CHECK(printable("\x1b]0;title\x07") == "\\x1b]0;title\\x07");
  CHECK(printable("a\r\nb\tc\x7f") == "a\\x0d\\x0ab\\x09c\\x7f");
  CHECK(printable(std::string_view{"a\0b", 3}) == "a\\x00b");
  CHECK(printable("\u009b31m") == "\\u{9b}31m"); // CSI in one byte of C1.
  CHECK(printable("\x9b"
                  "31m")
        == "\\x9b31m");
}

TEST_CASE("what turns, hides or moves other text stands as its number") {
  CHECK(printable("abc\u202egpj.exe") == "abc\\u{202e}gpj.exe");
  for (const auto* hidden :
       {"\u200b", "\u200d", "\u200e", "\u200f", "\u061c", "\u202a", "\u2066",
        "\u2069", "\u2028", "\u2060", "\ufeff", "\u00ad", "\ufe0f",
        "\U000e0041", "\ue000", "\u3164"}) {
    auto shown = printable(std::string{"a"} + hidden + "b");
    CHECK(shown.starts_with("a\\u{"));
    CHECK(shown.ends_with("}b"));
  }
}

TEST_CASE("marks do not pile up, nor stand alone") {
  CHECK(printable("\u0301") == "\\u{301}");
  CHECK(printable("a\u0301\u0301\u0301\u0301")
        == "a\u0301\u0301\\u{301}\\u{301}");
}

TEST_CASE("bytes that are not UTF-8 stand as their numbers") {
  CHECK(printable("a\xff"
                  "b")
        == "a\\xffb");
  CHECK(printable("\xc3") == "\\xc3");
  CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");          // Too long a form.
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80"); // A surrogate.
  CHECK(printable("\xf5\x80\x80\x80") == "\\xf5\\x80\\x80\\x80");
}

TEST_CASE("JSON means the same, and does nothing to a terminal") {
  for (const auto* text : {"", "{}", R"({"é":["客厅","\u001b",1.5]})"})
    CHECK(printable_json(text) == text);
  CHECK(printable_json("[\"\x7f\u009b\u202e\U000e0041\"]")
        == R"(["\u007f\u009b\u202e\udb40\udc41"])");
  CHECK(printable_json("\"\xff\"") == R"("\ufffd")");
}

TEST_CASE("a text is cut to columns, not to bytes") {
  CHECK(printable("lobby", 5) == "lobby");
  CHECK(printable("lobby", 4) == "lob…");
  CHECK(printable("lobby", 1) == "…");
  CHECK(printable("lobby", 0).empty());
  CHECK(printable("客厅客", 6) == "客厅客");
  CHECK(printable("客厅客", 5) == "客厅…");
  CHECK(printable("客厅客", 4) == "客…");
  CHECK(printable("ab\x1b[2J", 6) == "ab…"); // An escape is whole or not.
  CHECK(columns_of("客厅e\u0301") == 5);
}
