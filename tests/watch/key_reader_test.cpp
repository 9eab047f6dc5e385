#include "watch/key_reader.hpp"

#include "tests/support/catch.hpp"

using namespace greenroom::watch;
using key = key_press::key;

namespace {

std::string shown(const std::vector<key_press>& all) {
  constexpr const char* names[] = {
      "text", "up",  "down",  "left", "right",    "page_up", "page_down",
      "home", "end", "enter", "tab",  "back_tab", "erase",   "escape"};
  std::string out;
  for (const auto& each : all) {
    out += out.empty() ? "" : " ";
    out += each.what == key::text ? each.typed
                                  : names[static_cast<std::size_t>(each.what)];
  }
  return out;
}

std::string read(std::string_view bytes) {
  return shown(key_reader{}.take(bytes));
}

} // namespace

TEST_CASE("keys are made of what a terminal sends") {
  CHECK(read("jq/") == "j q /");
  CHECK(read("\x1b[A\x1bOB\x1b[C\x1b[D") == "up down right left");
  CHECK(read("\x1b[5~\x1b[6~\x1b[H\x1b[4~") == "page_up page_down home end");
  CHECK(read("\r\n\t\x1b[Z\x7f\b") == "enter enter tab back_tab erase erase");
  CHECK(read("é客") == "é 客");
}

TEST_CASE("what is no key is none") {
  CHECK(read("\x01\x02") == "");
  CHECK(read("\x1b[200~x\x1b[1;5Ay\x1b[?1;2cz") == "x y z");
  CHECK(read("\x1b[" + std::string(100, '1')).find("escape")
        == std::string::npos);
}

TEST_CASE("a key may come in parts, and an escape may be one") {
  key_reader keys;
  CHECK(keys.take("\x1b").empty());
  CHECK(keys.is_waiting());
  CHECK(keys.take("[").empty());
  CHECK(shown(keys.take("Aj")) == "up j");
  CHECK_FALSE(keys.is_waiting());
  CHECK(keys.take("\xc3").empty());
  CHECK(shown(keys.take("\xa9")) == "é");
  CHECK(keys.take("\x1b").empty());
  CHECK(shown(keys.give_up()) == "escape");
  CHECK(keys.take("\x1b[1").empty());
  CHECK(keys.give_up().empty()); // It is none.
  CHECK(shown(keys.take("\x1bj")) == "escape j");
}
