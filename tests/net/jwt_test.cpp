#include <string>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core/base64.hpp"
#include "net/jwt.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom;

namespace {

const std::string secret = "0123456789abcdef0123456789abcdef";
constexpr std::int64_t now = 1'700'000'000'000;

std::string base64url(std::string_view bytes) {
  std::string text;
  append_base64(text, bytes);
  for (auto& sign : text)
    sign = sign == '+' ? '-' : sign == '/' ? '_' : sign;
  while (text.ends_with('='))
    text.pop_back();
  return text;
}

std::string signature(const EVP_MD* hash, const std::string& key,
                      const std::string& what) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned bytes = 0;
  HMAC(hash, key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(what.data()), what.size(), mac,
       &bytes);
  return {reinterpret_cast<const char*>(mac), bytes};
}

/// A token as anybody could make it (RFC 7515), signed by `key`.
std::string make(std::string_view header, std::string_view claims_json,
                 const EVP_MD* hash = EVP_sha256(),
                 const std::string& key = secret) {
  auto said = base64url(header) + '.' + base64url(claims_json);
  return said + '.' + base64url(signature(hash, key, said));
}

std::string token(std::string_view claims_json) {
  return make(R"({"alg":"HS256","typ":"JWT"})", claims_json);
}

settings by_secret() {
  settings config;
  config.auth.secret = secret;
  return config;
}

token_verdict verdict(std::string_view what, settings config = by_secret(),
                      std::int64_t at = now) {
  return net::make_jwt_verifier(config)(what, at);
}

bool good(std::string_view what, settings config = by_secret(),
          std::int64_t at = now) {
  return std::holds_alternative<claims>(verdict(what, config, at));
}

/// Why it is refused; empty where it is not.
std::string refusal(std::string_view what, settings config = by_secret()) {
  auto said = verdict(what, std::move(config));
  auto* why = std::get_if<token_refused>(&said);
  return why == nullptr ? std::string{} : std::string{why->reason};
}

} // namespace

TEST_CASE("[P-2.5] a good token names its user and when it runs out") {
  auto said = verdict(token(R"({"sub":"ann","exp":1700000060})"));
  REQUIRE(std::holds_alternative<claims>(said));
  const auto& who = std::get<claims>(said);
  CHECK(who.user_id == "ann");
  CHECK(who.expires_at == 1'700'000'060'000);
  CHECK_FALSE(who.rooms);
  CHECK(who.info_json.empty());
}

TEST_CASE("[P-2.5] the example of RFC 7515 A.1 is checked with its own key") {
  // An independent signature: but for its `sub`, it would be good.
  settings config;
  config.auth.secret = "\x03\x23\x35\x4b\x2b\x0f\xa5\xbc\x83\x7e\x06\x65\x77"
                       "\x7b\xa6\x8f\x5a\xb3\x28\xe6\xf0\x54\xc9\x28\xa9\x0f"
                       "\x84\xb2\xd2\x50\x2e\xbf\xd3\xfb\x5a\x92\xd2\x06\x47"
                       "\xef\x96\x8a\xb4\xc3\x77\x62\x3d\x22\x3d\x2e\x21\x72"
                       "\x05\x2e\x4f\x08\xc0\xcd\x9a\xf5\x67\xd0\x80\xa3";
  const std::string example =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
      "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
      "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  CHECK(refusal(example, config) == "expired");
}

