// What nodes say because somebody watches the whole cluster, on the wire.

#include <random>

#include "cluster/envelope.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/mutate.hpp"

using namespace greenroom::cluster;
using namespace std::chrono_literals;

namespace {

const node_run ann{"ann", 0xFEDC'BA98'7654'3210};

} // namespace

TEST_CASE("a wish for reports comes out of an envelope as it went in") {
  for (auto lasts : {0ms, 3'000ms, 60'000ms}) {
    bool anew = lasts == 3'000ms;
    auto found = decode(encode(reports_wanted{ann, lasts, anew}));
    REQUIRE(found.has_value());
    const auto& wish = std::get<reports_wanted>(*found);
    CHECK(wish.from == ann);
    CHECK(wish.lasts == lasts);
    CHECK(wish.anew == anew);
  }
}

TEST_CASE("a wish of a node that does not say whether it is new is heard") {
  auto bytes = encode(reports_wanted{ann, 3'000ms, true});
  bytes.front() = '\x95'; // An element less.
  bytes.pop_back();
  auto found = decode(bytes);
  REQUIRE(found.has_value());
  CHECK(std::get<reports_wanted>(*found).lasts == 3'000ms);
  CHECK_FALSE(std::get<reports_wanted>(*found).anew);
}

TEST_CASE("nobody may want reports for ever") {
  auto found = decode(encode(reports_wanted{ann, 24h}));
  REQUIRE(found.has_value());
  CHECK(std::get<reports_wanted>(*found).lasts == 60s);
}

TEST_CASE("a report comes out of an envelope as it went in") {
  for (const auto& text :
       {std::string{"{}"}, std::string(report_bytes_max, 'x'), std::string{}}) {
    auto found = decode(encode(node_report{ann, text}));
    REQUIRE(found.has_value());
    CHECK(std::get<node_report>(*found).from == ann);
    CHECK(std::get<node_report>(*found).text == text);
  }
}

TEST_CASE("a report that is too long, of several lines or no text is refused") {
  for (const auto& text :
       {std::string(report_bytes_max + 1, 'x'), std::string{"{\n}"},
        std::string{"{\r}"}, std::string{"\xff"}})
    CHECK(decode(encode(node_report{ann, text})).has_error());
}

TEST_CASE("whatever is made of them, the reader survives") {
  constexpr std::string_view alphabet = "\x01\x16\x17\x7f\xc4\xd9\xcf\xff{}\n";
  greenroom::test::random dice{20261129};
  for (int i = 0; i < 5'000; ++i) {
    auto bytes = i % 2 == 0 ? encode(reports_wanted{ann, 3'000ms})
                            : encode(node_report{ann, R"({"type":"tree"})"});
    auto found =
        decode(greenroom::test::mutated(dice, std::move(bytes), alphabet));
    if (found.has_value())
      if (const auto* report = std::get_if<node_report>(&*found))
        CHECK(report->text.find('\n') == std::string::npos);
  }
}
