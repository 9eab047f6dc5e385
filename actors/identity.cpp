#include "actors/identity.hpp"

#include <utility>

namespace greenroom::actors {

void identity::log_in(claims who) {
  user_id_ = std::move(who.user_id);
  info_json_ = std::move(who.info_json);
  expires_at_ = who.expires_at;
  rooms_ = std::move(who.rooms);
  anonymous_ = false;
}

void identity::log_in_anonymous(std::string user_id) {
  claims nobody;
  nobody.user_id = std::move(user_id);
  log_in(std::move(nobody));
  anonymous_ = true;
}

bool identity::renew(claims who, bool in_rooms) {
  bool may_become_another = anonymous_ && !named_ && !in_rooms;
  if (who.user_id != user_id_ && !may_become_another)
    return false;
  log_in(std::move(who));
  return true;
}

bool identity::claim_user_id(const std::optional<std::string>& wanted) {
  if (!wanted || *wanted == user_id_)
    return true;
  // Names that the node gives are no user's to take: what is sent `to` such a
  // connection would reach the thief, too.
  bool reserved = wanted->starts_with("c-") || wanted->starts_with("anon-");
  if (!anonymous_ || named_ || reserved)
    return false;
  user_id_ = *wanted;
  named_ = true;
  return true;
}

rights identity::in(const room_key& room, const settings& config) const {
  return rooms_ ? rooms_->in(room.id)
                : rights::from(config.of(room.name_space()).rights);
}

} // namespace greenroom::actors
