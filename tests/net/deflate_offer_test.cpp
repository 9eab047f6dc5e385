#include "net/deflate_offer.hpp"

#include "tests/net/request.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace greenroom::net;

namespace {

settings::deflate_settings on() {
  settings::deflate_settings config;
  config.enabled = true;
  return config;
}

/// The answer behind "permessage-deflate; server_no_context_takeover", which
/// each begins with; "(none)" where nothing is agreed on.
std::string answer(std::string_view offers,
                   const settings::deflate_settings& config = on()) {
  constexpr std::string_view always =
      "permessage-deflate; server_no_context_takeover";
  auto got = choose_deflate(offers, config);
  if (!got)
    return "(none)";
  CHECK(got->terms.agreed());
  CHECK(got->answer.starts_with(always));
  return got->answer.substr(always.size());
}

ws::deflate_terms terms(std::string_view offers,
                        const settings::deflate_settings& config = on()) {
  auto got = choose_deflate(offers, config);
  return got ? got->terms : ws::deflate_terms{};
}

constexpr const char* alone = "; client_no_context_takeover";

} // namespace

TEST_CASE("compression is agreed on only where it is switched on") {
  auto offer = "permessage-deflate; client_max_window_bits";
  CHECK_FALSE(choose_deflate(offer, settings{}.deflate));
  CHECK(choose_deflate(offer, on()));
}

TEST_CASE("[RFC 7692, 7.1] a plain offer is taken") {
  for (auto offers :
       {"permessage-deflate", " permessage-deflate ", "PerMessage-Deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate ;\tclient_max_window_bits ",
        "permessage-deflate; client_no_context_takeover",
        "permessage-deflate; server_no_context_takeover",
        "permessage-deflate; Server_No_Context_Takeover; "
        "client_no_context_takeover; client_max_window_bits=15",
        "permessage-deflate; client_no_context_takeover, x-other"}) {
    CAPTURE(offers);
    CHECK(answer(offers) == alone);
    CHECK(terms(offers) == ws::deflate_terms{15, 0});
  }
}

TEST_CASE("[RFC 7692, 7.1.2] windows are as small as either side wants") {
  using std::string;
  for (int bits = 8; bits <= 15; ++bits) {
    auto text = std::to_string(bits);
    auto offers = "permessage-deflate; server_max_window_bits=" + text;
    CHECK(answer(offers) == "; server_max_window_bits=" + text + alone);
    CHECK(terms(offers).server_bits == bits);
  }
  CHECK(answer("permessage-deflate; server_max_window_bits=\"10\"")
        == string{"; server_max_window_bits=10"} + alone);
  CHECK(answer("permessage-deflate; client_max_window_bits=10")
        == string{"; client_max_window_bits=10"} + alone);
  auto config = on();
  config.server_window_bits = 12;
  config.client_window_bits = 11;
  CHECK(answer("permessage-deflate", config)
        == string{"; server_max_window_bits=12"} + alone);
  CHECK(answer("permessage-deflate; server_max_window_bits=14;"
               "client_max_window_bits=13",
               config)
        == string{"; server_max_window_bits=12; client_max_window_bits=11"}
               + alone);
  CHECK(answer("permessage-deflate; server_max_window_bits=9;"
               "client_max_window_bits=9",
               config)
        == string{"; server_max_window_bits=9; client_max_window_bits=9"}
               + alone);
  CHECK(terms("permessage-deflate; server_max_window_bits=9", config)
        == ws::deflate_terms{9, 0});
}

TEST_CASE("[RFC 7692, 7.1.1] a client keeps its context where it is allowed") {
  auto config = on();
  config.client_context = true;
  CHECK(answer("permessage-deflate", config).empty());
  CHECK(terms("permessage-deflate", config) == ws::deflate_terms{15, 15});
  CHECK(answer("permessage-deflate; client_no_context_takeover", config)
        == alone);
  CHECK(terms("permessage-deflate; client_max_window_bits=9", config)
        == ws::deflate_terms{15, 9});
  // Nobody gets a larger one than it may have.
  config.client_window_bits = 10;
  CHECK(answer("permessage-deflate; client_max_window_bits", config)
        == "; client_max_window_bits=10");
  CHECK(terms("permessage-deflate; client_max_window_bits", config)
        == ws::deflate_terms{15, 10});
  CHECK(answer("permessage-deflate", config) == alone);
  CHECK(terms("permessage-deflate", config) == ws::deflate_terms{15, 0});
}

