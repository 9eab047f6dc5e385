#include "core/settings_check.hpp"

#include <algorithm>

#include "core/settings_table.hpp"

namespace greenroom {

namespace {

/// HMAC with SHA-256: a key is at least as long as the hash [RFC 7518, 3.2].
constexpr std::size_t secret_bytes_min = 32;

/// Nobody guesses what is this long and random.
constexpr std::size_t admin_token_bytes_min = 16;

using complaints = std::vector<setting_error>;

void check_auth(const settings::auth_settings& auth, complaints& out) {
  if (!auth.secret.empty() && !auth.secret_file.empty())
    out.push_back({"auth.secret and auth.secret-file are both set: keep one"});
  else if (auth.secret.empty() && auth.secret_file.empty() && !auth.anonymous)
    out.push_back({"nobody could log in: set auth.secret, auth.secret-file or "
                   "auth.anonymous"});
  if (auth.secret.empty())
    return;
  if (auto good = check_secret(auth.secret); !good)
    out.push_back({"auth.secret: " + good.error().text});
}

/// What RFC 6750, 2.1 lets a header carry.
bool is_bearer_token(std::string_view text) {
  return std::ranges::all_of(text, [](char x) {
    return (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z')
           || (x >= '0' && x <= '9')
           || std::string_view{"-._~+/="}.find(x) != std::string_view::npos;
  });
}

void check_admin(const settings::admin_settings& admin, complaints& out) {
  if (admin.token.empty())
    return;
  if (admin.token == secret_mask)
    out.push_back({"admin.token: *** is what --print-config shows in place of "
                   "a token: write the token"});
  else if (admin.token.size() < admin_token_bytes_min)
    out.push_back({"admin.token has " + std::to_string(admin.token.size())
                   + " characters; it needs at least 16, as `openssl rand "
                     "-hex 16` makes"});
  else if (!is_bearer_token(admin.token))
    out.push_back({"admin.token may hold letters, digits and -._~+/= "
                   "(RFC 6750, 2.1)"});
}

void check_limits(const settings::limit_settings& limits, complaints& out) {
  if (limits.unsent_bytes < limits.message_bytes)
    out.push_back({"limits.unsent-bytes is below limits.message-bytes: the "
                   "largest message could reach nobody"});
}

void check_cluster(const settings::cluster_settings& cluster, complaints& out) {
  if (cluster.backoff_min > cluster.backoff_max)
    out.push_back({"cluster.backoff-min is above cluster.backoff-max"});
  if (cluster.peer_timeout <= cluster.beat)
    out.push_back({"cluster.peer-timeout has to be longer than cluster.beat: "
                   "peers would be lost between two beats"});
  if (!cluster.sentinel_user.empty() && cluster.sentinel_password.empty())
    out.push_back({"cluster.sentinel-user needs cluster.sentinel-password"});
  if (cluster.sentinel_password == secret_mask)
    out.push_back({"cluster.sentinel-password: *** is what --print-config "
                   "shows in place of a password: write the password"});
  // As `mask_password` writes it.
  if (cluster.redis.find(":***@") != std::string::npos)
    out.push_back({"cluster.redis: *** is what --print-config shows in place "
                   "of a password: write the password"});
}

void check_store(const settings& all, complaints& out) {
  if (!all.store.path.empty() && !all.cluster.redis.empty())
    out.push_back({"store.path is for a node alone: in a cluster "
                   "(cluster.redis) no node has the rooms for itself"});
}

} // namespace

setting_result<void> check_secret(std::string_view secret) {
  if (secret == secret_mask)
    return setting_error{"*** is what --print-config shows in place of a "
                         "secret: write the secret"};
  if (secret.size() < secret_bytes_min)
    return setting_error{"has " + std::to_string(secret.size())
                         + " bytes; a key for HS256 needs at least 32 "
                           "(RFC 7518, 3.2), as `openssl rand -hex 32` makes"};
  return {};
}

std::vector<setting_error> check(const settings& all) {
  complaints out;
  check_auth(all.auth, out);
  check_admin(all.admin, out);
  check_limits(all.limits, out);
  check_cluster(all.cluster, out);
  check_store(all, out);
  return out;
}

} // namespace greenroom
