#include "net/admin_token.hpp"

#include "tests/support/catch.hpp"

using namespace greenroom::net;

namespace {

constexpr std::string_view token = "0123456789abcdef";

bool is_let_in(std::initializer_list<std::string_view> lines) {
  request_head head;
  for (auto line : lines)
    head.add(request_head::field::authorization, line);
  return why_not_admin(head, token).empty();
}

} // namespace

TEST_CASE("an operator brings the token as RFC 6750 says") {
  CHECK(is_let_in({"Bearer 0123456789abcdef"}));
  CHECK(is_let_in({"bearer  0123456789abcdef"}));
}

TEST_CASE("a browser brings it as a password, as RFC 7617 says") {
  CHECK(is_let_in({"Basic OjAxMjM0NTY3ODlhYmNkZWY="}));           // :token
  CHECK(is_let_in({"basic YW5uOjAxMjM0NTY3ODlhYmNkZWY="}));       // ann:token
  CHECK_FALSE(is_let_in({"Basic MDEyMzQ1Njc4OWFiY2RlZg=="}));     // token
  CHECK_FALSE(is_let_in({"Basic YTpiOjAxMjM0NTY3ODlhYmNkZWY="})); // a:b:token
  CHECK_FALSE(is_let_in({"Basic OjAxMjM0NTY3ODlhYmNkZW"}));
  CHECK_FALSE(is_let_in({"Basic Og=="}));
  CHECK_FALSE(is_let_in({"Basic "}));
}

TEST_CASE("without a token, a name is not taken for this machine") {
  for (auto host : {"", "127.0.0.1", "127.0.0.1:8081", "[::1]:8081",
                    "localhost", "LocalHost:8081", "10.0.0.5"})
    CHECK(is_local_name(host));
  for (auto host :
       {"evil.example", "evil.example:8081", "localhost.evil.example",
        "127.0.0.1.evil.example", "127.1", ":8081", "0x7f000001"})
    CHECK_FALSE(is_local_name(host));
}

TEST_CASE("pages of other sites do not make the node work") {
  auto is_fine = [](const char* site, const char* mode, const char* dest) {
    request_head head;
    head.add(request_head::field::sec_fetch_site, site);
    head.add(request_head::field::sec_fetch_mode, mode);
    head.add(request_head::field::sec_fetch_dest, dest);
    return why_not_from_there(head).empty();
  };
  CHECK(why_not_from_there({}).empty()); // No browser.
  CHECK(is_fine("same-origin", "cors", "empty"));
  CHECK(is_fine("none", "navigate", "document"));
  CHECK(is_fine("cross-site", "navigate", "document")); // A link.
  for (const auto* site : {"cross-site", "same-site", "what comes yet"}) {
    CHECK_FALSE(is_fine(site, "no-cors", "empty"));
    CHECK_FALSE(is_fine(site, "cors", "empty"));
    CHECK_FALSE(is_fine(site, "no-cors", "image"));
    CHECK_FALSE(is_fine(site, "navigate", "iframe"));
  }
}

TEST_CASE("whoever does not bring the token is told why") {
  CHECK_FALSE(is_let_in({}));
  CHECK_FALSE(is_let_in({""}));
  CHECK_FALSE(is_let_in({"Bearer"}));
  CHECK_FALSE(is_let_in({"Bearer "}));
  CHECK_FALSE(is_let_in({"Bearer 0123456789abcde"}));
  CHECK_FALSE(is_let_in({"Bearer 0123456789abcdeF"}));
  CHECK_FALSE(is_let_in({"Bearer 0123456789abcdef0"}));
  CHECK_FALSE(is_let_in({"Basic 0123456789abcdef"}));
  CHECK_FALSE(is_let_in({"0123456789abcdef"}));
}

TEST_CASE("two tokens are none") {
  CHECK_FALSE(
      is_let_in({"Bearer 0123456789abcdef", "Bearer 0123456789abcdef"}));
}

TEST_CASE("where no token is set, none is asked for") {
  CHECK(why_not_admin({}, "").empty());
}
