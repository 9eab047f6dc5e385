#include "core/session.hpp"

#include <array>

#include <openssl/sha.h>

#include "core/random_id.hpp"

namespace greenroom {

namespace {

constexpr std::string_view prefix = "s-";

/// 130 bits.
constexpr std::size_t secret_characters = 26;

/// 100 bits each: enough that no two connections of a cluster ever share an id,
/// and that nobody finds a session for one that he sees, however many he sees
/// and however many sessions he tries.
constexpr std::size_t connection_characters = 20;
constexpr std::size_t user_characters = 20;

using digest = std::array<unsigned char, SHA512_DIGEST_LENGTH>;

static_assert(connection_characters + user_characters <= SHA512_DIGEST_LENGTH);

} // namespace

std::string new_session() {
  return random_id(prefix, secret_characters);
}

bool is_session(std::string_view text) {
  return text.size() == prefix.size() + secret_characters
         && text.starts_with(prefix)
         && text.find_first_not_of(id_characters, prefix.size())
                == std::string_view::npos;
}

session_names names_of(std::string_view session) {
  digest of;
  SHA512(reinterpret_cast<const unsigned char*>(session.data()), session.size(),
         of.data());
  session_names names{"c-", "anon-"};
  auto take = [&](std::string& name, std::size_t from, std::size_t count) {
    for (auto i = from; i < from + count; ++i)
      name += id_characters[of[i] % id_characters.size()];
  };
  take(names.connection_id, 0, connection_characters);
  take(names.anonymous_user_id, connection_characters, user_characters);
  return names;
}

} // namespace greenroom