TEST_CASE("[RFC 7692, 7.1] an offer with a bad parameter is passed over") {
  for (auto parameters :
       {"server_max_window_bits",
        "server_max_window_bits=7",
        "server_max_window_bits=16",
        "server_max_window_bits=08",
        "server_max_window_bits=010",
        "server_max_window_bits=1",
        "server_max_window_bits=100",
        "server_max_window_bits=-9",
        "server_max_window_bits=x",
        "client_max_window_bits=7",
        "client_max_window_bits=16",
        "client_max_window_bits=1e1",
        "server_no_context_takeover=1",
        "client_no_context_takeover=true",
        "client_no_context_takeover; client_no_context_takeover",
        "server_no_context_takeover; server_no_context_takeover",
        "server_max_window_bits=9; server_max_window_bits=9",
        "client_max_window_bits; client_max_window_bits=9",
        "client_max_window_bits=9; client_max_window_bits",
        "unknown",
        "client_max_window_bits; x=1"}) {
    CAPTURE(parameters);
    auto bad = std::string{"permessage-deflate; "} + parameters;
    CHECK(answer(bad) == "(none)");
    CHECK(answer(bad + ", permessage-deflate") == alone);
    CHECK(answer("permessage-deflate, " + bad) == alone);
    CHECK(answer(bad
                 + ", permessage-deflate; server_max_window_bits=9,"
                   "permessage-deflate")
          == std::string{"; server_max_window_bits=9"} + alone);
  }
}

TEST_CASE("what is offered besides is not ours") {
  CHECK(answer("") == "(none)");
  CHECK(answer("x-webkit-deflate-frame") == "(none)");
  CHECK(answer("permessage-deflated") == "(none)");
  CHECK(answer("mux; max=3; note=\"ab\", permessage-deflate") == alone);
  CHECK(answer(", ,permessage-deflate,") == alone);
}

TEST_CASE("a field that breaks the grammar agrees on nothing") {
  for (auto offers :
       {";;=,", "permessage-deflate;", "permessage-deflate; =9",
        "permessage-deflate; client_max_window_bits=",
        "permessage-deflate; client_max_window_bits=\"9",
        "permessage-deflate; client_max_window_bits=\"\"",
        "permessage-deflate; client_max_window_bits=\"1 0\"",
        "permessage-deflate client_max_window_bits",
        "permessage-deflate, =", "permessage-deflate; a=b c",
        "permessage-deflate, \"", "\xff", "permessage-deflate, x;"}) {
    CAPTURE(offers);
    CHECK(answer(offers) == "(none)");
  }
}

TEST_CASE("the handshake says what was agreed on, on /ws and on /relay") {
  settings config;
  auto head = good_request();
  head.set("Sec-WebSocket-Extensions", "x-none; a=1");
  head.insert("Sec-WebSocket-Extensions",
              "permessage-deflate; server_max_window_bits=10");
  for (auto line : {"/ws", "/relay?room=a"}) {
    config.deflate.enabled = false;
    auto without = agreed(head, line, config);
    CHECK_FALSE(without.hello.deflate.agreed());
    CHECK(upgrade_response(head, without).find("Extensions")
          == std::string::npos);
    config.deflate.enabled = true;
    auto with = agreed(head, line, config);
    CHECK(with.hello.deflate == ws::deflate_terms{10, 0});
    CHECK(upgrade_response(head, with)
              .find("\r\nSec-WebSocket-Extensions: permessage-deflate; "
                    "server_no_context_takeover; server_max_window_bits=10; "
                    "client_no_context_takeover\r\n")
          != std::string::npos);
  }
  head.set("Sec-WebSocket-Extensions", "permessage-deflate; nonsense=1");
  CHECK_FALSE(agreed(head, "/ws", config).hello.deflate.agreed());
}
