#include "net/jwt.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <jwt.h>

#include "core/protocol/codec.hpp"

namespace greenroom::net {

namespace json = boost::json;

namespace {

struct free_jwt {
  void operator()(jwt_t* raw) const { jwt_free(raw); }
};
struct free_text {
  void operator()(char* raw) const { std::free(raw); }
};
using jwt_ptr = std::unique_ptr<jwt_t, free_jwt>;
using text_ptr = std::unique_ptr<char, free_text>;

/// What the configuration asks of a token.
struct rules {
  std::string secret;
  std::string audience;
  std::string issuer;
  std::int64_t leeway_ms = 0;
};

/// A NumericDate (RFC 7519 section 2: seconds, may have a fraction) in ms.
/// False: there, but no usable number.
bool read_date(const json::object& from, std::string_view name,
               std::optional<std::int64_t>& into) {
  const auto* found = from.if_contains({name.data(), name.size()});
  if (found == nullptr)
    return true;
  boost::system::error_code failed;
  auto seconds = found->to_number<double>(failed);
  constexpr double most = 1e12; // The year 33,658: beyond, a mistake.
  if (failed || !std::isfinite(seconds) || std::abs(seconds) > most)
    return false;
  into = static_cast<std::int64_t>(seconds * 1'000);
  return true;
}

/// `aud` may be one string or a list (RFC 7519 section 4.1.3). Who does not
/// find itself in an `aud` that is there must refuse.
bool audience_fits(const json::object& from, const std::string& own) {
  const auto* found = from.if_contains("aud");
  if (found == nullptr)
    return own.empty();
  if (own.empty())
    return false;
  if (const auto* one = found->if_string())
    return std::string_view{one->data(), one->size()} == own;
  const auto* list = found->if_array();
  return list != nullptr
         && std::any_of(list->begin(), list->end(), [&](const auto& entry) {
              const auto* one = entry.if_string();
              return one != nullptr
                     && std::string_view{one->data(), one->size()} == own;
            });
}

bool issuer_fits(const json::object& from, const std::string& wanted) {
  if (wanted.empty())
    return true;
  const auto* found = from.if_contains("iss");
  const auto* one = found == nullptr ? nullptr : found->if_string();
  return one != nullptr && std::string_view{one->data(), one->size()} == wanted;
}

bool read_rooms(const json::object& from, std::optional<room_rights>& into) {
  const auto* found = from.if_contains("rooms");
  if (found == nullptr)
    return true;
  const auto* patterns = found->if_object();
  if (patterns == nullptr)
    return false;
  into.emplace();
  for (const auto& [pattern, letters] : *patterns) {
    const auto* text = letters.if_string();
    if (text == nullptr)
      return false;
    into->add({pattern.data(), pattern.size()}, {text->data(), text->size()});
  }
  return true;
}

token_verdict read_claims(const json::object& from, const rules& by,
                          std::int64_t now) {
  claims who;
  std::optional<std::int64_t> not_before;
  std::optional<std::int64_t> issued;
  if (!read_date(from, "exp", who.expires_at)
      || !read_date(from, "nbf", not_before) || !read_date(from, "iat", issued))
    return token_refused{"a date is not a number"};
  if (who.expires_at && now >= *who.expires_at + by.leeway_ms)
    return token_refused{"expired"};
  if (not_before && now + by.leeway_ms < *not_before)
    return token_refused{"not valid yet"};
  if (issued && now + by.leeway_ms < *issued)
    return token_refused{"issued in the future"};
  if (!audience_fits(from, by.audience))
    return token_refused{"for another audience"};
  if (!issuer_fits(from, by.issuer))
    return token_refused{"by another issuer"};
  const auto* sub = from.if_contains("sub");
  const auto* user = sub == nullptr ? nullptr : sub->if_string();
  if (user == nullptr
      || !protocol::is_name({user->data(), user->size()},
                            protocol::user_id_bytes_max))
    return token_refused{"sub is not a user id"};
  who.user_id.assign(user->data(), user->size());
  if (!read_rooms(from, who.rooms))
    return token_refused{"rooms is not a map of rights"};
  if (const auto* info = from.if_contains("info"))
    who.info_json = json::serialize(*info);
  if (who.info_json.size() > protocol::info_bytes_max)
    return token_refused{"info is longer than 4 KiB"};
  return who;
}

token_verdict verify(const rules& by, std::string_view token,
                     std::int64_t now) {
  // libjwt would read up to a zero byte, and overlook what follows.
  if (token.find('\0') != token.npos)
    return token_refused{"malformed or badly signed"};
  jwt_t* raw = nullptr;
  // libjwt checks the signature, and that "none" does not come with a key.
  auto failed =
      jwt_decode(&raw, std::string{token}.c_str(),
                 reinterpret_cast<const unsigned char*>(by.secret.data()),
                 static_cast<int>(by.secret.size()));
  jwt_ptr decoded{raw};
  if (failed != 0 || !decoded)
    return token_refused{"malformed or badly signed"};
  // The token must not choose how it is checked.
  if (jwt_get_alg(decoded.get()) != JWT_ALG_HS256)
    return token_refused{"algorithm not allowed"};
  // RFC 7515 section 4.1.11: what is critical and unknown must be refused.
  if (text_ptr{jwt_get_headers_json(decoded.get(), "crit")})
    return token_refused{"crit names an unknown extension"};
  text_ptr text{jwt_get_grants_json(decoded.get(), nullptr)};
  boost::system::error_code bad;
  auto body = json::parse(text ? text.get() : "", bad);
  if (bad || !body.is_object())
    return token_refused{"claims are not a JSON object"};
  return read_claims(body.get_object(), by, now);
}

} // namespace

token_verifier make_jwt_verifier(const settings& config) {
  if (config.auth.secret.empty())
    return {};
  rules by{config.auth.secret, config.auth.audience, config.auth.issuer,
           config.auth.leeway.count()};
  return [by = std::move(by)](std::string_view token, std::int64_t now) {
    return verify(by, token, now);
  };
}

} // namespace greenroom::net
