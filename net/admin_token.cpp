#include "net/admin_token.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include <boost/beast/core/string.hpp>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "core/base64.hpp"

namespace greenroom::net {

namespace {

std::array<unsigned char, SHA256_DIGEST_LENGTH> hash_of(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> out;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         out.data());
  return out;
}

/// Hashes have one length, so that of the token stays untold as well.
bool is_same(std::string_view one, std::string_view other) {
  auto left = hash_of(one);
  auto right = hash_of(other);
  return CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

/// What comes behind the scheme of this name; none: it is another one.
std::optional<std::string_view> credentials(std::string_view said,
                                            std::string_view scheme) {
  auto given = said.substr(0, scheme.size());
  if (!boost::beast::iequals({given.data(), given.size()},
                             {scheme.data(), scheme.size()}))
    return {};
  said.remove_prefix(scheme.size());
  said.remove_prefix(std::min(said.find_first_not_of(' '), said.size()));
  return said;
}

/// Empty: there is none.
std::string password_in(std::string_view basic) {
  auto pair = from_base64(basic).value_or("");
  auto colon = pair.find(':');
  return colon == std::string::npos ? std::string{} : pair.substr(colon + 1);
}

} // namespace

std::string_view why_not_admin(const request_head& head,
                               std::string_view token) {
  using field = request_head::field;
  if (token.empty())
    return {};
  if (head.count(field::authorization) != 1)
    return "a token is needed: Authorization: Bearer (admin.token)";
  auto said = head[field::authorization];
  std::string given;
  if (auto bearer = credentials(said, "Bearer "))
    given = *bearer;
  else if (auto basic = credentials(said, "Basic "))
    given = password_in(*basic);
  else
    return "the token has to come as Authorization: Bearer, or Basic";
  return is_same(given, token) ? std::string_view{}
                               : "the token is not that of admin.token";
}

std::string_view why_not_from_there(const request_head& head) {
  auto from = head[request_head::field::sec_fetch_site];
  if (from.empty() || from == "same-origin" || from == "none")
    return {};
  // A frame is a document, too, but not the whole window.
  if (head[request_head::field::sec_fetch_mode] == "navigate"
      && head[request_head::field::sec_fetch_dest] == "document")
    return {};
  return "a page of another site asks for it";
}

bool is_local_name(std::string_view host) {
  if (host.empty() || host.front() == '[')
    return true; // RFC 3986, section 3.2.2: an IPv6 address.
  host = host.substr(0, host.find(':'));
  if (boost::beast::iequals({host.data(), host.size()}, "localhost"))
    return true;
  in_addr address{};
  return ::inet_pton(AF_INET, std::string{host}.c_str(), &address) == 1;
}

} // namespace greenroom::net
