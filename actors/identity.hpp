#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/rights.hpp"
#include "core/room_key.hpp"
#include "core/settings.hpp"
#include "core/token.hpp"

namespace greenroom::actors {

/// Who a client is, and what its token lets it do [P-2].
class identity {
public:
  /// As a token says.
  void log_in(claims who);

  /// Without one: under a generated user id. Again, with another one, where the
  /// session is another.
  void log_in_anonymous(std::string user_id);

  /// Whether its user id is the generated one.
  [[nodiscard]] bool is_nameless() const { return anonymous_ && !named_; }

  /// A later token [P-2.4]. False: it is another user's, and nothing changes.
  /// Only an anonymous client that is in no room and took no name becomes
  /// somebody else.
  [[nodiscard]] bool renew(claims who, bool in_rooms);

  /// Whether the client may call itself so [P-3.2]: an anonymous one may choose
  /// its name, once.
  [[nodiscard]] bool claim_user_id(const std::optional<std::string>& wanted);

  [[nodiscard]] rights in(const room_key& room, const settings& config) const;

  [[nodiscard]] const std::string& user_id() const { return user_id_; }

  /// The token's `info` as JSON; empty: none.
  [[nodiscard]] const std::string& info_json() const { return info_json_; }

  /// Wall clock, milliseconds; nothing: never.
  [[nodiscard]] std::optional<std::int64_t> expires_at() const {
    return expires_at_;
  }

private:
  std::string user_id_;
  std::string info_json_;
  std::optional<std::int64_t> expires_at_;
  std::optional<room_rights> rooms_;
  bool anonymous_ = false;
  bool named_ = false; ///< An anonymous client has taken its own `userId`.
};

} // namespace greenroom::actors
