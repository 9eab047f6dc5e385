#include "net/admin_token.hpp"

#include <algorithm>
#include <array>

#include <boost/beast/core/string.hpp>
#include <openssl/crypto.h>
#include <openssl/sha.h>

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

} // namespace

std::string_view why_not_admin(const request_head& head,
                               std::string_view token) {
  using field = request_head::field;
  if (token.empty())
    return {};
  if (head.count(field::authorization) != 1)
    return "a token is needed: Authorization: Bearer (admin.token)";
  auto said = head[field::authorization];
  constexpr std::string_view scheme = "Bearer ";
  auto given = said.substr(0, scheme.size());
  if (!boost::beast::iequals({given.data(), given.size()},
                             {scheme.data(), scheme.size()}))
    return "the token has to come as Authorization: Bearer";
  said.remove_prefix(scheme.size());
  said.remove_prefix(std::min(said.find_first_not_of(' '), said.size()));
  return is_same(said, token) ? std::string_view{}
                              : "the token is not that of admin.token";
}

} // namespace greenroom::net
