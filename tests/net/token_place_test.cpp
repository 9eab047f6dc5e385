#include "tests/net/request.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace greenroom::net;

namespace {

std::string found(const request_head& head, std::string_view line = "/ws") {
  return find_token(head, at(line), "token");
}

} // namespace

TEST_CASE("[P-2.1] header, query, cookie: the first that holds a token") {
  auto head = good_request();
  CHECK(found(head).empty());
  head.set("Cookie", "token=from-cookie");
  CHECK(found(head) == "from-cookie");
  CHECK(found(head, "/ws?token=from-query") == "from-query");
  head.set("Authorization", "Bearer from-header");
  CHECK(found(head, "/ws?token=from-query") == "from-header");
}

TEST_CASE("[P-2.1] a place without a token does not decide") {
  auto head = good_request();
  head.set("Authorization", "Basic YTpi");
  CHECK(found(head, "/ws?token=from-query") == "from-query");
  head.set("Authorization", "Bearer ");
  head.set("Cookie", "token=from-cookie");
  CHECK(found(head, "/ws?token=") == "from-cookie");
}

TEST_CASE("[RFC 6750 2.1] the scheme's name does not heed the case") {
  auto head = good_request();
  head.set("Authorization", "bearer abc");
  CHECK(found(head) == "abc");
  head.set("Authorization", "BEARER   abc");
  CHECK(found(head) == "abc");
  head.set("Authorization", "Bearerabc");
  CHECK(found(head).empty());
}

TEST_CASE("[P-2.1] a token of the query is percent-decoded") {
  CHECK(found(good_request(), "/ws?token=a%2Eb%2Dc") == "a.b-c");
}

TEST_CASE("[RFC 6265 4.2.1] the cookie is found among others") {
  auto head = good_request();
  head.set("Cookie", "a=1; token=abc; b=2");
  CHECK(found(head) == "abc");
  head.set("Cookie", "a=1;token=\"abc\"");
  CHECK(found(head) == "abc");
  head.set("Cookie", "xtoken=no; tokenx=no; Token=no; token");
  CHECK(found(head).empty());
  head.insert("Cookie", "token=second-line");
  CHECK(found(head) == "second-line");
}

TEST_CASE("[P-2.1] the cookie's name is a setting; none is looked for if it is "
          "empty") {
  auto head = good_request();
  head.set("Cookie", "token=a; sid=b; =c");
  CHECK(find_token(head, at("/ws"), "sid") == "b");
  CHECK(find_token(head, at("/ws"), "").empty());
}