TEST_CASE("[P-2.5] `exp` is the first moment at which a token is too old") {
  auto what = token(R"({"sub":"ann","exp":1700000000.5})");
  CHECK(good(what, by_secret(), now + 499));
  CHECK_FALSE(good(what, by_secret(), now + 500));
  auto lenient = by_secret();
  lenient.auth.leeway = milliseconds{1'000};
  CHECK(good(what, lenient, now + 1'499));
  CHECK_FALSE(good(what, lenient, now + 1'500));
}

TEST_CASE("[P-2.5] `nbf` and `iat` are the first moment at which it is good") {
  auto claim = GENERATE("nbf", "iat");
  auto what =
      token(std::string{R"({"sub":"ann",")"} + claim + R"(":1700000000})");
  CHECK_FALSE(good(what, by_secret(), now - 1));
  CHECK(good(what, by_secret(), now));
  auto lenient = by_secret();
  lenient.auth.leeway = milliseconds{1'000};
  CHECK(good(what, lenient, now - 1'000));
  CHECK_FALSE(good(what, lenient, now - 1'001));
}

TEST_CASE("[P-2.5] a date that is no sane number is refused") {
  auto date = GENERATE("\"tomorrow\"", "null", "true", "[]", "{}", "1e13",
                       "-1e13", "1e300");
  auto claim = GENERATE("exp", "nbf", "iat");
  CAPTURE(claim, date);
  CHECK(refusal(token(std::string{R"({"sub":"ann",")"} + claim + "\":" + date
                      + "}"))
        == "a date is not a number");
}

TEST_CASE("[P-2.5] a date beyond 64 bits is refused, wherever it is noticed") {
  CHECK_FALSE(
      refusal(token(R"({"sub":"ann","exp":99999999999999999999})")).empty());
}

TEST_CASE("[P-2.5] a token may be good for very long") {
  CHECK(good(token(R"({"sub":"ann","exp":253402300799})"))); // The year 9999.
  CHECK(good(token(R"({"sub":"ann"})")));
}

TEST_CASE("[P-2.5] `aud` must hold the configured audience") {
  auto config = by_secret();
  config.auth.audience = "chat";
  CHECK(good(token(R"({"sub":"ann","aud":"chat"})"), config));
  CHECK(good(token(R"({"sub":"ann","aud":["shop","chat"]})"), config));
  auto bad = GENERATE(R"({"sub":"ann"})", R"({"sub":"ann","aud":"chats"})",
                      R"({"sub":"ann","aud":["shop"]})",
                      R"({"sub":"ann","aud":[]})", R"({"sub":"ann","aud":1})",
                      R"({"sub":"ann","aud":[1,{"chat":1}]})");
  CAPTURE(bad);
  CHECK(refusal(token(bad), config) == "for another audience");
}

TEST_CASE("[RFC 7519 4.1.3] a token for somebody is not for a node without an "
          "audience") {
  CHECK(refusal(token(R"({"sub":"ann","aud":"chat"})"))
        == "for another audience");
}

TEST_CASE("[P-2.5] `iss` must be the configured issuer") {
  auto config = by_secret();
  config.auth.issuer = "id.example";
  CHECK(good(token(R"({"sub":"ann","iss":"id.example"})"), config));
  auto bad = GENERATE(R"({"sub":"ann"})", R"({"sub":"ann","iss":"other"})",
                      R"({"sub":"ann","iss":["id.example"]})");
  CHECK(refusal(token(bad), config) == "by another issuer");
  CHECK(good(token(R"({"sub":"ann","iss":"whoever"})")));
}

TEST_CASE("[P-2.5] `sub` has to be a user id") {
  auto bad = GENERATE(R"({})", R"({"sub":1})", R"({"sub":""})",
                      R"({"sub":null})", "{\"sub\":\"a\\nb\"}",
                      R"({"sub":["ann"]})", "{\"sub\":\"a\\u0000b\"}");
  CAPTURE(bad);
  CHECK_FALSE(good(token(bad)));
  CHECK_FALSE(good(token(R"({"sub":")" + std::string(257, 'x') + R"("})")));
  CHECK(good(token(R"({"sub":")" + std::string(256, 'x') + R"("})")));
}

TEST_CASE("[P-2.5] `rooms` maps patterns to rights") {
  auto said =
      verdict(token(R"({"sub":"ann","rooms":{"a*":"r","abc":"rwp","*":""}})"));
  REQUIRE(std::holds_alternative<claims>(said));
  const auto& rooms = std::get<claims>(said).rooms;
  REQUIRE(rooms);
  CHECK(rooms->in("ax") == rights::from("r"));
  CHECK(rooms->in("abc") == rights::from("rwp"));
  CHECK(rooms->in("b") == rights{});
  auto bad =
      GENERATE(R"({"sub":"ann","rooms":[]})", R"({"sub":"ann","rooms":"a"})",
               R"({"sub":"ann","rooms":{"a":1}})");
  CHECK(refusal(token(bad)) == "rooms is not a map of rights");
}

TEST_CASE("[P-2.5] an empty `rooms` gives no right anywhere") {
  auto said = verdict(token(R"({"sub":"ann","rooms":{}})"));
  REQUIRE(std::holds_alternative<claims>(said));
  REQUIRE(std::get<claims>(said).rooms);
  CHECK(std::get<claims>(said).rooms->in("a") == rights{});
}

TEST_CASE("[P-2.16] `info` is bounded, as it is shown") {
  auto with = [](std::size_t bytes) {
    return token(R"({"sub":"ann","info":")" + std::string(bytes - 2, 'x')
                 + R"("})");
  };
  CHECK(good(with(4'096)));
  CHECK(refusal(with(4'097)) == "info is longer than 4 KiB");
}

TEST_CASE("[P-4.4] `info` is kept for member lists") {
  auto said = verdict(token(R"({"sub":"ann","info":{"name":"Ann \u00e9"}})"));
  REQUIRE(std::holds_alternative<claims>(said));
  CHECK(std::get<claims>(said).info_json == "{\"name\":\"Ann \xc3\xa9\"}");
}

TEST_CASE("[P-2.5] only HS256 by the node's own key is good") {
  const std::string body = R"({"sub":"ann"})";
  auto head = [](std::string_view algorithm) {
    return R"({"typ":"JWT","alg":")" + std::string{algorithm} + R"("})";
  };
  CHECK(good(make(head("HS256"), body)));
  CHECK_FALSE(good(make(head("HS256"), body, EVP_sha256(), "another key")));
  CHECK_FALSE(good(make(head("HS512"), body, EVP_sha512())));
  CHECK_FALSE(good(make(head("HS384"), body, EVP_sha384())));
  CHECK_FALSE(good(make(head("RS256"), body)));
  CHECK_FALSE(good(make(head("ES256"), body)));
  CHECK_FALSE(good(make(head("HS257"), body)));
  CHECK_FALSE(good(make(R"({"typ":"JWT"})", body)));
}

TEST_CASE("[P-2.5] a token that says it needs no signature is refused") {
  auto algorithm = GENERATE("none", "None", "NONE");
  auto head = R"({"typ":"JWT","alg":")" + std::string{algorithm} + R"("})";
  CHECK_FALSE(good(make(head, R"({"sub":"ann"})")));
  CHECK_FALSE(
      good(base64url(head) + '.' + base64url(R"({"sub":"ann"})") + '.'));
  CHECK_FALSE(good(base64url(head) + '.' + base64url(R"({"sub":"ann"})")));
}

TEST_CASE("[RFC 7515 4.1.11] what is critical and unknown is refused") {
  CHECK(refusal(make(R"({"alg":"HS256","crit":["exp2"],"exp2":1})",
                     R"({"sub":"ann"})"))
        == "crit names an unknown extension");
}

TEST_CASE("[P-2.2] no token, whatever its bytes are, does more than to be "
          "refused") {
  auto whole = token(R"({"sub":"ann","exp":1700000060})");
  REQUIRE(good(whole));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    CAPTURE(i);
    CHECK_FALSE(good(whole.substr(0, i)));
    auto changed = whole;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    // The last sign has bits that say nothing.
    if (i + 1 < whole.size())
      CHECK_FALSE(good(changed));
  }
  CHECK_FALSE(good("..."));
  CHECK_FALSE(good(std::string(10'000, '.')));
  CHECK_FALSE(good(std::string(10'000, 'a')));
  CHECK_FALSE(good(std::string{"\0", 1}));
  CHECK_FALSE(good(token("[]")));
  CHECK_FALSE(good(token("\"ann\"")));
  CHECK_FALSE(good(token("{")));
  CHECK_FALSE(good(make("{}", R"({"sub":"ann"})")));
}

TEST_CASE("[P-2.2] bytes behind a zero byte are not overlooked") {
  auto whole = token(R"({"sub":"ann"})");
  CHECK_FALSE(good(whole + std::string{"\0x", 2}));
}

TEST_CASE("without a secret there is no verifier") {
  CHECK_FALSE(net::make_jwt_verifier(settings{}));
}
